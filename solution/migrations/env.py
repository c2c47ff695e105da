"""Alembic runs this file for every command that needs a database, the one in DATABASE_URL."""

import asyncio

from alembic import context
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.core.config import get_settings
from app.models import book, loan, user  # noqa: F401  the models register their tables
from app.models.base import Base

URL = str(get_settings().database_url.get_secret_value())


def print_migrations() -> None:
    """Print the SQL instead of running it: `alembic upgrade head --sql`."""
    context.configure(url=URL, target_metadata=Base.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


async def run_migrations() -> None:
    """Run the migrations, all of them or none."""
    engine = create_async_engine(URL, poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run_on)
    await engine.dispose()


def run_on(connection: Connection) -> None:
    """Run the migrations on a connection."""
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    print_migrations()
else:
    asyncio.run(run_migrations())
