"""A fork server that runs of several processes share.

Who starts one writes a file that says where it listens; who starts workers looks whether that file speaks of
a server with the same Python, libraries and worker, and otherwise starts one of its own. The file is readable
by its owner alone, since whoever knows the token in it can have code run: judged code cannot read it.
"""

import hashlib
import json
import os
import secrets
import shutil
import socket
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from groundrules.worker.launcher import ALL, ForkServer

VARIABLE = "GROUNDRULES_WARM"  # names another file than that of the clone
CONNECT_LIMIT = 1.0  # seconds


def file_of(root: Path) -> Path:
    """Return the file that speaks of the server of a clone."""
    return Path(os.environ.get(VARIABLE) or root / ".groundrules" / "warm.json")


class SharedServer(ForkServer):
    """A fork server that other processes can use, while this one lives and has not closed it.

    :param file: where to tell of it.
    """

    def __init__(self, preload: Sequence[str], file: Path) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="groundrules-warm-", dir=_short()))
        self._file = file
        token = secrets.token_hex(16)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self._folder / "s"))
        listener.listen(64)
        super().__init__(preload, listener=listener, token=token)
        listener.close()
        told = {"socket": str(self._folder / "s"), "token": token, "preload": [*preload]}
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_name(f"{file.name}.{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps({**told, "key": key()}), encoding="utf-8")
        fresh.replace(file)

    def close(self, *, at_once: bool = True) -> None:
        """End it, and tell no more of it."""
        with suppress(OSError, ValueError):
            if json.loads(self._file.read_text("utf-8"))["socket"] == str(self._folder / "s"):
                self._file.unlink()
        super().close(at_once=at_once)
        shutil.rmtree(self._folder, ignore_errors=True)


class OthersServer:
    """The shared fork server of another process, which it belongs to."""

    def __init__(self, path: str, token: str) -> None:
        self._path = path
        self._token = token

    def connect(self) -> socket.socket:
        """Return a new socket on which it takes orders; raise `OSError` if it is gone."""
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.settimeout(CONNECT_LIMIT)
            connection.connect(self._path)
            connection.sendall(self._token.encode())
            connection.settimeout(None)
        except OSError:
            connection.close()
            raise
        return connection

    def number_of(self, pid: int) -> int | None:
        """Return the number as it is: the server has no namespace of its own."""
        return pid

    def is_gone(self) -> bool:
        """Whether it is known to have ended: who has a connection to it hears of that there."""
        return False

    def close(self, *, at_once: bool) -> None:
        """Leave it to its owner."""

    def leave(self) -> None:
        """Leave it to its owner."""


def others_server(file: Path, preload: Sequence[str]) -> OthersServer | None:
    """Return the server that a file speaks of, if it has imported `preload` and nothing has changed since."""
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        if told["key"] != key() or not set(preload) <= set(told["preload"]):
            return None
        server = OthersServer(told["socket"], told["token"])
        server.connect().close()
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return server


@contextmanager
def shared_server(root: Path) -> Iterator[None]:
    """Let all runs of a clone inside have their workers from one process, where the system can fork."""
    file = file_of(root)
    if not hasattr(os, "fork") or others_server(file, ALL) is not None:
        yield
        return
    server = SharedServer(ALL, file)
    try:
        yield
    finally:
        server.close()


def key() -> str:
    """Return a digest of what such a server has loaded: the Python, what is installed, and the worker."""
    loaded = [sys.version, sys.executable, sys.prefix]
    for path in sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}):
        loaded.append(f"{path} {Path(path).stat().st_mtime_ns}")  # each change of what is there
    for file in sorted(Path(__file__).parent.glob("*.py")):
        loaded.append(f"{file} {file.stat().st_mtime_ns} {file.stat().st_size}")
    return hashlib.sha256("\n".join(loaded).encode()).hexdigest()


def _short() -> str | None:
    return "/tmp" if Path("/tmp").is_dir() else None  # the path of a socket has about 100 bytes
