"""A session as a request gets it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from fastapi import Depends, FastAPI, Response
from fastapi.exceptions import FastAPIError

from groundrules.worker.names import Missing
from groundrules.worker.protocol import JSON

SWALLOWED = "get_db() catches the exception of the handler, and does not raise it again."


@dataclass(frozen=True)
class States:
    """Where an application keeps what its dependencies may look for.

    :ivar application: `app.state`, which a dependency reads as `request.app.state`.
    :ivar lifespan: what the lifespan yielded, which it reads as `request.state`.
    """

    application: Any = None
    lifespan: dict[str, Any] = field(default_factory=dict)


async def with_session(
    get_db: Callable[..., Any], states: States, use: Callable[[Any], Awaitable[JSON]]
) -> JSON:
    """Return what `use` makes of a session from `get_db`; raise what either of them raises.

    FastAPI itself calls `get_db`, for a request whose handler is `use`: so whatever it depends on is
    there, it sees the exceptions that it would see, and ends when it would end.
    """
    results: list[JSON] = []
    raised: list[BaseException] = []

    async def handler(session: Any = Depends(get_db)) -> Response:
        try:
            if session is None:
                raise Missing("get_db() must yield an AsyncSession; it yields None.")
            results.append(await use(session))
        except BaseException as error:
            raised.append(error)
            raise
        return Response()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_: Any) -> None: ...

    application = FastAPI(openapi_url=None)
    application.state = states.application or application.state
    application.add_api_route("/", handler, response_model=None)
    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""}
    try:
        await application({**scope, "state": states.lifespan}, receive, send)
    except FastAPIError:
        if raised:  # otherwise FastAPI would have passed on what the handler raised
            raise RuntimeError(SWALLOWED) from raised[0]
        raise
    except BaseException:
        if not raised:  # it is get_db's own
            raise
    if raised:
        raise raised[0]
    if not results:
        raise RuntimeError("get_db yields no session")
    return results[0]
