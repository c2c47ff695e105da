"""What handlers depend on."""

from collections.abc import AsyncIterator

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.database import get_session_factory


async def get_db() -> AsyncIterator[AsyncSession]:
    """Give each request a session of its own; what it has not committed is rolled back."""
    session_factory = get_session_factory()
    async with session_factory() as session:
        yield session
