"""The database of a run, as the tests see it."""

import asyncio
import os
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from groundrules import postgres
from groundrules.testing.app import App
from groundrules.testing.background import Background
from groundrules.testing.database import Database, Databases, Refused
from groundrules.testing.runner import Patience
from groundrules.testing.sites import Site, Sites, Tables
from groundrules.worker.errors import MachineTrouble, Raised
from groundrules.worker.launcher import ForkLauncher
from tests.worker.conftest import ROOT, spot, write, write_shelf

NEW_BOOK = "INSERT INTO books (title, price, cover, notes) VALUES ($1, 1, '', '')"


async def test_rows_are_read_by_their_names(database: Database) -> None:
    await database.execute(NEW_BOOK, "Emma")
    await database.execute(NEW_BOOK, "Ulysses")

    rows = await database.fetch("SELECT title, price FROM books ORDER BY id")

    assert [row["title"] for row in rows] == ["Emma", "Ulysses"]
    assert (await database.fetchrow("SELECT title FROM books WHERE id = $1", 2))[
        "title"
    ] == "Ulysses"
    assert await database.fetchval("SELECT count(*) FROM books") == 2


async def test_its_tables_are_those_of_the_models(database: Database) -> None:
    assert await database.tables() == {"books", "readers"}


async def test_questions_may_be_asked_at_the_same_time(database: Database) -> None:
    asked = [database.fetchval("SELECT $1::int", number) for number in range(20)]

    assert await asyncio.gather(*asked) == list(range(20))


async def test_a_refused_statement_tells_the_constraint(database: Database) -> None:
    await database.execute(NEW_BOOK, "Emma")

    with pytest.raises(Refused, match=r"PostgreSQL rejects `UPDATE books SET taken_by") as refusal:
        await database.execute("UPDATE books SET taken_by = gen_random_uuid()")

    assert refusal.value.sqlstate == "23503"
    assert refusal.value.constraint == "books_taken_by_fkey"
    assert refusal.value.column is None


async def test_a_refused_statement_tells_the_column(database: Database) -> None:
    with pytest.raises(Refused) as refusal:
        await database.execute("INSERT INTO books (title, price) VALUES (NULL, 1)")

    assert (refusal.value.column, refusal.value.constraint) == ("title", None)


async def test_a_way_by_tcp_counts_who_only_knocks(database: Database) -> None:
    async with database.proxy(tcp=True) as way:
        before = await way.all_taken()
        address = urlsplit(way.url_for(database.name))
        with socket.create_connection((address.hostname, address.port), timeout=5):
            knocked = await way.all_taken()

    assert (before, knocked) == (0, 1)
    assert await database.fetchval("SELECT 1") == 1


async def test_a_refusal_that_is_expected_is_none(database: Database) -> None:
    with database.refuses(message="It takes it."):
        await database.execute("SELECT nothing")
    with database.refuses("42703", message="It takes it."):
        await database.execute("SELECT nothing")


async def test_an_expected_refusal_that_does_not_come_is_told(database: Database) -> None:
    with (
        pytest.raises(AssertionError, match=r"^It takes it."),
        database.refuses(message="It takes it."),
    ):
        await database.execute("SELECT 1")


async def test_a_refusal_of_another_kind_than_expected_is_told(database: Database) -> None:
    with (
        pytest.raises(Refused, match=r"nothing"),
        database.refuses("23505", message="It takes it."),
    ):
        await database.execute("SELECT nothing")


async def test_emptied_tables_count_from_one_again(database: Database) -> None:
    await database.execute(NEW_BOOK, "Emma")
    await database.empty()
    await database.execute(NEW_BOOK, "Ulysses")

    assert await database.fetchval("SELECT array_agg(id) FROM books") == [1]


async def test_tables_that_a_test_emptied_itself_count_from_one_again(database: Database) -> None:
    await database.execute(NEW_BOOK, "Emma")
    await database.execute("DELETE FROM books")
    await database.empty()
    await database.execute(NEW_BOOK, "Ulysses")

    assert await database.fetchval("SELECT array_agg(id) FROM books") == [1]


async def test_rows_that_no_sequence_numbered_are_emptied_too(database: Database) -> None:
    await database.execute("INSERT INTO readers VALUES (gen_random_uuid(), 'Ada')")
    await database.empty()

    assert await database.fetchval("SELECT count(*) FROM readers") == 0


