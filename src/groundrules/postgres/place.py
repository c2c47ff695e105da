"""Where the server of a clone keeps its data and its socket."""

import hashlib
import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from groundrules.postgres.process import Account, account
from groundrules.postgres.server import PostgresError

_ROOTS_HOME = Path("/var/lib/groundrules")


@dataclass(frozen=True)
class Place:
    """The folders of one clone's server; `sockets` is None where it listens on TCP."""

    folder: Path
    sockets: Path | None
    cache: Path
    account: Account

    @property
    def data(self) -> Path:
        """The folder of the databases, the server's own."""
        return self.folder / "data"

    @property
    def pid_file(self) -> Path:
        """The file that a running server keeps in its data."""
        return self.data / "postmaster.pid"

    @property
    def socket_lock(self) -> Path | None:
        """The file that a running server keeps beside its socket."""
        return self.sockets and self.sockets / ".s.PGSQL.5432.lock"

    @property
    def log(self) -> Path:
        """What the server wrote since it started."""
        return self.folder / "log"

    @property
    def lock(self) -> Path:
        """The file that whoever starts or stops the server holds."""
        return self.folder / "lock"

    @property
    def facts(self) -> Path:
        """The file that says how the server was started."""
        return self.folder / "server.json"

    @property
    def password(self) -> Path:
        """The file of the password of the tool's role."""
        return self.folder / "password"

    def make(self) -> None:
        """Make the folders that are missing; raise PostgresError where one is another user's."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.folder.parent == _ROOTS_HOME:  # whatever root's umask, the server must get in
            _ROOTS_HOME.chmod(0o755)
            self.folder.chmod(0o755)
        if self.sockets is not None and sys.platform != "win32":
            try:
                self.sockets.mkdir(mode=0o700)
                self.account.own(self.sockets)
            except FileExistsError:
                found = self.sockets.lstat()
                if found.st_uid == os.geteuid() and stat.S_ISDIR(found.st_mode):
                    self.account.own(self.sockets)  # another command has made it a moment ago
                self._check_sockets(self.sockets)

    def _check_sockets(self, sockets: Path) -> None:
        if sys.platform == "win32":
            return
        found = sockets.lstat()
        owner = self.account.uid if self.account.uid is not None else os.geteuid()
        group = 0o010 if os.geteuid() == found.st_gid == 0 else 0  # for sandboxes of root
        if (
            not stat.S_ISDIR(found.st_mode)
            or found.st_uid != owner
            or found.st_mode & 0o077 & ~group
        ):
            raise PostgresError(
                f"{sockets}, where PostgreSQL's socket belongs, is not a folder that only "
                "you can access: remove it."
            )


def place_of(root: Path) -> Place:
    """Return the place of the clone at `root`; raise PostgresError if root finds no user to run it as."""
    root = root.resolve()
    digest = hashlib.sha256(os.fsencode(root)).hexdigest()[:12]
    own = root / ".groundrules" / "postgres"
    if sys.platform == "win32":
        return Place(own, None, _cache(), account())
    if os.geteuid() == 0:
        # Nobody but root may be able to enter the clone or root's home, and PostgreSQL never runs as root.
        folder = _ROOTS_HOME / digest
        return Place(folder, folder / "run", _ROOTS_HOME, account())
    # The path of a socket has room for about 100 bytes, and that of a clone may be longer.
    return Place(own, Path(f"/tmp/groundrules-{os.geteuid()}-{digest}"), _cache(), account())


def _cache() -> Path:
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library/Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "groundrules"
