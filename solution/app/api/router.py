"""Everything under `/api/v1`."""

from fastapi import APIRouter

from app.api import auth, books, health, loans, users
from app.api.errors import may_return

api_router = APIRouter()
api_router.include_router(health.router)
for part in (auth, users, books, loans):
    api_router.include_router(part.router, responses=may_return(503))
