"""Passwords and tokens: no other module knows how they are created.

This course uses passlib and python-jose. Both are hardly maintained any more; to replace them, change
this module only.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from jose import JWTError, jwt
from passlib.context import CryptContext

from app.core.config import get_settings

ALGORITHM = "HS256"

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


def create_access_token(subject: str) -> str:
    """Return a signed token that names `subject` until it expires."""
    settings = get_settings()
    now = datetime.now(UTC)
    claims = {
        "sub": subject,
        "iat": now,
        "exp": now + timedelta(minutes=settings.access_token_minutes),
    }
    return jwt.encode(claims, settings.secret_key.get_secret_value(), algorithm=ALGORITHM)


def read_access_token(token: str) -> str | None:
    """Return the subject of a token, or None unless it is valid and has not expired."""
    try:
        claims = jwt.decode(
            token,
            get_settings().secret_key.get_secret_value(),
            algorithms=[ALGORITHM],  # whatever the header of the token says
            options={"require_exp": True, "require_sub": True},
        )
    # python-jose raises many others for odd content, such as an `exp` that is null or infinite.
    except (JWTError, ArithmeticError, RecursionError, TypeError, ValueError):
        return None
    return str(claims["sub"])
