"""The least that can answer the list of books: a Starlette handler and asyncpg, by hand.

`uvicorn floor:app` serves it; DATABASE_URL names the database, as libpq spells it.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import asyncpg
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

BOOKS = """
    SELECT id, isbn, title, author, published_year, copies,
        copies - (SELECT count(*) FROM loans WHERE book_id = books.id AND returned_at IS NULL)
            AS available,
        created_at, updated_at
    FROM books ORDER BY id LIMIT $1 OFFSET $2
"""


@asynccontextmanager
async def lifespan(application: Starlette) -> AsyncIterator[None]:
    pool = asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=5, max_size=15)
    async with pool as application.state.pool:
        yield


async def list_books(request: Request) -> JSONResponse:
    limit = int(request.query_params.get("limit", 20))
    offset = int(request.query_params.get("offset", 0))
    async with request.app.state.pool.acquire() as connection:
        books = await connection.fetch(BOOKS, limit, offset)
        total = await connection.fetchval("SELECT count(*) FROM books")
    items = [{name: _plain(value) for name, value in book.items()} for book in books]
    return JSONResponse({"items": items, "total": total, "limit": limit, "offset": offset})


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


app = Starlette(routes=[Route("/api/v1/books/", list_books)], lifespan=lifespan)
