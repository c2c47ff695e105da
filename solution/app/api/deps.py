"""Dependencies of the handlers: a session, and the current user."""

from collections.abc import AsyncIterator
from contextlib import suppress

from fastapi import Depends, HTTPException, status
from fastapi.security import OAuth2PasswordBearer
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.database import DATABASE_ERRORS, get_session_factory
from app.models.user import User
from app.services import auth_service

oauth2_scheme = OAuth2PasswordBearer(tokenUrl="/api/v1/auth/token")


async def get_db() -> AsyncIterator[AsyncSession]:
    """Give each request its own session; uncommitted changes are rolled back."""
    session_factory = get_session_factory()
    session = session_factory()
    try:
        yield session
    finally:
        # The response has been sent, and a server that is gone has rolled back anyway.
        with suppress(*DATABASE_ERRORS):
            await session.close()


async def get_current_user(
    token: str = Depends(oauth2_scheme), db: AsyncSession = Depends(get_db)
) -> User:
    """Return the user whom the token names."""
    user = await auth_service.identify(db, token=token)
    if user is None:
        raise HTTPException(
            status.HTTP_401_UNAUTHORIZED,
            detail="The token is invalid or has expired.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return user


async def get_librarian(user: User = Depends(get_current_user)) -> User:
    """Return the user whom the token names; raise 403 unless they are a librarian."""
    if not user.is_librarian:
        raise HTTPException(status.HTTP_403_FORBIDDEN, detail="Only a librarian may do this.")
    return user
