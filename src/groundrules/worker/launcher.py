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
from typing import Protocol

from groundrules.worker.client import KILLED, PRELOAD_LIMIT, Worker
from groundrules.worker.output import Output
from groundrules.worker.protocol import decode, encode
from groundrules.worker.sandbox import Sandbox, number_outside

BASE = ("fastapi", "pydantic_settings", "uvicorn.protocols.http.auto", "uvicorn.lifespan.on")
DATABASE = ("sqlalchemy.ext.asyncio", "sqlalchemy.dialects.postgresql.asyncpg", "asyncpg")
MIGRATIONS = ("alembic.command",)
IMPORTED = {  # what a word in the application's source says that it will import
    b"sqlalchemy": DATABASE,
    b"EmailStr": ("email_validator",),
    b"passlib": ("passlib.context", "passlib.handlers.argon2", "argon2"),
    b"jose": ("jose.jwt",),
}

ALL = (*BASE, *(module for modules in IMPORTED.values() for module in modules), *MIGRATIONS)


def imported_by(folder: Path) -> tuple[str, ...]:
    """Return the libraries worth importing beforehand for the application in `folder`."""
    source = b"".join(path.read_bytes() for path in folder.glob("app/**/*.py") if path.is_file())
    return (*BASE, *(module for word in IMPORTED if word in source for module in IMPORTED[word]))


def clean_environment() -> dict[str, str]:
    """Return what every process needs and nothing of what else is set here."""
    kept = ("PATH", "SYSTEMROOT", "TEMP", "TMPDIR", "TZ")
    return {"LANG": "C.UTF-8"} | {name: os.environ[name] for name in kept if name in os.environ}


class ForkServer:
    """The process that forks: it starts importing at once, and nobody waits for it until it is needed.

    :param preload: the modules to import beforehand.
    :param listener: where it takes orders of others, who send `token` first.
    :param sandbox: what confines it, and all that it forks.
    """

    def __init__(
        self,
        preload: Sequence[str],
        *,
        listener: socket.socket | None = None,
        token: str = "",
        sandbox: Sandbox | None = None,
    ) -> None:
        self._sandbox = sandbox
        self._owner, theirs = socket.socketpair()
        passed = [each.fileno() for each in (theirs, listener) if each is not None]
        module = __package__ + (".forkserver" if sandbox is None else ".limited")
        command = [sys.executable, "-I", "-m", module, ",".join(map(str, passed)), *preload]
        self._process = subprocess.Popen(
            command if sandbox is None else sandbox.command(command),
            pass_fds=passed,
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # whoever reads this process's output does not wait for that one
            stderr=subprocess.DEVNULL,
        )
        theirs.close()
        with suppress(OSError):  # it is gone, which is seen when it is needed
            self._owner.sendall(token.encode())

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def number_of(self, pid: int) -> int | None:
        """Return the number that a process has here; None if it has ended."""
        return pid if self._sandbox is None else number_outside(self._process.pid, pid)

    def connect(self) -> socket.socket:
        """Return a new socket on which it takes orders."""
        ours, theirs = socket.socketpair()
        with suppress(OSError):  # it is gone: so is the other end, then
            socket.send_fds(self._owner, [b"+"], [theirs.fileno()])
        theirs.close()
        return ours

    def is_gone(self) -> bool:
        """Whether it has ended."""
        return self._process.poll() is not None

    def close(self, *, at_once: bool) -> None:
        """End it, and whatever it has forked; `at_once` if that is nothing: it may be importing still."""
        if at_once:
            self._process.kill()
        self._owner.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def leave(self) -> None:
        """Give up a fork's share of it, so that it ends with the process that started it."""
        self._owner.close()


