"""The application: `uvicorn app.main:app` serves it."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, status
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from sqlalchemy.exc import DBAPIError

from app.api.router import api_router
from app.core.config import get_settings
from app.core.database import DATABASE_ERRORS, get_engine
from app.core.logging import RequestLog, configure_logging

MAX_BODY_BYTES = 64 * 1024

# Classes of SQLSTATE: lost connections, deadlocks, too many connections, shutdown of the server.
PASSING = ("08", "40", "53", "57")

logger = logging.getLogger(__name__)


@asynccontextmanager
async def lifespan(application: FastAPI) -> AsyncIterator[None]:
    """Create the engine before the first request, and close its connections after the last."""
    configure_logging(get_settings().log_level)
    engine = get_engine()
    yield
    await engine.dispose()


def create_app() -> FastAPI:
    """Return a new application; wrong settings raise an error here, before the first request."""
    get_settings()
    application = FastAPI(
        title="Library",
        description="The API of a lending library.",
        version="1.0.0",
        lifespan=lifespan,
        max_body_size=MAX_BODY_BYTES,
        generate_unique_id_function=name_of,
    )
    application.add_middleware(RequestLog)
    application.add_exception_handler(RequestValidationError, reject_invalid)
    for kind in DATABASE_ERRORS:
        application.add_exception_handler(kind, report_database_down)
    application.include_router(api_router, prefix="/api/v1")
    return application


def name_of(route: APIRoute) -> str:
    """Return the name of a route in generated clients: that of its handler."""
    return route.name


async def report_database_down(request: Request, error: Exception) -> Response:
    """Return 503 if the database cannot be reached; raise any other database error again."""
    if not is_lost(error):
        raise error
    logger.error("The database cannot be reached: %r", getattr(error, "orig", error))
    return JSONResponse(
        {"detail": "The database cannot be reached. Try again later."},
        status_code=status.HTTP_503_SERVICE_UNAVAILABLE,
        headers={"Retry-After": "5"},
    )


def is_lost(error: Exception) -> bool:
    """Return whether an error comes from the state of the database, and not from the statement."""
    if not isinstance(error, DBAPIError):
        return True
    sqlstate = getattr(error.orig, "sqlstate", None) or ""
    return error.connection_invalidated or sqlstate[:2] in PASSING


async def reject_invalid(request: Request, error: Exception) -> Response:
    """Return 422 as FastAPI does, but without the input: it may be a password, or not valid text."""
    assert isinstance(error, RequestValidationError)
    problems = [{key: problem[key] for key in ("type", "loc", "msg")} for problem in error.errors()]
    return JSONResponse({"detail": problems}, status_code=422)


app = create_app()
