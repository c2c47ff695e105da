"""Task 02.5: a clean start and a clean end."""

import asyncio

import pytest

from groundrules.testing import task
from groundrules.testing.app import App
from groundrules.testing.database import Database

HEALTH = "/api/v1/health"


@task("02.5", "starts-without-database")
@pytest.mark.parametrize("how", ["is down", "rejects connections", "stays silent"])
async def test_it_starts_while_the_database_is_away(app: App, database: Database, how: str) -> None:
    await app.must_start()

    async with database.proxy() as way:
        if how == "is down":
            await way.close()
        elif how == "stays silent":
            way.block()
        name = "nowhere" if how == "rejects connections" else database.name
        async with app.started(DATABASE_URL=way.url_for(name)) as other:
            refusal = await other.start_failure()

    assert refusal is None, f"The application must start while the database {how}: {refusal}"


@task("02.5", "disposed")
async def test_no_connection_is_left_after_shut_down(app: App, database: Database) -> None:
    async with (
        database.proxy() as way,
        app.started(DATABASE_URL=way.url_for(database.name)) as other,
    ):
        await asyncio.gather(*(other.get(HEALTH) for _ in range(3)))
        assert way.taken > 0, (
            f"GET {HEALTH} never connected to the database: it must await ping(db), as 02.4 asks."
        )
        await other.shut_down()
        for _ in range(20):
            if way.open_connections == 0:
                break
            await asyncio.sleep(0.02)
        left = way.open_connections

    assert left == 0, (
        f"{left} connections are left after shutdown: the lifespan must dispose of the engine "
        "that is in use, and await that."
    )
