"""Passwords: no other module knows how they are hashed."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from passlib.context import CryptContext

Result = TypeVar("Result")

# One of the settings that OWASP recommends for argon2id; the memory is in KiB.
_passwords = CryptContext(
    schemes=["argon2"], argon2__memory_cost=19456, argon2__rounds=2, argon2__parallelism=1
)
_hashing = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hashing")


async def hash_password(password: str) -> str:
    """Return a hash of a password, with a new salt each time.

    It takes about 20 ms by design: in a thread, so that other requests continue, and one at
    a time, so that many logins at once leave a core for them.
    """
    return await _in_thread(_passwords.hash, password)


async def verify_password(password: str, hashed_password: str) -> bool:
    """Return whether a password matches a hash; it takes as long as hashing."""
    return await _in_thread(_passwords.verify, password, hashed_password)


async def _in_thread(work: Callable[..., Result], *arguments: str) -> Result:
    return await asyncio.get_running_loop().run_in_executor(_hashing, work, *arguments)
