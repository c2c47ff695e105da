"""One command at a time: a lock that the system lets go of when its holder dies."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from groundrules.course.steps import EXERCISES, CourseError

_PATIENCE = 10.0  # seconds; a command holds it for a moment


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file while the block runs; raise `CourseError` if another command never lets go."""
    path.parent.mkdir(exist_ok=True)
    with path.open("a") as file:
        deadline = time.monotonic() + _PATIENCE
        while not _lock(file):
            if time.monotonic() > deadline:
                raise CourseError(
                    f"Another command is changing {EXERCISES}/: try again when it has ended."
                )
            time.sleep(0.02)
        yield


if sys.platform == "win32":

    def _lock(file: IO[str]) -> bool:
        import msvcrt

        file.seek(0)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:

    def _lock(file: IO[str]) -> bool:
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
