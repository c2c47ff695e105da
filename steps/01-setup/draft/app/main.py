"""The application: `uvicorn app.main:app` serves it."""

from fastapi import FastAPI

from app.api.router import api_router
from app.core.config import get_settings


def create_app() -> FastAPI:
    """Return a new application; wrong settings raise an error here, before the first request."""
    get_settings()
    application = FastAPI(title="Library")
    application.include_router(api_router, prefix="/api/v1")
    return application


app = create_app()
