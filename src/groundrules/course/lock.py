"""One command at a time."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from groundrules.course.steps import EXERCISES, CourseError
from groundrules.locks import try_lock

_PATIENCE = 10.0  # seconds; a command holds it for a moment


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file while the block runs; raise `CourseError` if another command never lets go."""
    path.parent.mkdir(exist_ok=True)
    with path.open("a") as file:
        deadline = time.monotonic() + _PATIENCE
        while not try_lock(file):
            if time.monotonic() > deadline:
                raise CourseError(
                    f"Another command is changing {EXERCISES}/: try again when it has finished."
                )
            time.sleep(0.02)
        yield
