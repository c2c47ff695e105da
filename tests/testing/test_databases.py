"""What one submission does to the database stays in its own, and is gone after the run."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import Future, wait
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from groundrules import postgres
from groundrules.postgres import Server
from groundrules.testing.background import Background
from groundrules.testing.database import Database, Databases
from groundrules.testing.runner import Patience
from groundrules.testing.sites import Sites, Tables

ROOT = Path(__file__).resolve().parents[2]
SPOILING = [
    "ALTER ROLE CURRENT_USER SET default_transaction_read_only = on",
    "ALTER ROLE CURRENT_USER SET statement_timeout = '1ms'",
    "ALTER ROLE CURRENT_USER SET search_path = 'pg_catalog'",
    "ALTER ROLE CURRENT_USER SET default_transaction_isolation = 'serializable'",
    "ALTER ROLE CURRENT_USER SET TimeZone = 'Asia/Tokyo'",
    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', "
    "current_database()); END $$",
    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = mine, public, pg_catalog', "
    "current_database()); END $$; CREATE SCHEMA mine; "
    "CREATE VIEW mine.pg_stat_activity AS SELECT * FROM pg_catalog.pg_stat_activity WHERE false",
]
FORBIDDEN = [
    "ALTER ROLE groundrules SET default_transaction_read_only = on",
    "ALTER ROLE groundrules PASSWORD 'mine'",
    "ALTER ROLE CURRENT_USER CREATEDB",
    "CREATE ROLE another",
    "CREATE DATABASE another",
    "ALTER DATABASE postgres SET statement_timeout = '1ms'",
    "ALTER SYSTEM SET work_mem = '1MB'",
    "SET ROLE groundrules",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "DROP DATABASE groundrules_dev",
]


@pytest.fixture(scope="module")
def server() -> Server:
    return postgres.ensure(ROOT)


@pytest.fixture
async def databases(server: Server) -> AsyncIterator[Databases]:
    background = Background()
    made = Databases(background, ROOT)
    yield made
    await asyncio.to_thread(made.drop)
    background.close()


@pytest.fixture
async def database(databases: Databases) -> Database:
    """A database as a suite has it, with one table."""
    made = await databases.create("suite")
    await made.execute("CREATE TABLE books (title text)")
    return made


def dsn(database: Database, name: str | None = None) -> str:
    """The URL that the application has, as asyncpg wants it; of another database if one is named."""
    own = database.url.replace("+asyncpg", "").replace("@localhost/", "@/")
    return own.replace(f"/{database.name}?", f"/{name}?") if name else own


async def as_judged(database: Database, statement: str) -> Any:
    """Do what the application under test could do: with its URL, and nothing else."""
    session = await asyncpg.connect(dsn(database))
    try:
        return await session.execute(statement)
    finally:
        await session.close()


@pytest.mark.parametrize("statement", SPOILING)
async def test_settings_of_the_judged_do_not_reach_the_tests(
    database: Database, statement: str
) -> None:
    await as_judged(database, statement)
    await database.close()  # settings count from the next connection on

    await database.execute("INSERT INTO books VALUES ('Emma')")
    await database.empty()
    async with database.session() as other:
        assert await other.fetchval("SELECT count(*) FROM books") == 0
        assert await other.fetchval("SHOW transaction_isolation") == "read committed"
        assert await other.fetchval("SELECT now()::text LIKE '%+00'")
    idle = await asyncpg.connect(dsn(database))
    assert await database.connections() == 1
    await idle.close()


@pytest.mark.parametrize("statement", FORBIDDEN)
async def test_nothing_else_can_be_changed(database: Database, statement: str) -> None:
    with pytest.raises(asyncpg.PostgresError):
        await as_judged(database, statement)


async def test_a_trigger_of_the_judged_has_no_more_rights_in_a_test(database: Database) -> None:
    await as_judged(
        database,
        "CREATE FUNCTION rise() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN EXECUTE 'CREATE ROLE risen'; RETURN NEW; END $$; "
        "CREATE TRIGGER rise BEFORE INSERT ON books FOR EACH ROW EXECUTE FUNCTION rise()",
    )

    with database.refuses("42501", message="The trigger made a role."):
        await database.execute("INSERT INTO books VALUES ('Emma')")


async def test_no_other_database_can_be_entered(databases: Databases, server: Server) -> None:
    await postgres.ensure_database(server, "groundrules_dev")
    other = Databases(Background(), ROOT)
    mine, theirs = await databases.create("mine"), await other.create("theirs")

    for name in ("groundrules_dev", theirs.name):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(dsn(mine, name))
    await asyncio.to_thread(other.drop)


async def test_the_tools_own_role_asks_for_its_password(database: Database, server: Server) -> None:
    with pytest.raises(asyncpg.PostgresError):
        await asyncpg.connect(
            user=server.role, host=server.host, port=server.port, database="postgres", password=""
        )


async def test_a_guest_acts_as_the_role_of_the_run_under_a_name_that_must_be_escaped(
    databases: Databases, database: Database
) -> None:
    async with databases.guest(database) as url:
        plain = url.replace("+asyncpg", "").replace("@localhost/", "@/")
        session = await asyncpg.connect(plain)
        who = await session.fetchrow("SELECT session_user AS name, current_user AS acts_as")
        await session.execute("CREATE TABLE loans (id bigint)")
        await session.close()
        assert all(f"%{ord(each):02X}" in url for each in "@:/%?# ")

    assert "@:%" in who["name"]
    assert who["acts_as"] == await database.fetchval("SELECT current_user")
    assert await database.tables() == {"books", "loans"}
    assert not await database.fetchval(
        "SELECT count(*) FROM pg_roles WHERE rolname = $1", who["name"]
    )


async def test_a_run_leaves_no_role_and_no_database(server: Server) -> None:
    before = await names_of(server, os.getpid())
    background = Background()
    databases = Databases(background, ROOT)
    name = (await databases.create("suite")).name
    assert name in await names_of(server, os.getpid())

    await asyncio.to_thread(databases.drop)
    background.close()

    assert await names_of(server, os.getpid()) == before


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
async def test_what_a_killed_run_left_is_gone_after_the_next(server: Server) -> None:
    killed = (
        "import asyncio, os\nfrom pathlib import Path\n"
        "from groundrules.testing.background import Background\n"
        "from groundrules.testing.database import Databases\n"
        f"made = asyncio.run(Databases(Background(), Path({str(ROOT)!r})).create('killed'))\n"
        "print(made.name, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", killed, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert f"_{process.pid}_" in out.decode()

    await postgres.drop_leftovers(server)

    assert await names_of(server, process.pid) == set()


async def names_of(server: Server, pid: int) -> set[str]:
    """Return the databases and roles that a process has made; others may use the server, too."""
    session = await asyncpg.connect(server.dsn_for("postgres"))
    rows = await session.fetch(
        "SELECT datname AS name FROM pg_database UNION SELECT rolname FROM pg_roles"
    )
    await session.close()
    return {row["name"] for row in rows if f"_{pid}_" in row["name"]}


def test_a_template_and_its_copies_belong_to_one_role(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that is quicker than the one that began its work must not make a role of its own."""
    used = []

    async def make_template(sites: Sites, tables: Tables) -> str:
        used.append(sites._of_the_run())
        return "template"

    def begin(background: Background, work: Coroutine[Any, Any, Any]) -> "Future[Any]":
        future = asyncio.run_coroutine_threadsafe(work, background._loop)
        wait([future], 10)
        return future

    monkeypatch.setattr(Sites, "_make_template", make_template)
    monkeypatch.setattr(Background, "begin", begin)
    launcher: Any = None  # nothing is served
    sites = Sites(launcher, ROOT, ROOT, ROOT, Patience())

    sites.prepare(Tables.MIGRATIONS)

    assert used == [sites._of_the_run()]
    sites.close()
