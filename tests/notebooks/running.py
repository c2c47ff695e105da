"""Each notebook, run once for all tests of a process that look at what it gives."""

import asyncio
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from groundrules import postgres
from groundrules.notebooks.execution import execute
from groundrules.postgres.databases import connection

ROOT = Path(__file__).parents[2]


async def _databases() -> set[str]:
    async with connection(postgres.ensure(ROOT)) as session:
        rows = await session.fetch("SELECT datname FROM pg_database")
    return {row["datname"] for row in rows if row["datname"].endswith("_notebook")}


@cache
def executed(path: Path) -> tuple[Any, set[str]]:
    """Return a notebook with its outputs, and the databases that it left behind."""
    before = asyncio.run(_databases())
    with TemporaryDirectory() as elsewhere:
        notebook = execute(path, Path(elsewhere))
    return notebook, asyncio.run(_databases()) - before
