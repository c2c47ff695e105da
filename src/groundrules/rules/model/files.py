"""Finds a project's application package and the files in it."""

import errno
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from groundrules.rules.findings import CheckError

_NOT_APPLICATION = frozenset(
    {"tests", "test", "migrations", "alembic", "venv", "env", "site-packages", "node_modules"}
)
_TEST_FILE = re.compile(r"test_.*\.py|.*_test\.py|tests\.py|conftest\.py")
_REVISIONS = "script.py.mako"  # Alembic's, in the folder that holds a project's migrations
_FASTAPI = re.compile(rb"^[ \t]*(?:from|import)[ \t]+fastapi\b", re.MULTILINE)

_IMPORT = re.compile(rb"^[ \t]*(?:from|import)[ \t]+(\w+)", re.MULTILINE)


@dataclass(frozen=True)
class Package:
    """An application package.

    :param root: the folder that is checked; findings' paths are relative to it.
    :param imports: the folder from which its modules are imported.
    """

    name: str
    folder: Path
    root: Path
    imports: Path


def find_package(path: Path, name: str | None = None) -> Package:
    """Return the application package in `path`, or that `path` is.

    Raises `CheckError` if there is none, or several and `name` does not say which.
    """
    if not path.exists():
        raise CheckError(f"{path} does not exist: name the folder that holds the package.")
    if not path.is_dir():
        raise CheckError(f"{path} is not a folder: name the one that holds the package.")
    if name:
        return _named(path, name)
    for holder in (path, path / "src"):
        if _has_python(holder / "app"):
            return Package("app", holder / "app", path, holder)
    here = path.resolve()
    if (path / "__init__.py").is_file() or (here.name == "app" and _has_python(path)):
        return Package(here.name, path, path.parent if path.name else here.parent, here.parent)
    return _by_content(path)


def python_files(folder: Path, *, every: bool = False) -> Iterator[Path]:
    """Yield the files of application code below `folder`; each folder is read once.

    A folder that a link leads to is read where it lies, if that is below `folder` too.

    :param every: whether tests, migrations and whatever else has `.py` at its end count as well.
    """
    seen, starts = set[str](), [os.fspath(folder)]
    for start in starts:
        for current, folders, files in os.walk(start):
            real = os.path.realpath(current)
            if real in seen or (_REVISIONS in files and not every):
                folders.clear()
                continue
            seen.add(real)
            here = Path(current)
            folders[:] = sorted(each for each in folders if every or _is_application(here, each))
            for link in (here / each for each in folders if (here / each).is_symlink()):
                if not _leads_up(link, real):
                    starts.append(os.fspath(link))
                elif every:
                    yield link  # no file: so it is said, and nothing behind it is overlooked
            for file in sorted(files):
                if file.endswith(".py") and (every or not _TEST_FILE.fullmatch(file)):
                    yield here / file


def read_bytes(file: Path) -> bytes:
    """Return what a file holds; raise `OSError`, also for a pipe, which would block for ever."""
    if not stat.S_ISREG(file.stat().st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file")
    with file.open("rb", buffering=0) as stream:
        return stream.read()


def _named(path: Path, name: str) -> Package:
    folder_name = name.replace(".", "/")
    for holder in (path, path / "src"):
        if name == "src" and (holder / name).is_dir():
            return _package(holder / name, path)
        if (holder / folder_name).is_dir():
            return Package(name, holder / folder_name, path, holder)
    here = path.resolve()
    if here.name == name:
        return Package(name, path, path.parent if path.name else here.parent, here.parent)
    raise CheckError(f"There is no package {name} in {path}: name one of its folders.")


def _package(folder: Path, root: Path) -> Package:
    """Return the package that a folder is or, if its code never names it, that it holds."""
    named = any(folder.name in imported_tops(file) for file in python_files(folder))
    if named:
        return Package(folder.name, folder, root, folder.parent)
    if (folder / "__init__.py").is_file():
        on_path = folder.name == "src"
        return Package(folder.name, folder, root, folder if on_path else folder.parent)
    try:
        inner = find_package(folder)
    except CheckError:
        return Package(folder.name, folder, root, folder.parent)
    return Package(inner.name, inner.folder, root, inner.imports)


def _by_content(path: Path) -> Package:
    candidates = []
    for holder in (path, path / "src"):
        if not holder.is_dir() or (holder != path and (holder / "__init__.py").is_file()):
            continue
        for folder in sorted(holder.iterdir()):
            if _is_candidate(folder, path) and any(map(mentions_fastapi, python_files(folder))):
                candidates.append(_package(folder, path))
    proper = any((each.folder / "__init__.py").is_file() for each in candidates)
    if not proper and any(map(mentions_fastapi, modules_in(path))):
        return Package(path.resolve().name, path, path, path)
    chosen = [each for each in candidates if (each.folder / "__init__.py").is_file()] or candidates
    if len(chosen) == 1:
        return chosen[0]
    if chosen:
        names = ", ".join(each.name for each in chosen)
        raise CheckError(
            f"{path} holds several packages with FastAPI code: {names}. Say which with --package NAME."
        )
    raise CheckError(
        f"No package with FastAPI code in {path}: name the folder that holds it, or use --package NAME."
    )


def _is_candidate(folder: Path, path: Path) -> bool:
    is_source = folder == path / "src" and not (folder / "__init__.py").is_file()
    named_well = folder.name.isidentifier() and not is_source
    return folder.is_dir() and named_well and _is_application(folder.parent, folder.name)


def modules_in(folder: Path, *, every: bool = False) -> list[Path]:
    """Return the files of application code that lie in a folder itself, not below it."""
    names = (file for file in folder.glob("*.py") if every or not is_test(file))
    return sorted(file for file in names if file.is_file())


def packages_in(folder: Path, *, every: bool = False) -> list[Path]:
    """Return the folders of application code in a folder that have an `__init__.py`.

    :param every: whether all folders count, whatever is in them.
    """
    if every:
        return sorted(each for each in folder.iterdir() if each.is_dir())
    inits = folder.glob("*/__init__.py")
    return sorted(each.parent for each in inits if _is_application(folder, each.parent.name))


def is_test(file: Path) -> bool:
    """Whether a file is named as tests are."""
    return _TEST_FILE.fullmatch(file.name) is not None


def mentions_fastapi(file: Path) -> bool:
    """Whether a file has an import of FastAPI in it; False if it cannot be read."""
    return _FASTAPI.search(_content(file)) is not None


def imported_tops(file: Path) -> set[str]:
    """Return the first parts of the absolute names that a file seems to import."""
    return {name.decode("ascii", "replace") for name in _IMPORT.findall(_content(file))}


def _content(file: Path) -> bytes:
    try:
        return read_bytes(file)
    except OSError:
        return b""


def _is_application(holder: Path, name: str) -> bool:
    if name in _NOT_APPLICATION or name.startswith((".", "__pycache__")):
        return False
    return not (holder / name / "pyvenv.cfg").exists()


def _leads_up(link: Path, real: str) -> bool:
    """Whether a link leads to the folder that it lies in, or to one above."""
    return Path(real).is_relative_to(os.path.realpath(link))


def _has_python(folder: Path) -> bool:
    return folder.is_dir() and next(python_files(folder), None) is not None
