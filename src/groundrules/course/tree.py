"""A folder as it stands: what is in it, copied and brought back exactly.

A link is copied as a link and never followed. What tools leave behind, a repository's `.git` and what is
neither file, folder nor link are left alone: neither copied nor changed.
"""

import errno
import os
import shutil
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from pathlib import Path

from groundrules.course.states import is_left_over
from groundrules.course.steps import CourseError
from groundrules.terminal import harmless

FRESH = ".groundrules-new"  # where a file is written before it gets its name


class Kind(Enum):
    """What stands at a path."""

    FILE = "a file"
    FOLDER = "a folder"
    LINK = "a link"
    OTHER = "neither a file nor a folder"


def kind_of(path: Path) -> Kind | None:
    """Return what stands at a path; None if nothing does."""
    try:
        mode = path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISLNK(mode):
        return Kind.LINK
    if stat.S_ISDIR(mode):
        return Kind.FOLDER
    return Kind.FILE if stat.S_ISREG(mode) else Kind.OTHER


def tree_of(folder: Path) -> dict[str, Kind]:
    """Return what is below a folder, by its path, without what is left alone."""
    return dict(_walk(folder, "")) if kind_of(folder) is not None else {}


def _walk(folder: Path, within: str) -> Iterator[tuple[str, Kind]]:
    for name in sorted(path.name for path in folder.iterdir()):
        kind = kind_of(folder / name)
        if kind in (None, Kind.OTHER) or _is_left_alone(name):
            continue
        assert kind is not None
        yield within + name, kind
        if kind is Kind.FOLDER:
            yield from _walk(folder / name, f"{within}{name}/")


def _is_left_alone(name: str) -> bool:
    return is_left_over(name) or name == FRESH


def copy_tree(source: Path, target: Path) -> None:
    """Copy what is below a folder into a new one."""
    target.mkdir(parents=True)
    bring(tree_of(source), source, target)


def differences(folder: Path, wanted: Path) -> list[str]:
    """Return the paths at which two folders differ, in content, mode or time."""
    paths = tree_of(folder).keys() | tree_of(wanted).keys()
    return sorted(path for path in paths if not _is_exactly(folder / path, wanted / path))


def bring(paths: Iterable[str], source: Path, folder: Path) -> None:
    """Make each path in `folder` what it is in `source`, where there may be nothing.

    Each is whole, the old or the new, whenever this is cut short, and it can then be done again.
    """
    ordered = sorted(paths)
    for path in reversed(ordered):  # a folder's content goes before the folder
        if kind_of(folder / path) is not kind_of(source / path):
            _remove(folder / path)
    for path in ordered:
        if kind_of(source / path) is Kind.FOLDER:
            (folder / path).mkdir(exist_ok=True)
        elif kind_of(source / path) is not None:
            _put(source / path, folder / path, folder / FRESH)
    for path in reversed(ordered):  # last, since a folder may be read-only
        if kind_of(source / path) is Kind.FOLDER:
            shutil.copystat(source / path, folder / path)


def _remove(path: Path) -> None:
    if kind_of(path) is not Kind.FOLDER:
        path.unlink(missing_ok=True)
        return
    try:
        path.rmdir()
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise  # otherwise something in it is left alone


def _put(source: Path, target: Path, fresh: Path) -> None:
    if _is_exactly(source, target):
        return
    fresh.unlink(missing_ok=True)
    try:
        shutil.copy2(source, fresh, follow_symlinks=False)
        if kind_of(fresh) is Kind.FILE:
            _write_through(fresh)
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)


def _write_through(path: Path) -> None:
    """Have the disk hold a file before it gets its name, so that a power cut leaves no empty one."""
    if sys.platform != "win32":  # there it needs a file that can be written
        with path.open("rb") as file:
            os.fsync(file.fileno())


def is_like(one: Path, other: Path) -> bool:
    """Whether the same stands at two paths, whatever its mode and times."""
    kind = kind_of(one)
    if kind is not kind_of(other):
        return False
    if kind is Kind.LINK:
        return one.readlink() == other.readlink()
    return kind is not Kind.FILE or _have_same_content(one, other)


def _is_exactly(one: Path, other: Path) -> bool:
    if not is_like(one, other):
        return False
    if kind_of(one) not in (Kind.FILE, Kind.FOLDER):
        return True
    first, second = one.stat(), other.stat()
    if first.st_mode != second.st_mode:
        return False
    return kind_of(one) is Kind.FOLDER or first.st_mtime_ns == second.st_mtime_ns


def _have_same_content(one: Path, other: Path) -> bool:
    if one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as first, other.open("rb") as second:
        while block := first.read(1 << 20):
            if block != second.read(1 << 20):
                return False
    return True


def refuse_what_cannot_be_changed(folder: Path, changes: Mapping[str, Kind | None]) -> None:
    """Raise `CourseError` where a path cannot become what it is to be; None is for nothing."""
    for path, then in changes.items():
        now = kind_of(folder / path)
        place = shown(folder / path)
        if now is Kind.OTHER:
            raise CourseError(f"{place} is {now.value}: move it out of {folder.name}/ first.")
        if now is Kind.FILE and not _is_writable(folder / path):
            raise CourseError(
                f"{place} is read-only, so nothing was changed: make it writable and try again."
            )
        parent = _first_that_is_there((folder / path).parent)
        if not (now is then is Kind.FOLDER) and not _is_writable(parent):
            raise CourseError(
                f"{shown(parent)} is read-only, so nothing was changed: make it writable and try again."
            )
        if now is Kind.FOLDER and then in (Kind.FILE, Kind.LINK):
            for name in _left_alone_in(folder / path):
                raise CourseError(
                    f"{place} has to be replaced by {then.value}, but {name} is in it: move that "
                    "elsewhere first."
                )


def _is_writable(path: Path) -> bool:
    return bool(path.stat().st_mode & stat.S_IWUSR) and os.access(path, os.W_OK)


def _first_that_is_there(folder: Path) -> Path:
    return folder if kind_of(folder) is not None else _first_that_is_there(folder.parent)


def _left_alone_in(folder: Path) -> Iterator[str]:
    for root, folders, files in os.walk(folder):
        yield from (
            harmless(name)
            for name in (*folders, *files)
            if _is_left_alone(name) or kind_of(Path(root, name)) is Kind.OTHER
        )


def delete(folder: Path) -> None:
    """Delete a folder and what is in it, read-only folders too."""
    for root, _, _ in os.walk(folder):  # a parent comes before what is in it
        Path(root).chmod(stat.S_IRWXU)
    shutil.rmtree(folder)


def shown(path: Path) -> str:
    """Return a path as it is typed from the working folder, safe to print."""
    return harmless(os.path.relpath(path))
