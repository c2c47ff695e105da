"""A private copy of one submission, with the application in it."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from groundrules.grade.applications import find_application
from groundrules.grade.digests import digest_of
from groundrules.grade.reader import Copy, copy_folder, unpack
from groundrules.grade.repositories import copy_repository
from groundrules.grade.submissions import ARCHIVES, is_repository

NESTED = 2  # archives in archives


class NothingHandedIn(Exception):
    """There is no file in what was handed in."""


@dataclass(frozen=True)
class Application:
    """An application that can be judged.

    :param folder: the folder that holds its `app` package.
    :param digest: of all files in that folder.
    :param commit: the commit that it is, if it comes from a repository.
    :param newest: the time of the newest file, in seconds since 1970, where the source has times.
    """

    folder: Path
    digest: str
    commit: str | None = None
    newest: float | None = None


def copy_application(
    source: Path | None, into: Path, deadline: datetime | None = None
) -> Application:
    """Copy a submission into a new folder and find the application in it.

    Raises `NothingHandedIn`, `reader.Broken` or `applications.NotFound`.
    """
    if source is None:
        raise NothingHandedIn
    into.mkdir(parents=True)
    copy = Copy(into / "files")
    copy.folder.mkdir()
    commit = None
    if is_repository(source) or (deadline is not None and (source / ".git").exists()):
        commit = copy_repository(source, copy, deadline)
    elif source.is_dir():
        copy_folder(source, copy)
    else:
        unpack(source, copy)
    folder = copy.folder
    for depth in range(NESTED):
        archive = _only_archive(folder)
        if archive is None:
            break
        folder = into / f"unpacked-{depth}"
        folder.mkdir()
        unpack(archive, Copy(folder))
    if not any(path.is_file() for path in folder.rglob("*")):
        raise NothingHandedIn
    found = find_application(folder)
    return Application(found, digest_of(found), commit, _newest(source) if commit is None else None)


def _only_archive(folder: Path) -> Path | None:
    """Return the one archive that a folder of a platform holds, if it holds nothing else to judge."""
    found = [path for path in folder.iterdir() if path.name.lower().endswith(ARCHIVES)]
    others = any(path.is_dir() or path.suffix == ".py" for path in folder.iterdir())
    return found[0] if len(found) == 1 and not others else None


def _newest(source: Path) -> float:
    if source.is_file():
        return source.stat().st_mtime
    times = [path.lstat().st_mtime for path in source.rglob("*.py")]
    return max(times, default=source.stat().st_mtime)
