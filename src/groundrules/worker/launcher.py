"""Starting workers: by a fork server where the system can fork, one process each otherwise."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import InvalidStateError
from contextlib import suppress
from pathlib import Path

from groundrules.worker.client import KILLED, PRELOAD_LIMIT, Worker
from groundrules.worker.output import Output
from groundrules.worker.protocol import decode, encode

BASE = ("fastapi", "pydantic_settings", "uvicorn.protocols.http.auto", "uvicorn.lifespan.on")
DATABASE = ("sqlalchemy.ext.asyncio", "sqlalchemy.dialects.postgresql.asyncpg", "asyncpg")
MIGRATIONS = ("alembic.command",)
IMPORTED = {  # what a word in the application's source says that it will import
    b"sqlalchemy": DATABASE,
    b"EmailStr": ("email_validator",),
    b"passlib": ("passlib.context", "passlib.handlers.argon2", "argon2"),
    b"jose": ("jose.jwt",),
}


def imported_by(folder: Path) -> tuple[str, ...]:
    """Return the libraries worth importing beforehand for the application in `folder`."""
    source = b"".join(path.read_bytes() for path in folder.glob("app/**/*.py") if path.is_file())
    return (*BASE, *(module for word in IMPORTED if word in source for module in IMPORTED[word]))


def clean_environment() -> dict[str, str]:
    """Return what every process needs and nothing of what else is set here."""
    kept = ("PATH", "SYSTEMROOT", "TEMP", "TMPDIR", "TZ")
    return {"LANG": "C.UTF-8"} | {name: os.environ[name] for name in kept if name in os.environ}


class ForkLauncher:
    """Starts workers as forks of one process that has the libraries imported.

    That process starts importing at once; nobody waits for it until a worker is asked something.
    :param preload: the modules to import beforehand.
    """

    unix_sockets = True

    def __init__(self, preload: Sequence[str]) -> None:
        self._preload = preload
        self._lock = threading.Lock()
        self._starting = threading.Lock()
        self._begin()

    def _begin(self) -> None:
        """Start the process that forks."""
        self._orders, theirs = socket.socketpair()
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-I",
                "-m",
                __package__ + ".forkserver",
                str(theirs.fileno()),
                *self._preload,
            ],
            pass_fds=[theirs.fileno()],
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        theirs.close()
        self._lost = False
        self._ordered: deque[Worker] = deque()
        self._started: dict[int, Worker] = {}
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def start(
        self,
        folder: Path,
        environment: Mapping[str, str],
        *,
        temporary: Path | None = None,
        terminal: bool = False,
    ) -> Worker:
        """Start a worker for the application in `folder`, with `environment` and nothing else set.

        It can write to `folder` and `temporary` alone, where the system can see to that. With `terminal` it
        has this process's own input and output, and no time limits.
        """
        ours, connection = socket.socketpair()
        stacks, stacks_in = os.pipe()
        worker = Worker(
            folder,
            end=lambda: self._end(worker),
            output=Output(),
            stacks=stacks,
            patient=terminal,
        )
        passed = [connection.fileno(), stacks_in]
        made = [stacks_in]
        if terminal:
            passed += [0, 1, 2]
        else:
            source, sink = os.pipe()
            nothing = os.open(os.devnull, os.O_RDONLY)
            worker.output = Output(source)
            passed += [nothing, sink, sink]
            made += [sink, nothing]
        order = _order(folder, environment, temporary, terminal)
        with self._starting:
            if self._lost or self._process.poll() is not None:
                self._tidy()
                self._begin()
            with self._lock:
                self._ordered.append(worker)
                lost = self._lost
                with suppress(OSError):  # it is gone: the thread that reads from it says so
                    socket.send_fds(self._orders, [order], passed)
        if lost:
            worker.ended(KILLED)
        connection.close()
        for descriptor in made:
            os.close(descriptor)
        worker.attach(ours)
        return worker

    def close(self) -> None:
        """End every worker, and the process they were forked from."""
        with self._lock:
            if not self._started:  # it may still be importing, and would have to finish that first
                self._process.kill()
        with suppress(OSError):
            self._orders.shutdown(socket.SHUT_RDWR)
        self._tidy()

    def _tidy(self) -> None:
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(5)
        self._orders.close()

    def _read(self) -> None:
        with suppress(OSError), self._orders.makefile("rb") as lines:
            for line in lines:
                match decode(line):
                    case {"started": int(pid)}:
                        with self._lock:
                            worker = self._started[pid] = self._ordered.popleft()
                        with suppress(InvalidStateError):  # it has ended already
                            worker.pid.set_result(pid)
                    case {"ended": int(pid), "code": int(code)}:
                        with self._lock:
                            worker = self._started.pop(pid)
                        worker.ended(code)
        with self._lock:
            self._lost = True
            orphans = [*self._started.values(), *self._ordered]
        for worker in orphans:
            self._end(worker)
            worker.ended(KILLED)

    def _end(self, worker: Worker) -> None:
        if not worker.pid.done():
            worker.pid.add_done_callback(lambda _: self._end(worker))
        elif not worker.exit.done() and not worker.pid.exception():
            pid = worker.pid.result()
            for end in (os.killpg, os.kill):  # one that has the terminal leads no group
                with suppress(ProcessLookupError, PermissionError):
                    end(pid, signal.SIGKILL)


class ExecLauncher:
    """Starts each worker as a process of its own, connected by TCP on the loopback interface.

    For systems that cannot fork. It is slower: every worker imports the libraries itself.
    """

    unix_sockets = False

    def __init__(self, preload: Sequence[str]) -> None:
        self._preload = preload
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(
        self,
        folder: Path,
        environment: Mapping[str, str],
        *,
        temporary: Path | None = None,
        terminal: bool = False,
    ) -> Worker:
        """Start a worker, as `ForkLauncher.start` does."""
        listener = socket.create_server(("127.0.0.1", 0))
        secret = secrets.token_hex()
        process = subprocess.Popen(
            [
                sys.executable,
                "-I",
                "-m",
                __package__ + ".child",
                str(listener.getsockname()[1]),
                secret,
                *self._preload,
            ],
            env=clean_environment(),
            stdin=None if terminal else subprocess.DEVNULL,
            stdout=None if terminal else subprocess.PIPE,
            stderr=None if terminal else subprocess.STDOUT,
        )
        self._processes.append(process)
        printed = Output(os.dup(process.stdout.fileno())) if process.stdout else Output()
        worker = Worker(folder, end=process.kill, output=printed, patient=terminal)
        order = _order(folder, environment, temporary, terminal)
        threading.Thread(
            target=self._connect,
            args=(listener, secret, order, worker, process.pid),
            daemon=True,
        ).start()
        threading.Thread(target=lambda: worker.ended(process.wait()), daemon=True).start()
        return worker

    def close(self) -> None:
        """End every worker."""
        for process in self._processes:
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()

    def _connect(
        self, listener: socket.socket, secret: str, order: bytes, worker: Worker, pid: int
    ) -> None:
        listener.settimeout(PRELOAD_LIMIT)
        with listener, suppress(TimeoutError):
            while True:
                connection, _ = listener.accept()
                connection.settimeout(5)
                with suppress(OSError):
                    if _first_line(connection) == secret.encode():
                        connection.settimeout(None)
                        connection.sendall(order)
                        worker.attach(connection)
                        with suppress(InvalidStateError):  # it has ended already
                            worker.pid.set_result(pid)
                        return
                connection.close()


def _order(
    folder: Path, environment: Mapping[str, str], temporary: Path | None, terminal: bool
) -> bytes:
    own = {} if temporary is None else {"TMPDIR": str(temporary)}
    return encode(
        {
            "folder": str(folder),
            "environment": {**clean_environment(), **own, **environment},
            "temporary": None if temporary is None else str(temporary),
            "terminal": terminal,
        }
    )


def _first_line(connection: socket.socket) -> bytes:
    line = b""
    while len(line) < 1024 and (byte := connection.recv(1)) not in (b"", b"\n"):
        line += byte
    return line


Launcher = ForkLauncher | ExecLauncher


def launcher(preload: Sequence[str]) -> Launcher:
    """Return the kind of launcher that this system can have; see there."""
    return ForkLauncher(preload) if hasattr(os, "fork") else ExecLauncher(preload)
