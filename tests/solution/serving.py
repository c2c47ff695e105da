"""The application in a process of its own, as uvicorn serves it."""

import asyncio
import os
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
from alembic import command
from alembic.config import Config

from app.core.config import get_settings
from app.core.database import get_engine, get_session_factory
from support import SECRET_KEY

SOLUTION = Path(__file__).parents[2] / "solution"


def forget_environment() -> None:
    """Have the settings, and what was made from them, made anew."""
    for made_once in (get_settings, get_engine, get_session_factory):
        made_once.cache_clear()


def migrate() -> None:
    """Bring the database that DATABASE_URL names up to date."""
    command.upgrade(Config(SOLUTION / "alembic.ini"), "head")


@asynccontextmanager
async def served(database_url: str, log: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """Serve the application for a while, in one uvicorn process; give a client of it."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = {**os.environ, "DATABASE_URL": database_url, "SECRET_KEY": SECRET_KEY}
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "uvicorn", "app.main:app", "--port", str(port)),
            cwd=SOLUTION,
            env=environment,
            stdout=output,
            stderr=output,
        )
    base = f"http://127.0.0.1:{port}/api/v1"
    limits = httpx2.Limits(max_connections=100, keepalive_expiry=2)  # before uvicorn's five
    try:
        async with httpx2.AsyncClient(base_url=base, limits=limits, timeout=60) as client:
            assert await _starts(client, process), f"The application does not start: see {log}."
            yield client
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), 15)


async def _starts(client: httpx2.AsyncClient, process: asyncio.subprocess.Process) -> bool:
    deadline = time.monotonic() + 30
    while process.returncode is None and time.monotonic() < deadline:
        try:
            await client.get("/health")
        except httpx2.TransportError:
            await asyncio.sleep(0.05)
        else:
            return True
    return False
