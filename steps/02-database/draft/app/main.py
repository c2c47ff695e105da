"""The application: `uvicorn app.main:app` serves it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

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
    application.include_router(api_router, prefix="/api/v1")
    return application


app = create_app()
