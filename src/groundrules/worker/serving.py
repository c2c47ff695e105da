"""Serving the trainee's application with uvicorn, inside the worker."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn

from groundrules.worker.sessions import States


class Server:
    """One application served.

    :param application: the ASGI application.
    :param raised: is told of every exception that leaves the application.
    """

    def __init__(
        self, application: Callable[..., Any], raised: Callable[[BaseException], None]
    ) -> None:
        self._application = application
        self._raised = raised
        self._startup_error: BaseException | None = None
        self._task: asyncio.Task[None] | None = None
        self._server: uvicorn.Server | None = None

    @property
    def started(self) -> bool:
        """Whether the application has started up."""
        return self._server is not None and self._server.started

    @property
    def states(self) -> States:
        """Where the application keeps what its dependencies may look for."""
        lifespan = self._server.lifespan.state if self.started and self._server else {}
        return States(getattr(self._application, "state", None), dict(lifespan))

    def routes(self) -> Iterator[str]:
        """Yield the routes that the application documents, as in `GET /api/v1/health`."""
        document: Callable[[], dict[str, Any]] = getattr(self._application, "openapi", dict)
        for path, methods in document().get("paths", {}).items():
            for method in methods:
                yield f"{method.upper()} {path}"

    async def start(self, path: str | None) -> int | None:
        """Start on the Unix socket `path`, or on a free TCP port, which is returned.

        Raises whatever the application raised at start-up.
        """
        logging.getLogger("uvicorn.error").setLevel(
            logging.CRITICAL + 1
        )  # errors are told, not logged
        config = uvicorn.Config(
            self._watched,
            uds=path,
            port=0,
            interface="asgi3",
            lifespan="on",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=2,
        )
        self._server = uvicorn.Server(config)
        self._task = asyncio.create_task(self._run(self._server))
        while not self._server.started and not self._task.done():
            await asyncio.sleep(0.001)
        if self._task.done():
            raise self._startup_error or RuntimeError("the application did not start")
        if path is not None:
            return None
        return int(self._server.servers[0].sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Shut down as uvicorn does on a signal: requests are finished, then the lifespan ends.

        Raises whatever the application raised at shut-down.
        """
        if self._server is None or self._task is None:
            return
        self._server.should_exit = True
        await self._task
        if self._startup_error is not None:
            raise self._startup_error

    async def _run(self, server: uvicorn.Server) -> None:
        try:
            await server._serve()  # without the handlers of signals, which belong to the worker
        except SystemExit as error:  # how uvicorn says that start-up failed
            self._startup_error = self._startup_error or error

    async def _watched(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await self._application(scope, receive, send)
        except BaseException as error:
            if scope["type"] == "lifespan":
                self._startup_error = error
            else:
                self._raised(error)
            raise