class Server(Protocol):
    """A process that forks, of this process or of another one."""

    def connect(self) -> socket.socket:
        """Return a new socket on which it takes orders."""

    def is_gone(self) -> bool:
        """Whether it is known to have ended."""

    def number_of(self, pid: int) -> int | None:
        """Return the number that has here what it calls `pid`; None if that has ended."""

    def close(self, *, at_once: bool) -> None:
        """End it, if it belongs to this process."""

    def leave(self) -> None:
        """Give up a fork's share of it."""


class Branch:
    """One socket on which the server of another process takes orders."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._orders = server.connect()

    def connect(self) -> socket.socket:
        """Return that socket."""
        return self._orders

    def number_of(self, pid: int) -> int | None:
        """Return the number that has here what the server calls `pid`."""
        return self._server.number_of(pid)

    def is_gone(self) -> bool:
        """Whether it is known to have ended: the socket says so."""
        return False

    def close(self, *, at_once: bool) -> None:
        """Leave the server to its owner."""

    def leave(self) -> None:
        """Leave the server to its owner."""


class ForkLauncher:
    """Starts workers as forks of one process that has the libraries imported.

    :param preload: the modules to import beforehand.
    :param server: that process, if it is there already.
    :param sandbox: what confines that process, if anything does.
    """

    unix_sockets = True

    def __init__(
        self,
        preload: Sequence[str],
        server: Server | None = None,
        sandbox: Sandbox | None = None,
    ) -> None:
        self._preload = preload
        self._sandbox = sandbox
        self._lock = threading.Lock()
        self._starting = threading.Lock()
        self._begin(server or ForkServer(preload, sandbox=sandbox))

    def _begin(self, server: Server) -> None:
        self._server = server
        self._orders = server.connect()
        self._lost = False
        self._ordered: deque[Worker] = deque()
        self._started: dict[int, Worker] = {}
        self._reader: threading.Thread | None = None

    def branch(self) -> "ForkLauncher":
        """Return another launcher, for a fork of this process, that has its workers from the same one."""
        return ForkLauncher(self._preload, Branch(self._server), self._sandbox)

    def rest(self) -> None:
        """End every worker, and the thread that hears of them, so that this process can be forked."""
        self._hang_up()
        self._begin(self._server)

    def leave(self) -> None:
        """Give up a fork's share of what another process uses."""
        self._orders.close()
        self._server.leave()

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
            if self._lost or self._server.is_gone():
                self.close()
                self._begin(ForkServer(self._preload, sandbox=self._sandbox))
            if self._reader is None:
                self._reader = threading.Thread(target=self._read, daemon=True)
                self._reader.start()
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
        """End every worker, and the process they were forked from if this launcher has started it."""
        with self._lock:
            idle = not self._started
        self._hang_up()
        self._server.close(at_once=idle)

    def _hang_up(self) -> None:
        with suppress(OSError):
            self._orders.shutdown(socket.SHUT_RDWR)
        if self._reader is not None:
            self._reader.join(5)
        self._orders.close()

    def _read(self) -> None:
        with suppress(OSError), self._orders.makefile("rb") as lines:
            for line in lines:
                match decode(line):
                    case {"started": int(pid)}:
                        with self._lock:
                            worker = self._started[pid] = self._ordered.popleft()
                        here = self._server.number_of(pid)
                        with suppress(InvalidStateError):  # it has ended already
                            if here is not None:
                                worker.pid.set_result(here)
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


def launcher(
    preload: Sequence[str], *, shared: Path | None = None, sandbox: Sandbox | None = None
) -> Launcher:
    """Return the kind of launcher that this system can have; see there.

    :param shared: the file that may speak of a process that forks for several; see `warm`.
    :param sandbox: what confines the workers; then they share that process with nobody.
    """
    if sandbox is not None:
        return ForkLauncher(preload, sandbox=sandbox)
    if not hasattr(os, "fork"):
        return ExecLauncher(preload)
    if shared is not None:
        from groundrules.worker.warm import others_server

        return ForkLauncher(preload, others_server(shared, preload))
    return ForkLauncher(preload)
