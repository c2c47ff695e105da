"""A way to PostgreSQL that a test can close, open and block, so that a database goes away and comes back."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

from groundrules.postgres import Server

BACKLOG = 3  # more connections than a port holds that takes none
# Whoever connects may ask first whether the connection can be encrypted, by TLS or by GSSAPI.
ENCRYPTIONS = [(8).to_bytes(4) + code.to_bytes(4) for code in (80877103, 80877104)]
KERBEROS = b"R" + (8).to_bytes(4) + (2).to_bytes(4)  # asks for a login that drivers do not know
KNOCKED = 0.01  # seconds in which the loop gets to connections that the system has taken for it


class Proxy:
    """Hands on what comes to an address of its own, as long as it is open and not blocked.

    :param server: the server it leads to.
    :param folder: a short one for its Unix socket; without one it listens on a TCP port.
    :ivar taken: how many connections it has taken.
    """

    def __init__(self, server: Server, folder: Path | None) -> None:
        self._server = server
        self._folder = folder
        self._port = 5432 if folder else _free_port()
        self._listener: asyncio.Server | None = None
        self._passing = asyncio.Event()
        self._passing.set()
        self._asks = False
        self.taken = 0
        self._stack = ExitStack()
        self._ends: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def url_for(self, database: str) -> str:
        """Return the URL of a database by this way, for DATABASE_URL."""
        host = str(self._folder) if self._folder else "127.0.0.1"
        return replace(self._server, host=host, port=self._port).url_for(database)

    @property
    def open_connections(self) -> int:
        """How many connections it holds."""
        return len(self._tasks)

    async def all_taken(self) -> int:
        """Return how many connections it has taken, and take first what has knocked already."""
        await asyncio.sleep(KNOCKED)
        return self.taken

    async def open(self) -> None:
        """Take connections."""
        if self._folder is None:
            self._listener = await asyncio.start_server(self._take, "127.0.0.1", self._port)
        else:
            path = self._folder / f".s.PGSQL.{self._port}"
            path.unlink(missing_ok=True)
            self._listener = await asyncio.start_unix_server(self._take, path)

    async def close(self) -> None:
        """Break every connection, and refuse new ones."""
        self._stack.close()
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        if self._folder is not None:
            (self._folder / f".s.PGSQL.{self._port}").unlink(missing_ok=True)
        for end in self._ends:
            end.transport.abort()
        for task in [*self._tasks]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def overflow(self) -> None:
        """Answer nobody: let a connection to its port wait, as behind a firewall, before it is taken."""
        await self.close()
        listener = self._stack.enter_context(socket.socket())
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self._port))
        listener.listen(0)
        for _ in range(BACKLOG):
            waiting = self._stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.1", self._port))

    def ask_for_another_login(self) -> None:
        """Ask who connects for Kerberos, as a server does that is set up for it."""
        self._asks = True

    def block(self) -> None:
        """Take what comes, and hand nothing on."""
        self._passing.clear()

    def unblock(self) -> None:
        """Hand on again."""
        self._passing.set()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.taken += 1
        self._ends.add(writer)
        try:
            await self._passing.wait()
            if self._asks:
                await _ask(reader, writer)
                return
            there, back = await self._connect()
            self._ends.add(back)
            await asyncio.gather(self._pump(reader, back), self._pump(there, writer))
        except (OSError, EOFError, asyncio.CancelledError):
            pass  # one end is gone
        finally:
            self._tasks.discard(task)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        server = self._server
        if server.host.startswith("/"):
            return await asyncio.open_unix_connection(f"{server.host}/.s.PGSQL.{server.port}")
        return await asyncio.open_connection(server.host, server.port)

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                await self._passing.wait()
                target.write(data)
                await target.drain()
        finally:
            with suppress(OSError):
                target.close()


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await reader.readexactly(8) in ENCRYPTIONS:
        writer.write(b"N")  # no
    writer.write(KERBEROS)
    await writer.drain()
    await reader.read()
    writer.close()


@asynccontextmanager
async def proxy_to(server: Server, folder: Path | None) -> AsyncIterator[Proxy]:
    """Open a way to `server`, and close it in the end."""
    proxy = Proxy(server, folder)
    await proxy.open()
    try:
        yield proxy
    finally:
        proxy.unblock()
        await proxy.close()


def short_temporary_folder() -> str | None:
    """Return where to make a folder for Unix sockets, whose path may be about 100 bytes long."""
    return "/tmp" if Path("/tmp").is_dir() else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
