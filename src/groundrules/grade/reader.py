"""Private copies of what people handed in, made by a reader that trusts no name, size or link.

What is copied are ordinary files, in limited number and size. In the application's own folders anything else
is refused, since it would be missed; elsewhere it is left out.
"""

import lzma
import os
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from groundrules.terminal import harmless

ENTRIES_LIMIT = 20_000
FILE_LIMIT = 8 << 20  # bytes
TOTAL_LIMIT = 128 << 20  # bytes
DEPTH_LIMIT = 20
LEFT_OUT = (
    *("__pycache__", "__MACOSX", ".git", ".hg", ".svn", ".venv", "venv", "env", "node_modules"),
    *(".tox", ".nox", ".idea", ".vscode", ".DS_Store", ".groundrules"),
)
NEEDED = ("app", "migrations")  # what must be whole


class Broken(Exception):
    """What was handed in cannot be read; the text is one sentence that says why."""


@dataclass
class Copy:
    """A copy that is being made.

    :param folder: where it is.
    """

    folder: Path
    entries: int = 0
    size: int = 0

    def add(self, name: str, source: IO[bytes]) -> None:
        """Copy a file to `name`, a path with slashes; raise `Broken` if there is too much of it."""
        self.count()
        path = self.folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as target:
                written = 0
                while block := source.read(1 << 16):
                    written += len(block)
                    self.size += len(block)
                    if written > FILE_LIMIT:
                        raise Broken(
                            f"{shown(name)} is larger than {FILE_LIMIT >> 20} MiB: leave out large files."
                        )
                    if self.size > TOTAL_LIMIT:
                        raise Broken(
                            f"It contains more than {TOTAL_LIMIT >> 20} MiB: leave out large files."
                        )
                    target.write(block)
        except FileExistsError:
            raise Broken(f"{shown(name)} is there twice: hand it in once.") from None
        except (NotADirectoryError, IsADirectoryError):
            raise Broken(f"{shown(name)} is a file and a folder at once.") from None

    def count(self) -> None:
        """Count an entry; raise `Broken` if there are too many."""
        self.entries += 1
        if self.entries > ENTRIES_LIMIT:
            raise Broken(
                f"It contains more than {ENTRIES_LIMIT:,} files: leave out what tools have made."
            )


def is_left_out(parts: tuple[str, ...]) -> bool:
    """Whether a path is one of what tools make, which is not copied."""
    return any(
        part in LEFT_OUT or part.endswith((".pyc", "_cache", ".egg-info")) or part.startswith("._")
        for part in parts
    )


def copy_folder(source: Path, copy: Copy) -> None:
    """Copy the files below a folder; raise `Broken` for what cannot be copied."""
    root = source.resolve()
    for path, parts in _walk(root):
        name = "/".join(parts)
        real = Path(os.path.realpath(path)) if path.is_symlink() else path
        if not real.is_relative_to(root):
            _miss(parts, "is a link that leads out of the folder")
            continue
        _add_file(copy, name, real, parts)


def _walk(root: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Yield all files, with their paths below the root; links to folders are not followed."""
    waiting: list[tuple[str, ...]] = [()]
    seen = 0
    while waiting:
        here = waiting.pop()
        if len(here) > DEPTH_LIMIT:
            raise Broken(f"{shown('/'.join(here[:3]))} contains folders in folders without end.")
        for entry in sorted(os.scandir(root.joinpath(*here)), key=lambda each: each.name):
            parts = (*here, entry.name)
            seen += 1
            if seen > 2 * ENTRIES_LIMIT:
                raise Broken(f"It contains more than {ENTRIES_LIMIT:,} files.")
            if is_left_out((entry.name,)):
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append(parts)
            elif entry.is_symlink() and Path(entry.path).is_dir():
                inside = Path(entry.path).resolve().is_relative_to(root)
                way = "" if inside else " that leads out of the folder"
                _miss(parts, f"is a link to a folder{way}")
            else:
                yield Path(entry.path), parts


def _add_file(copy: Copy, name: str, path: Path, parts: tuple[str, ...]) -> None:
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
    flags |= getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        _miss(parts, f"cannot be read ({(error.strerror or str(error)).lower()})")
        return
    with os.fdopen(descriptor, "rb") as file:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            copy.add(name, file)
        else:
            _miss(parts, "is not a regular file")


def _miss(parts: tuple[str, ...], why: str) -> None:
    """Leave something out, unless the application needs it."""
    if any(part in NEEDED for part in parts):
        raise Broken(f"{shown('/'.join(parts))} {why}: replace it with the files themselves.")


def unpack(archive: Path, copy: Copy) -> None:
    """Copy the files of an archive; raise `Broken` if it is none, or would write elsewhere."""
    try:
        if zipfile.is_zipfile(archive):
            _unpack_zip(archive, copy)
        else:
            with tarfile.open(archive) as tar:
                unpack_tar(tar, copy)
    except tarfile.ReadError:
        raise Broken(
            "The archive is neither zip nor tar, or is damaged: hand in a .zip file."
        ) from None
    except (
        *(zipfile.BadZipFile, tarfile.TarError, EOFError, NotImplementedError, RuntimeError),
        *(ValueError, OSError, zlib.error, lzma.LZMAError),
    ) as error:
        why = " ".join(str(error).split()) or type(error).__name__
        raise Broken(f"The archive cannot be unpacked ({harmless(why)[:120]}).") from None


def _unpack_zip(archive: Path, copy: Copy) -> None:
    with zipfile.ZipFile(archive) as file:
        for member in file.infolist():
            parts = _parts(member.filename)
            mode = member.external_attr >> 16
            if member.is_dir() or member.filename.endswith("\\") or is_left_out(parts):
                copy.count()
            elif stat.S_IFMT(mode) not in (0, stat.S_IFREG):
                _miss(parts, "is a link or a device")
            elif member.flag_bits & 1:
                raise Broken("The archive is encrypted: hand in one without a password.")
            else:
                with file.open(member) as source:
                    copy.add("/".join(parts), source)


def unpack_tar(tar: tarfile.TarFile, copy: Copy) -> None:
    """Copy the files of a tar archive."""
    for member in tar:
        parts = _parts(member.name)
        if member.isdir() or not parts or is_left_out(parts):
            copy.count()
            continue
        source = tar.extractfile(member) if member.isreg() else None
        if source is None:
            _miss(parts, "is a link or a device")
        else:
            copy.add("/".join(parts), source)


def _parts(name: str) -> tuple[str, ...]:
    """Return the parts of a name in an archive; raise `Broken` if it leads out of it."""
    path = PurePosixPath(name.replace("\\", "/"))
    parts = tuple(part for part in path.parts if part != ".")
    drive = len(name) > 1 and name[1] == ":"
    if path.is_absolute() or drive or ".." in parts or "\0" in name:
        raise Broken(f"The archive contains {shown(name)}, which would be written outside of it.")
    if len(parts) > DEPTH_LIMIT:
        raise Broken(f"{shown('/'.join(parts[:3]))} contains folders in folders without end.")
    return parts


def shown(name: str) -> str:
    """Return a path of somebody else's as it can be shown."""
    text = harmless(name)
    return text if len(text) <= 100 else f"{text[:60]}…{text[-30:]}"


def delete(folder: Path) -> None:
    """Delete a copy, whatever is in it."""
    shutil.rmtree(folder, ignore_errors=True)
