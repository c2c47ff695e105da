"""Authentication: who sends a request."""

import re

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.security import hash_password, read_access_token, verify_password
from app.models.user import User
from app.services import user_service


async def authenticate(db: AsyncSession, *, email: str, password: str) -> User | None:
    """Return the active user with that email and password, or None.

    It takes the same time if there is none, so that nobody learns who has an account.
    """
    user = await user_service.get_by_email(db, email=email)
    await db.commit()  # so that no connection is held while a password is hashed
    if user is None:
        await hash_password(password)
        return None
    if not await verify_password(password, user.hashed_password):
        return None
    return user if user.is_active else None


async def identify(db: AsyncSession, *, token: str) -> User | None:
    """Return the active user whom an access token names."""
    subject = read_access_token(token)
    if subject is None or not re.fullmatch("[0-9]{1,18}", subject):
        return None
    user = await user_service.get(db, user_id=int(subject))
    return user if user is not None and user.is_active else None
