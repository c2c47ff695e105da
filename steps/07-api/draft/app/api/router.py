"""Everything under `/api/v1`."""

from fastapi import APIRouter

from app.api import books, health, users

api_router = APIRouter()
api_router.include_router(health.router)
api_router.include_router(users.router)
api_router.include_router(books.router)