@pytest.mark.parametrize(
    ("odd", "usual"),
    [
        pytest.param(
            "ALTER TABLE readers ADD favourite int REFERENCES books (id) DEFAULT 1",
            "ALTER TABLE readers DROP favourite",
            id="that refer to each other",
        ),
        pytest.param(
            """
            CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
            CREATE TRIGGER keep BEFORE DELETE ON books FOR EACH ROW EXECUTE FUNCTION keep()
            """,
            "DROP FUNCTION keep CASCADE",
            id="that a trigger keeps",
        ),
        pytest.param(
            """
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END';
            CREATE TRIGGER refuse BEFORE DELETE ON books FOR EACH ROW EXECUTE FUNCTION refuse()
            """,
            "DROP FUNCTION refuse CASCADE",
            id="that a trigger refuses to delete",
        ),
        pytest.param(
            "INSERT INTO books (title, price, cover, notes) "
            "SELECT 'Ulysses', 1, '', repeat('-', 90) FROM generate_series(1, 1000)",
            "SELECT",
            id="of which there are many",
        ),
    ],
)
async def test_odd_rows_are_emptied_too(database: Database, odd: str, usual: str) -> None:
    await database.execute(NEW_BOOK, "Emma")
    await database.execute(odd)
    try:
        await database.execute("INSERT INTO readers (id, name) VALUES (gen_random_uuid(), 'Ada')")
        await database.execute("UPDATE books SET taken_by = (SELECT id FROM readers)")
        await database.empty()
        left = await database.fetchval("SELECT count(*) FROM books, readers")
        await database.execute(NEW_BOOK, "Ulysses")
        first = await database.fetchval("SELECT min(id) FROM books")
    finally:
        await database.execute(usual)

    assert (left, first) == (0, 1)


async def test_what_another_session_has_not_committed_keeps_tables_from_being_emptied(
    database: Database,
) -> None:
    async with database.session() as other:
        await other.execute("BEGIN")
        await other.execute(NEW_BOOK, "Emma")
        with pytest.raises(Refused, match=r"lock timeout"):
            await database.empty()


async def test_connections_are_the_applications_alone(shelf: App, database: Database) -> None:
    assert await database.connections() == 0

    await asyncio.gather(*(shelf.services.shelf_service.sleep(seconds=0.1) for _ in range(3)))

    assert await database.connections() == 3


async def test_two_sessions_see_what_the_other_has_committed(database: Database) -> None:
    async with database.session() as other:
        await other.execute("BEGIN")
        await other.execute(NEW_BOOK, "Emma")
        before = await database.fetchval("SELECT count(*) FROM books")
        await other.execute("COMMIT")

        assert (before, await database.fetchval("SELECT count(*) FROM books")) == (0, 1)


async def test_a_lost_connection_is_made_anew(database: Database) -> None:
    async with database.session() as other:
        with pytest.raises(Refused, match=r"terminating connection"):
            await other.execute("SELECT pg_terminate_backend(pg_backend_pid())")

        assert await other.fetchval("SELECT 1") == 1


async def test_an_application_that_holds_a_lock_is_ended(
    shelf: App, site: Site, database: Database
) -> None:
    await database.execute(NEW_BOOK, "Emma")
    await shelf.services.shelf_service.keep_open()

    await site.clear()

    assert await database.fetchval("SELECT count(*) FROM books") == 0
    assert await shelf.core.database.ping() == 1


async def test_databases_are_dropped_at_the_end() -> None:
    background = Background()
    databases = Databases(background, ROOT)
    template = await databases.create("Template of it")
    await template.close()
    copy = await databases.create("copy", template=template.name)
    names = {template.name, copy.name}
    there = set(await databases_of_the_server())

    await asyncio.to_thread(databases.drop)
    background.close()

    assert names <= there
    assert not names & set(await databases_of_the_server())


async def test_what_a_killed_run_left_is_dropped_by_the_next() -> None:
    server = postgres.ensure(ROOT)
    nobody = "999999999"  # no process has this number
    left = postgres.run_name("left").replace(str(os.getpid()), nobody)
    await postgres.create_database(server, left)
    background = Background()
    databases = Databases(background, ROOT)
    await databases.create("any")

    await asyncio.to_thread(databases.drop)
    background.close()

    assert left not in await databases_of_the_server()


async def databases_of_the_server() -> list[str]:
    """Return the names of the databases that the tool made."""
    background = Background()
    database = Database(background, postgres.ensure(ROOT), "postgres")
    rows = await database.fetch("SELECT datname FROM pg_database")
    await database.close()
    background.close()
    return [row["datname"] for row in rows]


async def test_a_server_that_cannot_be_had_is_the_machines_trouble(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GROUNDRULES_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    background = Background()
    databases = Databases(background, ROOT)

    with pytest.raises(MachineTrouble, match=r"PostgreSQL .*127.0.0.1"):
        await databases.create("none")

    databases.drop()
    background.close()


async def test_models_that_cannot_be_imported_are_told_with_their_line(
    forks: ForkLauncher, sockets: Path, tmp_path: Path
) -> None:
    write_shelf(tmp_path)
    write(tmp_path, models__loan="from app.models.shelf import Shelf")
    sites = Sites(forks, ROOT, tmp_path, sockets, Patience())

    with pytest.raises(
        Raised, match=r"^Creating the tables of the models raised ModuleNotFound"
    ) as told:
        await asyncio.wrap_future(sites.begin(Tables.MODELS))

    assert spot(told.value) == "app/models/loan.py: from app.models.shelf import Shelf"
    sites.close()


async def test_a_run_without_a_database_starts_no_thread_for_one(
    forks: ForkLauncher, sockets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROUNDRULES_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    write(tmp_path, main="from fastapi import FastAPI\n\napp = FastAPI()")
    sites = Sites(forks, ROOT, tmp_path, sockets, Patience())

    site = sites.begin(Tables.NO_DATABASE).result(0)

    app = App(site.runner)
    assert (await app.get("/openapi.json")).status_code == 200
    assert site.database is None
    assert sites._background is None
    await app.close()
    sites.close()
