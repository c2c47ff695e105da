"""The code of the guides does what they say, on a real PostgreSQL."""

import asyncio
import importlib.util
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import NullPool, event
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from groundrules import postgres

ROOT = Path(__file__).resolve().parents[2]
BOOKS = 5


def _example() -> Any:
    place = ROOT / "docs" / "examples" / "relationships.py"
    spec = importlib.util.spec_from_file_location("relationships", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


EXAMPLE = _example()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = postgres.ensure(ROOT)
    name = postgres.run_name("guides")
    asyncio.run(postgres.create_database(server, name))
    yield server.url_for(name)
    asyncio.run(postgres.drop_database(server, name))


@pytest.fixture
async def engine(url: str) -> AsyncIterator[AsyncEngine]:
    """An engine for tables with a loan of each of five books."""
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.run_sync(EXAMPLE.Base.metadata.drop_all)
        await connection.run_sync(EXAMPLE.Base.metadata.create_all)
    async with AsyncSession(engine) as db:
        books = [EXAMPLE.Book(title=f"Book {number}") for number in range(BOOKS)]
        db.add_all([*books, *(EXAMPLE.Loan(book=book) for book in books)])
        await db.commit()
    yield engine
    await engine.dispose()


@pytest.mark.parametrize(
    ("function", "statements"),
    [("titles_one_by_one", 1 + BOOKS), ("titles_joined", 1), ("loans_by_title", 2)],
)
async def test_it_sends_as_many_statements_as_the_guide_says(
    function: str, statements: int, engine: AsyncEngine
) -> None:
    sent: list[str] = []
    event.listen(
        engine.sync_engine, "before_cursor_execute", lambda *given: sent.append(str(given[2]))
    )
    async with AsyncSession(engine) as db:
        found = await getattr(EXAMPLE, function)(db)

    assert [str(each) for each in found] == [f"Book {number}" for number in range(BOOKS)]
    assert (
        len([each for each in sent if each.startswith("SELECT") and "FROM" in each]) == statements
    )


async def test_an_unloaded_relationship_raises_where_it_is_touched(engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as db:
        with pytest.raises(
            InvalidRequestError, match=r"'Loan\.book' is not available due to lazy='raise'"
        ):
            await EXAMPLE.titles_unloaded(db)
