"""Keeping the process that decides apart from the folder that it judges.

pytest loads settings, conftests and modules from wherever it is started and from whatever `PYTHONPATH`
names. A run of a suite must have none of them from the folder that is judged: it begins again without them
where that is still possible, and refuses to judge where code of that folder may have run already.
"""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

from groundrules.course.steps import EXERCISES, CourseError, application_folder

STARTED_BY_PYTHON = ("sitecustomize", "usercustomize")


@dataclass(frozen=True)
class Judged:
    """What a run must not load anything from.

    :param root: the root of the course.
    :param working_folder: where pytest was started.
    :param named: the value of `--app`, if it was given.
    """

    root: Path
    working_folder: Path
    named: str | None

    @cached_property
    def folders(self) -> tuple[Path, ...]:
        """The folders that are judged, as absolute paths without links."""
        found = [*self.applications, self._path.resolve()]
        return tuple(
            dict.fromkeys(folder for folder in found if not self.root.is_relative_to(folder))
        )

    @cached_property
    def applications(self) -> tuple[Path, ...]:
        """The folder that holds the `app` package, if there is one."""
        try:
            return (application_folder(self._path),)
        except CourseError:  # whoever needs the application says so
            return ()

    def shown(self, path: Path) -> str:
        """Return a path as somebody in the working folder would type it."""
        relative = os.path.relpath(path, self.working_folder) if path.anchor else str(path)
        return min(relative, str(path), key=len)

    @property
    def _path(self) -> Path:
        return Path(self.working_folder, self.named) if self.named else self.root / EXERCISES

    def is_suite(self, path: Path) -> bool:
        """Whether a path is part of the steps, or a folder on the way to them."""
        steps = self.root / "steps"
        real = path.resolve()
        return real.is_relative_to(steps) or steps.is_relative_to(real)

    def holds(self, path: str | Path) -> bool:
        """Whether a path lies in a judged folder, or is one."""
        real = Path(os.path.realpath(self.working_folder / path))
        return any(real.is_relative_to(folder) for folder in self.folders)


def keep_apart(config: pytest.Config, judged: Judged) -> None:
    """Begin again if this process could load something of what it judges; return if it cannot.

    Raises `pytest.UsageError` if code of the judged folder may have run in this process already.
    """
    if any(judged.root.is_relative_to(folder) for folder in judged.applications):
        raise pytest.UsageError(
            f"The steps in {judged.root} belong to the folder that is checked: name the course's "
            f"own, as in pytest PATH/TO/COURSE/steps/01 --app={judged.root}"
        )
    folder = judged.shown(judged.folders[0]) if judged.folders else EXERCISES
    type_this = f"Type: pytest {judged.shown(judged.root / 'steps')}{os.sep}NN --app={folder}"
    foreign = next(_foreign_modules(judged), None)
    if foreign is not None:
        raise pytest.UsageError(
            f"Python has loaded {judged.shown(foreign)}, which is not part of the course, so no verdict of "
            f"this run could be trusted. Go to another folder. {type_this}"
        )
    if judged.holds(sys.prefix):
        raise pytest.UsageError(
            f"This Python is in {folder}, the folder that is checked: activate the environment "
            "of the course and try again."
        )
    hook = next(_startup_modules(judged), None)
    if hook is not None:
        raise pytest.UsageError(
            f"PYTHONPATH leads to {judged.shown(hook)}, which Python runs before anything else, so no "
            f"verdict of this run could be trusted: unset PYTHONPATH and try again. {type_this}"
        )
    settings = config.known_args_namespace.inifilename
    if settings is not None and judged.holds(settings):
        raise pytest.UsageError(
            f"{settings} is in the folder that is checked, whose settings are not used: "
            "leave out -c."
        )
    if _takes_other_settings(config, judged.root) or _would_load_from(judged):
        _begin_again(config, judged.root)


def must_be_apart(judged: Judged) -> None:
    """Raise `pytest.UsageError` if modules could be loaded from what is judged after all."""
    found = next((entry for entry in sys.path if judged.holds(entry or ".")), None)
    if found is not None:
        raise pytest.UsageError(
            f"The options put {judged.shown(Path(found))}, which is checked, on Python's path: "
            "leave them out."
        )


def _takes_other_settings(config: pytest.Config, root: Path) -> bool:
    """Whether pytest has taken its settings from elsewhere, such as the folder that is judged.

    It looks for them beside the paths typed, and does not know yet that the one after `--app` is none.
    """
    settings = root / "pyproject.toml"
    if config.known_args_namespace.inifilename is not None or not settings.is_file():
        return False
    return config.inipath is None or not config.inipath.samefile(settings)


def _would_load_from(judged: Judged) -> bool:
    """Whether Python's path leads into what is judged, or to the working folder outside of the course."""
    here = judged.working_folder.resolve()
    unknown = here if here != judged.root else None
    return any(
        judged.holds(entry or ".")
        or (unknown is not None and Path(entry or ".").resolve() == unknown)
        for entry in sys.path
    )


def _begin_again(config: pytest.Config, root: Path) -> None:
    """Replace this process by one that has the course's settings and nothing else on its path."""
    if sys.flags.isolated and not _takes_other_settings(config, root):
        return  # it is that one: what is on its path stands in the environment's own files
    again = [sys.executable, "-I", "-m", "pytest"]
    settings = root / "pyproject.toml"
    if config.known_args_namespace.inifilename is None and settings.is_file():
        again += ["-c", str(settings)]
    again += [str(argument) for argument in config.invocation_params.args]
    if sys.platform == "win32":
        raise SystemExit(subprocess.run(again, check=False).returncode)
    os.execv(sys.executable, again)


def _foreign_modules(judged: Judged) -> Iterator[Path]:
    """Yield the files of modules that came from what is judged or from the working folder."""
    suspected = [*judged.folders, judged.working_folder.resolve()]
    trusted: list[str | Path] = [
        sys.prefix,
        sys.base_prefix,
        sysconfig.get_path("stdlib"),
        Path(__file__).parents[2],
    ]
    real: dict[str, Path] = {}
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if not isinstance(file, str):
            continue
        folder, name = os.path.split(file)
        place = real.setdefault(folder, Path(os.path.realpath(folder)))
        if _within(place, suspected) and not _within(place, trusted):
            yield place / name


def _startup_modules(judged: Judged) -> Iterator[Path]:
    """Yield what Python has run at its start, by PYTHONPATH, from a judged folder."""
    entries = os.environ.get("PYTHONPATH", "")
    for entry in entries.split(os.pathsep) if entries else ():
        if judged.holds(entry or "."):
            for name in STARTED_BY_PYTHON:
                yield from sorted(Path(entry or ".").glob(f"{name}*"))


def _within(path: Path, folders: Iterable[str | Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def must_be_of_steps(judged: Judged, paths: Sequence[str]) -> None:
    """Raise `pytest.UsageError` for a path that is neither of the steps nor a folder that holds them.

    Other tests would run in the process that judges, with their conftests.
    """
    for path in paths:
        file = judged.working_folder / path.split("::", 1)[0]
        if file.exists() and not judged.is_suite(file):
            raise pytest.UsageError(
                f"{path} is not part of a step, and cannot be run together with one: "
                "name steps alone, as in pytest steps/01."
            )
