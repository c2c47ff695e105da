"""Dependencies of the handlers."""

from collections.abc import AsyncIterator

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.database import get_session_factory


async def get_db() -> AsyncIterator[AsyncSession]:
    """Give each request its own session; uncommitted changes are rolled back."""
    session_factory = get_session_factory()
    async with session_factory() as session:
        yield session
