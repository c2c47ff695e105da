"""The judged source, read once: what is judged is what was there before any of it ran."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from groundrules.worker.source import FILE_LIMIT, Unreadable, read_source, shown, why_unreadable

TOTAL_LIMIT = 32 << 20  # bytes of all files
ENTRIES_LIMIT = 5_000  # files and folders
FOLDERS = ("app", "migrations")
SUFFIXES = (".py", ".toml", ".ini", ".cfg", ".mako")
LEFT_OVER = ("__pycache__", ".git", ".venv", "venv")


@dataclass(frozen=True)
class Snapshot:
    """A copy of the source of one application.

    :param original: the folder that holds the `app` package that is judged.
    :param folder: the copy, with `app` in it; no links, and no more than source files.
    :param problem: what could not be read; the copy is not whole then.
    """

    original: Path
    folder: Path
    problem: Unreadable | None = None

    def is_current(self) -> bool:
        """Whether the folder still holds what was read."""
        try:
            found = dict(_contents(self.original))
        except (Unreadable, OSError):
            return False
        kept = {
            path.relative_to(self.folder): path for path in self.folder.rglob("*") if path.is_file()
        }
        return found.keys() == kept.keys() and all(
            kept[inside].read_bytes() == content for inside, content in found.items()
        )

    def close(self) -> None:
        """Delete the copy."""
        shutil.rmtree(self.folder, ignore_errors=True)


def take_snapshot(folder: Path) -> Snapshot:
    """Copy the source of the application in `folder` to a temporary folder of its own."""
    into = Path(tempfile.mkdtemp(prefix="groundrules-source-"))
    try:
        for inside, content in _contents(folder):
            target = into / inside
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        for other in folder.iterdir():  # what lies beside `app` may be imported too
            if other.is_dir() and not other.name.startswith("."):
                (into / other.name).mkdir(exist_ok=True)
    except Unreadable as problem:
        return Snapshot(folder, into, problem)
    except OSError as error:
        why = why_unreadable(folder, Path(error.filename or folder), error)
        return Snapshot(folder, into, Unreadable(why))
    return Snapshot(folder, into)


def _contents(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Yield what each file of source holds, by its path relative to the folder."""
    root = folder.resolve()
    for path in _sources(root):
        yield path.relative_to(root), read_source(folder, path)


def _sources(root: Path) -> Iterator[Path]:
    """Yield the files of source of the application in `root`, with the links that lead to them."""
    entries, size = 0, 0
    waiting = [root]
    seen: set[Path] = set()
    while waiting:
        here = waiting.pop()
        real = here.resolve()
        if not real.is_relative_to(root):
            raise Unreadable(
                f"{shown(root, here)} is a link that leads out of the folder: replace it with "
                "the folder itself."
            )
        if real in seen:
            continue
        seen.add(real)
        for entry in sorted(os.scandir(here), key=lambda each: each.name):
            path = here / entry.name
            entries += 1
            if entries > ENTRIES_LIMIT or size > TOTAL_LIMIT:
                raise Unreadable(
                    f"The folder contains more than {ENTRIES_LIMIT:,} files or "
                    f"{TOTAL_LIMIT >> 20} MiB: leave only the application in it."
                )
            if entry.is_dir():
                if (here == root and entry.name not in FOLDERS) or entry.name in LEFT_OVER:
                    continue
                waiting.append(path)
            elif entry.name.endswith(SUFFIXES) and not _is_lock_of_an_editor(entry):
                if here == root and entry.name.endswith(".py"):
                    continue  # no part of the application
                size += min(entry.stat(follow_symlinks=False).st_size, FILE_LIMIT)
                yield path


def _is_lock_of_an_editor(entry: os.DirEntry[str]) -> bool:
    """Whether it is a link to nothing by which Emacs says that a file is being edited."""
    return entry.name.startswith(".#") and entry.is_symlink() and not Path(entry.path).exists()
