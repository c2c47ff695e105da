"""Which project some paths belong to: a file is checked as a part of all its package."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from groundrules.rules.findings import STALE, Report
from groundrules.rules.report.settings import read_settings
from groundrules.rules.source.files import CheckError, Package, find_package
from groundrules.rules.source.loading import files_of

_TOPS = ("pyproject.toml", ".git")


@dataclass(frozen=True)
class Target:
    """The folder to check, and the real paths of what is to be reported; None for all of it."""

    root: Path
    wanted: tuple[Path, ...] | None = None

    def only(self, report: Report) -> Report:
        """Return what a report says about the paths that were asked for, and about the baseline."""
        if self.wanted is None:
            return report
        read = [each for each in (*report.read, *report.broken) if self._is_wanted(each)]
        ignored = [str(each) for each in self.wanted if not self._is_read(each, report)]
        notes = [f"{os.path.relpath(each)} is not code of {report.package}." for each in ignored]
        return replace(
            report,
            files=len(read),
            unread=len([each for each in report.broken if self._is_wanted(each)]),
            findings=tuple(
                each for each in report.findings if each.rule == STALE or self._is_wanted(each.path)
            ),
            unused_ignores=tuple(
                each for each in report.unused_ignores if self._is_wanted(each.path)
            ),
            notes=(*report.notes, *notes),
        )

    def _is_wanted(self, path: str) -> bool:
        real = (self.root / path).resolve()
        return any(real.is_relative_to(each) for each in self.wanted or ())

    def _is_read(self, wanted: Path, report: Report) -> bool:
        files = (*report.read, *report.broken, "pyproject.toml")
        return any((self.root / each).resolve().is_relative_to(wanted) for each in files)


def target_of(paths: Sequence[Path], package: str | None) -> Target:
    """Return what to check for some paths; raise `CheckError` if they are of no one project."""
    if not paths:
        return Target(Path())
    for each in paths if len(paths) > 1 else ():
        if not each.exists():
            raise CheckError(f"{each} does not exist: name a file or a folder.")
    if len(paths) == 1 and not _is_part(paths[0], package):
        return Target(paths[0])
    wanted = tuple(each.resolve() for each in paths)
    common = Path(os.path.commonpath(wanted))
    common = common.parent if common.is_file() else common
    read_settings(common)  # what is wrong with them is not that no package is found
    found = {folder: _package_in(folder, package) for folder in _candidates(common)}
    for folder, package_there in found.items():
        if package_there is not None and _holds_any(package_there, wanted):
            return Target(Path(os.path.relpath(folder)), wanted)
    if len(paths) == 1 and paths[0].is_dir():
        return Target(paths[0])
    for folder, package_there in found.items():
        if package_there is not None:
            return Target(Path(os.path.relpath(folder)), wanted)
    raise CheckError(
        f"No package with FastAPI code at or above {os.path.relpath(common)}: name the folder of the "
        "project, or use --package NAME."
    )


def _is_part(path: Path, package: str | None) -> bool:
    """Whether a path is a file of code, a package that lies in another one, or a folder without a package."""
    if path.is_dir():
        real = path.resolve()
        if any((real / name).exists() for name in _TOPS):
            return False
        is_inner = (real / "__init__.py").is_file() and (real.parent / "__init__.py").is_file()
        return is_inner or _package_in(path, package) is None
    return path.suffix in (".py", ".toml") and path.is_file()


def _candidates(common: Path) -> list[Path]:
    """Return the folders that may be the one to check, the outermost first: that of the project."""
    above = [common, *common.parents]
    tops = [each for each in above if any((each / name).exists() for name in _TOPS)]
    if not tops:
        tops = [each for each in above if each == Path.cwd().resolve()]
    top = tops[0] if tops else next(each for each in above if not (each / "__init__.py").exists())
    return above[: above.index(top) + 1][::-1]


def _package_in(folder: Path, name: str | None) -> Package | None:
    try:
        return find_package(folder, name or read_settings(folder).package)
    except CheckError:
        return None


def _holds_any(package: Package, wanted: Sequence[Path]) -> bool:
    inside = package.folder.resolve()
    if any(each.is_relative_to(inside) or inside.is_relative_to(each) for each in wanted):
        return True
    read = {each.resolve() for each in files_of(package)}
    return any(each in read or each.name == "pyproject.toml" for each in wanted)
