"""The process that runs one application, replaced whenever it is lost."""

import ssl
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import httpx2

from groundrules.worker.client import ONCE_MORE, PATIENCE_LOST, REQUEST_LIMIT, START_LIMIT, Worker
from groundrules.worker.errors import BadReply, Hung, WorkerError
from groundrules.worker.launcher import Launcher
from groundrules.worker.protocol import JSON

APPLICATION = "app.main.app"
_numbers = count()


@dataclass
class Patience:
    """How many seconds a run waits for a start and for one answer: less, once it has seen a hang."""

    start: float = START_LIMIT
    limit: float = REQUEST_LIMIT
    _hung: set[str] = field(default_factory=set)

    def lose(self, doing: str) -> None:
        """Wait less from now on, and least for what has hung; many tests may do the same."""
        self.limit = min(self.limit, PATIENCE_LOST)
        self.start = min(self.start, 2 * PATIENCE_LOST)
        self._hung.add(doing)

    def less(self, limit: float, doing: str) -> float:
        """Return `limit`, or less for an import or a call that has hung before."""
        return min(limit, ONCE_MORE) if doing in self._hung else limit


@dataclass
class Served:
    """An application that a worker serves, or is about to.

    :param start: done once it is served; holds the TCP port where there is no Unix socket.
    """

    worker: Worker
    socket: str | None
    start: "Future[JSON]"

    def check(self) -> None:
        """Raise `BadReply` if the worker did not tell where it serves."""
        port = self.start.result(0)
        if self.socket is None and not (type(port) is int and 0 < port < 1 << 16):
            raise BadReply("The worker sent something that is not a port.")

    def client(self) -> httpx2.AsyncClient:
        """Return a new client for it, which itself waits for ever."""
        insecure = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # making the usual one takes 20 ms
        transport = httpx2.AsyncHTTPTransport(uds=self.socket, verify=insecure, trust_env=False)
        host = "library.test" if self.socket else f"127.0.0.1:{self.start.result()}"
        return httpx2.AsyncClient(
            transport=transport, base_url=f"http://{host}", timeout=None, trust_env=False
        )


@dataclass
class Runner:
    """Runs one application in one environment, in a worker that is replaced whenever it is lost.

    :param folder: the folder that holds the `app` package.
    :param sockets: a short folder for Unix sockets, and for what the application writes elsewhere.
    :param target: what is served: an application, or with `factory` a function that makes one.
    :param hung: the modules whose import did not end, by their dotted names; they are not imported again.
    """

    launcher: Launcher
    folder: Path
    sockets: Path
    environment: Mapping[str, str]
    patience: Patience
    target: str = APPLICATION
    factory: bool = False
    terminal: bool = False
    hung: dict[str, Hung] = field(default_factory=dict)
    _worker: Worker | None = None
    current: Served | None = None
    _failure: WorkerError | None = None

    def start(self) -> None:
        """Begin to start the application; nobody waits for it yet."""
        worker = self.worker()
        path = str(self.sockets / f"{next(_numbers):x}") if self.launcher.unix_sockets else None
        start = worker.submit("serve", target=self.target, factory=self.factory, path=path)
        self.current = Served(worker, path, start)

    async def served(self) -> Served:
        """Return the application once it has started; raise the `WorkerError` that says why it does not."""
        if self._failure is not None:
            raise self._failure
        self.must_not_hang_again(self.target)
        if self.current is None or self.current.worker is not self.worker():
            self.start()
        served = self.current
        assert served is not None
        doing = f"The import of {self.target.rpartition('.')[0]}"
        limit = self.patience.less(self.patience.start, doing)
        try:
            await served.worker.wait(served.start, limit=limit, doing=doing)
            served.check()
        except WorkerError as error:
            self._failure = error
            if isinstance(error, Hung):
                self.lose_patience(error, doing)
            raise
        return served

    def must_not_hang_again(self, target: str) -> None:
        """Raise what the import of the target's module ended with before, if it hung."""
        for module, error in self.hung.items():
            if f"{target}.".startswith(f"{module}."):
                raise error

    def lose_patience(self, error: Hung, doing: str) -> None:
        """Wait less from now on, and not at all for what was being imported."""
        self.patience.lose(doing)
        for file in error.importing:
            module = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
            self.hung.setdefault(module, error)

    def worker(self) -> Worker:
        """Return a living worker: the one there is, or a new one in place of a lost one."""
        if self._worker is None or self._worker.exit.done():
            self._worker = self.launcher.start(
                self.folder, self.environment, temporary=self.sockets, terminal=self.terminal
            )
        return self._worker

    async def settled(self) -> Worker:
        """Return a worker that is not busy with starting the application any more."""
        return await self.started() if self.current is not None else self.worker()

    async def started(self) -> Worker:
        """Return a worker that has tried to start the application, whether or not that came to an end."""
        if self._failure is None:
            with suppress(WorkerError):
                await self.served()
        return self.worker()

    async def end(self) -> None:
        """End the worker, and wait until it is gone; the next request has a new one."""
        if self._worker is not None:
            self._worker.kill()
            await self._worker.gone()

    def stop(self) -> None:
        """End the worker at once."""
        if self._worker is not None:
            self._worker.kill()
