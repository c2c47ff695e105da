"""Reading files of a folder that is somebody else's, where nothing is taken for what its name says.

A pipe would block for ever, a device never ends, and a link may lead to a file that is none of the reader's
business.
"""

import errno
import os
import stat
from pathlib import Path

from groundrules.worker.protocol import readable

FILE_LIMIT = 1 << 20  # bytes of one file


class Unreadable(Exception):
    """Something in the judged folder cannot be read as source; the text is one sentence that says what."""


def read_source(folder: Path, path: Path) -> bytes:
    """Return what a file below `folder` holds; raise `Unreadable` if it is no ordinary file of source."""
    real, root = path.resolve(), folder.resolve()
    if not real.is_relative_to(root):
        raise Unreadable(
            f"{shown(folder, path)} is a link that leads out of the folder: replace it with the "
            "file itself."
        )
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(real, flags)
    except OSError as error:
        raise Unreadable(why_unreadable(folder, path, error)) from None
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable(
                f"{shown(folder, path)} is not a regular file: delete it, or replace it with one."
            )
        content = file.read(FILE_LIMIT + 1) if status.st_size <= FILE_LIMIT else b""
        if status.st_size > FILE_LIMIT or len(content) > FILE_LIMIT:
            raise Unreadable(
                f"{shown(folder, path)} is larger than 1 MiB, the limit for a source file: move "
                "files that are not source code out of the package."
            )
    return content


def why_unreadable(folder: Path, path: Path, error: OSError) -> str:
    """Return the sentence for a file below `folder` that the system does not let one read."""
    name = shown(folder, path)
    if error.errno == errno.ENOENT:
        return (
            f"{name} is a link to a file that does not exist: delete it, or replace it with "
            "the file."
        )
    if error.errno == errno.ELOOP:
        return f"{name} is a link that leads back to itself: delete it."
    reason = (error.strerror or str(error)).lower()
    return f"{name} cannot be read ({reason}): check its permissions."


def shown(folder: Path, path: Path) -> str:
    """Return a path below `folder` as a terminal can show it, relative to the folder."""
    root = folder.resolve()
    inside = path.relative_to(root) if path.is_relative_to(root) else path
    return readable(inside.as_posix()).replace("\n", "\ufffd")
