"""Locks that the system lets go of when their holder dies."""

import sys
from typing import IO

if sys.platform == "win32":

    def try_lock(file: IO[str]) -> bool:
        """Lock an open file for this process; return whether nobody else holds it."""
        import msvcrt

        file.seek(0)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:

    def try_lock(file: IO[str]) -> bool:
        """Lock an open file for this process; return whether nobody else holds it."""
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
