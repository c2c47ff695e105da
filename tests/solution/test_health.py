"""The health route, and what is answered while the database is gone."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from app.api.deps import get_db
from app.core.database import get_engine

NOWHERE = "postgresql+asyncpg://nobody@localhost:1/nothing"


@pytest.fixture
async def client_without_database(
    application: FastAPI, client: httpx2.AsyncClient
) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of an application whose database is on a port where nothing listens."""
    engine = create_async_engine(NOWHERE)

    async def get_lost_db() -> AsyncIterator[AsyncSession]:
        async with AsyncSession(engine) as session:
            yield session

    application.dependency_overrides[get_db] = get_lost_db
    yield client
    await engine.dispose()


async def test_health_tells_of_application_and_database(client: httpx2.AsyncClient) -> None:
    response = await client.get("/health")

    assert response.status_code == 200
    assert response.json() == {"status": "ok", "database": "ok"}


async def test_requests_get_sessions_of_the_one_engine(
    committing_client: httpx2.AsyncClient,
) -> None:
    answers = [await committing_client.get("/health") for _ in range(2)]

    assert [answer.json()["database"] for answer in answers] == ["ok", "ok"]
    assert "Connections in pool: 1" in get_engine().pool.status()


async def test_a_connection_that_died_while_idle_is_replaced(
    committing_client: httpx2.AsyncClient, db: AsyncSession
) -> None:
    await committing_client.get("/health")
    others = "datname = current_database() AND pid <> pg_backend_pid()"
    await db.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"))

    response = await committing_client.get("/books/")

    assert response.status_code == 200


async def test_errors_do_not_show_the_parameters_of_a_query(database_url: str) -> None:
    async with get_engine().connect() as connection:
        with pytest.raises(DBAPIError) as error:
            await connection.execute(
                text("SELECT CAST(:secret AS text) FROM nowhere"), {"secret": "geheim"}
            )
    await get_engine().dispose()

    assert "geheim" not in str(error.value)


async def test_health_names_a_database_that_is_gone(
    client_without_database: httpx2.AsyncClient,
) -> None:
    response = await client_without_database.get("/health")

    assert response.status_code == 200
    assert response.json() == {"status": "ok", "database": "unreachable"}


async def test_other_requests_answer_503_and_no_internals(
    client_without_database: httpx2.AsyncClient,
) -> None:
    response = await client_without_database.get("/books/")

    assert response.status_code == 503
    assert response.json() == {"detail": "The database cannot be reached. Try again later."}
    assert "Retry-After" in response.headers


class DriverError(Exception):
    """What asyncpg raises."""

    def __init__(self, sqlstate: str | None) -> None:
        self.sqlstate = sqlstate


@pytest.mark.usefixtures("application")
@pytest.mark.parametrize(
    ("error", "lost"),
    [
        (OSError(), True),
        (PoolTimeoutError(), True),
        (DBAPIError("SELECT 1", {}, DriverError("57P01")), True),
        (DBAPIError("SELECT 1", {}, DriverError("40P01")), True),
        (DBAPIError("SELECT 1", {}, DriverError(None), connection_invalidated=True), True),
        (DBAPIError("SELECT 1", {}, DriverError(None)), False),
        (IntegrityError("INSERT", {}, DriverError("23505")), False),
    ],
    ids=["refused", "pool", "shutdown", "deadlock", "invalidated", "unknown", "violation"],
)
def test_a_database_in_trouble_is_told_from_a_mistake_of_ours(error: Exception, lost: bool) -> None:
    from app.main import is_lost

    assert is_lost(error) is lost


async def test_a_mistake_of_ours_is_not_answered_as_a_lost_database(
    application: FastAPI, client: httpx2.AsyncClient
) -> None:
    async def get_mistaken_db() -> AsyncIterator[AsyncSession]:
        raise IntegrityError("INSERT", {}, Exception())
        yield

    application.dependency_overrides[get_db] = get_mistaken_db

    with pytest.raises(IntegrityError):
        await client.get("/books/")
