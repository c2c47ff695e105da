"""The connection to PostgreSQL: one engine for the process, one session for each request."""

import asyncio
from functools import lru_cache

import asyncpg
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

from app.core.config import get_settings

PING_SECONDS = 1

# SQLAlchemy wraps errors of an open connection, but not those of opening one.
DATABASE_ERRORS = (
    DBAPIError,
    PoolTimeoutError,
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
)


@lru_cache
def get_engine() -> AsyncEngine:
    """Return the engine of this process; it connects when a session first needs it."""
    return create_async_engine(
        str(get_settings().database_url.get_secret_value()),
        pool_size=15,
        max_overflow=0,  # connections are kept after a peak: opening one costs more than a whole request
        pool_pre_ping=True,  # a connection that died while it was idle is replaced
        pool_timeout=10,
        hide_parameters=True,  # errors end up in logs
        connect_args={"timeout": 5, "command_timeout": 30},
    )


@lru_cache
def get_session_factory() -> async_sessionmaker[AsyncSession]:
    """Return the session factory; its objects can still be read after a commit."""
    return async_sessionmaker(get_engine(), expire_on_commit=False)


async def ping(db: AsyncSession) -> bool:
    """Return whether the database replies within a second."""
    try:
        async with asyncio.timeout(PING_SECONDS):
            await db.execute(select(1))
    except DATABASE_ERRORS:
        return False
    return True
