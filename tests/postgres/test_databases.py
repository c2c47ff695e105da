"""Databases of the tool's own, and those that killed runs left."""

import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from groundrules import postgres
from groundrules.postgres import PostgresError, Server

ENDED = "_999999999_"  # more than the number of any process


@asynccontextmanager
async def connected(server: Server, database: str) -> AsyncIterator[Any]:
    session = await asyncpg.connect(server.dsn_for(database))
    try:
        yield session
    finally:
        session.terminate()


async def names(server: Server) -> set[str]:
    async with connected(server, "postgres") as session:
        rows = await session.fetch(
            "SELECT datname FROM pg_database WHERE datname LIKE 'groundrules%'"
        )
    return {row["datname"] for row in rows}


@pytest.fixture(autouse=True)
async def _dropped(server: Server) -> AsyncIterator[None]:
    yield
    for name in await names(server):
        await postgres.drop_database(server, name)


async def test_a_copy_holds_what_its_template_holds(server: Server) -> None:
    await postgres.create_database(server, "groundrules_template")
    async with connected(server, "groundrules_template") as session:
        await session.execute("CREATE TABLE books (title text)")

    await postgres.create_database(server, "groundrules_copy", template="groundrules_template")

    async with connected(server, "groundrules_copy") as session:
        assert await session.fetchval("SELECT count(*) FROM books") == 0


async def test_a_new_database_holds_nothing_of_what_others_put_into_the_servers_own(
    server: Server,
) -> None:
    await postgres.create_database(server, "groundrules_fresh")

    async with connected(server, "groundrules_fresh") as session:
        assert await session.fetchval("SHOW server_encoding") == "UTF8"
        assert (
            await session.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
            == 0
        )


async def test_a_database_is_dropped_under_its_connections(server: Server) -> None:
    await postgres.create_database(server, "groundrules_used")
    async with connected(server, "groundrules_used"):
        await postgres.drop_database(server, "groundrules_used")

    assert await names(server) == set()


async def test_dropping_what_is_not_there_is_no_error(server: Server) -> None:
    await postgres.drop_database(server, "groundrules_never")


@pytest.mark.parametrize(
    "name",
    [
        "postgres",
        "library",
        "groundrules",
        "Groundrules_x",
        'groundrules_"x',
        "groundrules_" + "x" * 52,
    ],
)
async def test_only_names_of_the_tools_own_are_touched(server: Server, name: str) -> None:
    with pytest.raises(ValueError, match="only databases named groundrules_"):
        await postgres.create_database(server, name)
    with pytest.raises(ValueError, match="only databases named groundrules_"):
        await postgres.drop_database(server, name)
    with pytest.raises(ValueError, match="only databases named groundrules_"):
        await postgres.create_database(server, "groundrules_copy", template=name)


async def test_a_database_that_is_there_already_is_one_sentence(server: Server) -> None:
    await postgres.create_database(server, "groundrules_twice")

    with pytest.raises(PostgresError, match="already exists"):
        await postgres.create_database(server, "groundrules_twice")


async def test_ensuring_a_database_makes_it_once(server: Server) -> None:
    await postgres.ensure_database(server, "groundrules_dev")
    await postgres.ensure_database(server, "groundrules_dev")

    assert await names(server) == {"groundrules_dev"}


async def test_the_databases_of_a_killed_run_are_dropped(server: Server) -> None:
    code = (
        "from groundrules import postgres; print(postgres.run_name('suite'), flush=True); input()"
    )
    with subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout
        name = run.stdout.readline().strip()
        await postgres.create_database(server, name)
        assert await postgres.drop_leftovers(server) == []
        run.kill()

    assert await postgres.drop_leftovers(server) == [name]
    assert await names(server) == set()


async def test_the_databases_of_this_run_and_those_to_keep_stay(server: Server) -> None:
    kept = {postgres.run_name("suite"), "groundrules_dev", "groundrules_run_of_mine"}
    for name in kept:
        await postgres.create_database(server, name)

    assert await postgres.drop_leftovers(server) == []
    assert await names(server) == kept


async def test_another_machines_databases_stay_for_a_day(server: Server) -> None:
    def made(ago: float) -> str:
        return f"groundrules_run_000000{ENDED}{int(time.time() - ago):x}_suite"

    fresh, old = made(ago=60), made(ago=25 * 3600)
    for name in (fresh, old):
        await postgres.create_database(server, name)

    assert await postgres.drop_leftovers(server) == [old]
    assert await names(server) == {fresh}


async def test_a_process_number_that_is_in_use_again_does_not_keep_a_database_for_ever(
    server: Server,
) -> None:
    mine = postgres.run_name("suite").split("_")
    mine[4] = f"{int(time.time()) - 25 * 3600:x}"
    old = "_".join(mine)
    await postgres.create_database(server, old)

    assert await postgres.drop_leftovers(server) == [old]


async def test_a_runs_name_has_room_for_its_label() -> None:
    assert len(postgres.run_name("x" * 16)) <= 63
