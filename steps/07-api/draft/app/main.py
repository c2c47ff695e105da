"""The application: `uvicorn app.main:app` serves it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response

from app.api.router import api_router
from app.core.config import get_settings
from app.core.database import get_engine


@asynccontextmanager
async def lifespan(application: FastAPI) -> AsyncIterator[None]:
    """Create the engine before the first request, and close its connections after the last."""
    engine = get_engine()
    yield
    await engine.dispose()


def create_app() -> FastAPI:
    """Return a new application; wrong settings raise an error here, before the first request."""
    get_settings()
    application = FastAPI(title="Library", lifespan=lifespan)
    application.add_exception_handler(RequestValidationError, reject_invalid)
    application.include_router(api_router, prefix="/api/v1")
    return application


async def reject_invalid(request: Request, error: Exception) -> Response:
    """Return 422 as FastAPI does, but without the input: it may be a password, or not valid text."""
    assert isinstance(error, RequestValidationError)
    problems = [{key: problem[key] for key in ("type", "loc", "msg")} for problem in error.errors()]
    return JSONResponse({"detail": problems}, status_code=422)


app = create_app()
