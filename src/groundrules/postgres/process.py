"""Processes and files as PostgreSQL wants them: never as root, and one start at a time."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from groundrules.locks import try_lock
from groundrules.postgres.server import PostgresError

Say = Callable[[str], None]
_PATIENCE = 120.0


UMASK = -1 if sys.platform == "win32" else 0o022  # what root makes must be readable to the server


@dataclass(frozen=True)
class Account:
    """The user that PostgreSQL runs as; `uid` is None for the one who runs this."""

    uid: int | None = None
    gid: int | None = None

    def run(self, command: Sequence[str | Path], cwd: Path, text: str = "") -> tuple[int, str]:
        """Run a program to its end; return its exit status and all that it wrote."""
        done = subprocess.run(
            command,
            cwd=cwd,
            input=text,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            check=False,
            user=self.uid,
            group=self.gid,
            extra_groups=None if self.uid is None else [],
            umask=UMASK,
        )
        return done.returncode, done.stdout

    def spawn(self, command: Sequence[str | Path], cwd: Path, log: int) -> int:
        """Start a program that outlives this one and is no child of it; return its process id.

        As a child it would stay a zombie once it is killed, and PostgreSQL takes a zombie for a server.
        """
        done = subprocess.run(
            ["/bin/sh", "-c", '"$@" >&2 & echo $!', "sh", *command],
            cwd=cwd,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
            check=True,
            user=self.uid,
            group=self.gid,
            extra_groups=None if self.uid is None else [],
            umask=UMASK,
        )
        return int(done.stdout)

    def own(self, path: Path) -> None:
        """Give a file or folder to this user."""
        if self.uid is not None and self.gid is not None and sys.platform != "win32":
            os.chown(path, self.uid, self.gid)


def account() -> Account:
    """Return whom to run PostgreSQL as: an unprivileged user in place of root.

    Raises PostgresError if root finds no such user.
    """
    if sys.platform == "win32" or os.geteuid() != 0:
        return Account()
    import pwd

    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise PostgresError(
        "PostgreSQL does not run as root, and this machine has no user postgres or nobody to run it as: "
        "work as an ordinary user."
    )


def environment() -> dict[str, str]:
    """Return the environment for PostgreSQL's programs: nothing that changes what they do or say."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "LC_", "LANG"))}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}


def command_line(pid: int) -> str:
    """Return the command line of a process, empty if there is no such process or it is a zombie.

    On Windows it is the name of the program that stands for it.
    """
    if sys.platform == "win32":
        tasks = ["tasklist", "/nh", "/fo", "csv", "/fi", f"PID eq {pid}"]
        return subprocess.run(tasks, capture_output=True, text=True, check=False).stdout
    if Path("/proc/self/cmdline").exists():
        try:
            raw = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return ""
        return os.fsdecode(raw.replace(b"\0", b" "))
    done = subprocess.run(
        ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)],
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        check=False,
    )
    return done.stdout


@contextmanager
def locked(path: Path, say: Say) -> Iterator[None]:
    """Hold the lock file while the block runs; raise PostgresError if another process never lets go."""
    with path.open("a") as file:
        deadline = time.monotonic() + _PATIENCE
        told = False
        while not try_lock(file):
            if not told:
                say("Another command is starting or stopping PostgreSQL. Waiting for it.")
                told = True
            if time.monotonic() > deadline:
                raise PostgresError(
                    f"Another command has held {path} for {_PATIENCE:.0f} seconds: stop it "
                    "and try again."
                )
            time.sleep(0.05)
        yield
