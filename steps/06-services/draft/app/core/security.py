"""Passwords: nothing else in the application knows how they are hashed."""

import asyncio

from passlib.context import CryptContext

_passwords = CryptContext(schemes=["argon2"])


async def hash_password(password: str) -> str:
    """Return a hash of a password, salted anew each time.

    It takes about a tenth of a second by design, in a thread, so that other requests go on.
    """
    return await asyncio.to_thread(_passwords.hash, password)


async def verify_password(password: str, hashed_password: str) -> bool:
    """Return whether a password is the one that was hashed; it takes as long as hashing."""
    return await asyncio.to_thread(_passwords.verify, password, hashed_password)
