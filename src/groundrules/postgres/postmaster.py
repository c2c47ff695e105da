"""A server's main process, as the lock files that it leaves describe it."""

import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from groundrules.postgres.process import command_line
from groundrules.postgres.server import PostgresError


@dataclass(frozen=True)
class Postmaster:
    """What a lock file says: the process, the data it holds, and the address it listens at."""

    pid: int
    data: Path
    port: int
    sockets: Path | None

    def runs(self) -> bool:
        """Whether that process still is a server of that data, and not another of the same number."""
        line = command_line(self.pid)
        return "postgres" in line and (sys.platform == "win32" or str(self.data.parent) in line)

    def is_reachable(self) -> bool:
        """Whether its socket is where it made it; who cleans up temporary files may have removed it."""
        return self.sockets is None or (self.sockets / f".s.PGSQL.{self.port}").exists()

    def holds(self, data: Path) -> bool:
        """Whether `data` is the very folder, not a copy of it."""
        try:
            return self.data.samefile(data)
        except OSError:
            return False

    def end(self) -> None:
        """Stop it, the harder the longer it takes; raise PostgresError if nothing helps."""
        for order, patience in (("INT", 15.0), ("QUIT", 5.0), ("KILL", 5.0)):
            self._send(order)
            deadline = time.monotonic() + patience
            while time.monotonic() < deadline:
                if not self.runs():
                    return
                time.sleep(0.02)
        raise PostgresError(
            f"PostgreSQL (process {self.pid}) does not stop: kill it yourself and try again."
        )

    def _send(self, order: str) -> None:
        try:
            if sys.platform == "win32":
                os.kill(self.pid, signal.SIGTERM)
            else:
                os.kill(self.pid, signal.Signals[f"SIG{order}"])
        except ProcessLookupError:
            return
        except PermissionError:
            raise PostgresError(
                f"PostgreSQL (process {self.pid}) belongs to another user, who must stop it."
            ) from None


def postmaster_of(lock_file: Path) -> Postmaster | None:
    """Return whom a `postmaster.pid` or a socket's lock file names; None if there is no such file."""
    try:
        lines = os.fsdecode(lock_file.read_bytes()).splitlines()
        sockets = Path(lines[4]) if len(lines) > 4 and lines[4] else None
        return Postmaster(int(lines[0]), Path(lines[1]), int(lines[3]), sockets)
    except (OSError, ValueError, IndexError):
        return None
