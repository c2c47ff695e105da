"""Real processes of `groundrules` and pytest, forked from one that has imported the libraries.

Tests start hundreds, and most of the time of each would go into the same imports. Only libraries are imported
beforehand: each process imports the course's own code itself, as it does when a user starts it.
"""

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile

GROUNDRULES = (sys.executable, "-m", "groundrules")
PYTEST = (sys.executable, "-m", "pytest")
PYTEST_SCRIPT = str(Path(sys.executable).with_name("pytest"))


def settings_of(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what an interpreter reads when it starts, which a fork cannot change."""
    read = ("PYTHON", "LC_", "LANG")
    return {name: value for name, value in environment.items() if name.startswith(read)}


SETTINGS = settings_of(os.environ)


def run(
    command: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    input: str = "",
    timeout: float | None = None,
) -> subprocess.CompletedProcess[str]:
    """Do as `subprocess.run` does with captured text; fork if the command begins as one of those above."""
    environment = dict(os.environ if env is None else env)
    known = tuple(command[:3]) in (GROUNDRULES, PYTEST) or command[0] == PYTEST_SCRIPT
    with TemporaryFile() as given, TemporaryFile() as out, TemporaryFile() as err:
        given.write(input.encode())
        given.seek(0)
        if known and hasattr(os, "fork") and settings_of(environment) == SETTINGS:
            order = {
                "command": [*command],
                "cwd": str(cwd or Path.cwd()),
                "environment": environment,
            }
            streams = (given.fileno(), out.fileno(), err.fileno())
            status = _server().run(order, streams, timeout)
        else:
            status = subprocess.run(
                command,
                cwd=cwd,
                env=environment,
                stdin=given,
                stdout=out,
                stderr=err,
                timeout=timeout,
                check=False,
            ).returncode
        out.seek(0)
        err.seek(0)
        told = (each.read().decode().replace("\r\n", "\n") for each in (out, err))
        return subprocess.CompletedProcess(command, status, *told)


class _Server:
    """The process that forks; one at a time, for each waits for its end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, Path(__file__).with_name("forking.py"), str(theirs.fileno())],
                env={"PATH": os.environ["PATH"], **SETTINGS},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )

    def run(
        self, order: Mapping[str, object], streams: Sequence[int], timeout: float | None
    ) -> int:
        """Have a process forked; return its exit status."""
        line = json.dumps(order).encode() + b"\n"
        with self._lock:
            socket.send_fds(self._socket, [line[:1]], streams)
            self._socket.sendall(line[1:])
            pid = self._reply()
            late = not select.select([self._socket], [], [], timeout)[0]
            if late:
                os.kill(pid, signal.SIGKILL)
            status = self._reply()
        if late:
            raise subprocess.TimeoutExpired(str(order["command"]), timeout or 0)
        return status

    def _reply(self) -> int:
        reply = self._socket.recv(4, socket.MSG_WAITALL)
        assert len(reply) == 4, "the process that forks is gone"
        return int.from_bytes(reply, "big", signed=True)

    def close(self) -> None:
        """End it."""
        self._socket.close()
        self._process.wait()


@cache
def _server() -> _Server:
    server = _Server()
    atexit.register(server.close)
    return server
