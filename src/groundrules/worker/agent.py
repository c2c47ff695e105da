"""The worker's own loop: it takes requests from the client and lets the trainee's code answer them."""

import asyncio
import os
import socket
import sys
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from groundrules.worker.calls import Calls
from groundrules.worker.engines import Engines
from groundrules.worker.factory import calls_it, shared
from groundrules.worker.failures import describe, running_frames, waiting_frames
from groundrules.worker.migrations import migrate
from groundrules.worker.names import Missing, application_at, find
from groundrules.worker.protocol import BROKEN, JSON, REPLY_LIMIT, decode, encode
from groundrules.worker.serving import Server
from groundrules.worker.sessions import States
from groundrules.worker.tables import create_tables


class Agent:
    """Answers the client's requests, all of them at the same time, until the client is gone.

    :param connection: the socket to the client, connected.
    :param folder: the folder that holds the `app` package; the frames shown are those below it.
    """

    def __init__(self, connection: socket.socket, folder: Path) -> None:
        self._receive_some, self._send = connection.recv, connection.sendall
        self._sending = threading.Lock()
        self._folder = folder
        self._servers: list[Server] = []
        self._calls = Calls(folder, self._states)
        self._raised: list[BaseException] = []
        self._requests: set[asyncio.Task[None]] = set()
        self._do: dict[str, Callable[..., Awaitable[JSON]]] = {
            "serve": self._serve,
            "import": self._import,
            "call": self._calls.make,
            "call_all": self._calls.make_all,
            "call_again": self._calls.make_again,
            "call_crowded": self._calls.make_crowded,
            "calls_it": partial(calls_it, folder),
            "engines": Engines().count,
            "needs_session": self._calls.needs_session,
            "returns": self._calls.returns,
            "query": self._calls.query,
            "expires": self._calls.expires,
            "closes": self._calls.closes,
            "renews": self._calls.renews,
            "save": self._calls.save,
            "shared": partial(shared, folder),
            "create_tables": partial(create_tables, folder),
            "migrate": partial(migrate, folder),
            "raised": self._tell_raised,
            "waiting": self._tell_waiting,
            "routes": self._routes,
            "stop": self._stop,
        }

    async def run(self) -> None:
        """Answer requests; never returns: the process ends with the connection."""
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._read, args=(loop,), daemon=True).start()
        await loop.create_future()

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        """In a thread, so that the process ends with its client even from within an endless loop."""
        pending = b""
        while data := self._receive():
            *lines, pending = (pending + data).split(b"\n")
            for line in lines:
                request = decode(line)
                if request["do"] == "stack":  # asked when the loop does not answer
                    value = running_frames(self._folder)
                    self._reply(encode({"id": request["id"], "value": value}))
                else:
                    loop.call_soon_threadsafe(self._start, request)
        os._exit(0)

    def _start(self, request: dict[str, Any]) -> None:
        task = asyncio.get_running_loop().create_task(self._answer(request))
        self._requests.add(task)
        task.add_done_callback(self._requests.discard)

    async def _answer(self, request: dict[str, Any]) -> None:
        number = request.pop("id")
        try:
            value = await self._do[request.pop("do")](**request)
            reply = encode({"id": number, "value": value})
            if len(reply) > REPLY_LIMIT:
                raise ValueError(f"the result is larger than {REPLY_LIMIT // 1024} KiB")
        except Missing as missing:
            reply = encode({"id": number, "missing": str(missing)})
        except BaseException as error:  # sys.exit() and the like must not end the worker
            reply = encode({"id": number, "error": describe(error, self._folder)})
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):  # the trainee's code may have closed or replaced it
                stream.flush()
        self._reply(reply)

    def _receive(self) -> bytes:
        try:
            return self._receive_some(65536)
        except OSError:
            os._exit(BROKEN)

    def _reply(self, line: bytes) -> None:
        try:
            with self._sending:
                self._send(line)
        except OSError:
            os._exit(BROKEN)

    async def _serve(self, target: str, factory: bool, path: str | None) -> JSON:
        """Serve an application; return the TCP port where there is no Unix socket."""
        application = application_at(target, self._folder, factory=factory)
        server = Server(application, self._raised.append)
        self._servers.append(server)
        return await server.start(path)

    async def _import(self, module: str) -> JSON:
        """Import a module ahead of time."""
        find(module, self._folder)
        return None

    def _states(self) -> States:
        return self._servers[-1].states if self._servers else States()

    async def _routes(self) -> JSON:
        """Return the routes of the application that is served, as in `GET /api/v1/health`."""
        return list(self._servers[-1].routes()) if self._servers else []

    async def _tell_raised(self) -> JSON:
        """Return what handlers raised since this was last asked."""
        raised, self._raised[:] = list(self._raised), []
        return [describe(error, self._folder) for error in raised[-5:]]

    async def _tell_waiting(self) -> JSON:
        """Return the trainee's lines at which tasks wait."""
        starting = any(not server.started for server in self._servers)
        return waiting_frames(self._folder, starting=starting)

    async def _stop(self) -> JSON:
        """Shut every served application down, as uvicorn does at the end."""
        while self._servers:
            await self._servers.pop().stop()
        return None
