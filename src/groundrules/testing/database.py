"""The databases of a run, and what a test asks of one."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeVar

from groundrules import postgres
from groundrules.testing.background import Background
from groundrules.testing.proxy import Proxy, proxy_to, short_temporary_folder
from groundrules.worker.errors import MachineTrouble

if TYPE_CHECKING:
    import asyncpg

T = TypeVar("T")

# TRUNCATE makes new files, which takes fifty times as long as to delete a few rows. It is kept for rows that
# cannot be deleted in this order, and for a table that has grown: what was deleted is still read over.
EMPTY_ALL = """
DO $$
DECLARE
    used boolean;
    name text;
    names text[];
    grown boolean := false;
BEGIN
    PERFORM set_config('lock_timeout', '1s', true);
    used := EXISTS (SELECT FROM pg_sequences WHERE last_value IS NOT NULL);
    FOR name IN
        SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND c.relname <> 'alembic_version'
            AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
        ORDER BY (SELECT count(*) FROM pg_constraint f WHERE f.confrelid = c.oid AND f.conrelid <> c.oid)
    LOOP
        names := names || name;
        grown := grown OR pg_relation_size(name::regclass) > 65536;
        IF NOT used THEN
            EXECUTE 'SELECT EXISTS (SELECT FROM ' || name || ')' INTO used;
        END IF;
    END LOOP;
    IF NOT used OR names IS NULL THEN
        RETURN;
    END IF;
    EXECUTE 'LOCK TABLE ' || array_to_string(names, ', ');  -- nobody is in the middle of anything
    BEGIN
        ASSERT NOT grown;
        FOREACH name IN ARRAY names LOOP
            EXECUTE 'DELETE FROM ' || name;
        END LOOP;
        FOREACH name IN ARRAY names LOOP
            EXECUTE 'SELECT EXISTS (SELECT FROM ' || name || ')' INTO used;
            ASSERT NOT used;
        END LOOP;
        PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
            FROM pg_sequences;
    EXCEPTION WHEN ASSERT_FAILURE OR OTHERS THEN
        EXECUTE 'TRUNCATE ' || array_to_string(names, ', ') || ' RESTART IDENTITY CASCADE';
    END;
END $$
"""
# Whatever a role that may do nothing else has made in a database that it owns, it can take away.
DROP_ALL = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend';
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I RESET ALL', current_database()); END $$;
DROP OWNED BY CURRENT_USER CASCADE;
CREATE SCHEMA IF NOT EXISTS public;
"""
CONNECTIONS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend'
    AND state LIKE $1 AND pid <> ALL($2)
"""
WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend'
    AND wait_event_type = 'Lock' AND pid <> ALL($1)
"""


class Refused(AssertionError):
    """PostgreSQL refused a statement of a test.

    :ivar sqlstate: the code of the error, as `23505`.
    :ivar constraint: the name of the constraint that was violated, if it is one.
    :ivar column: the name of the column that it is about, if PostgreSQL names one.
    """

    def __init__(self, error: "asyncpg.PostgresError", statement: str) -> None:
        shown = " ".join(statement.split())
        shown = shown if len(shown) <= 60 else f"{shown[:59]}…"
        super().__init__(f"PostgreSQL rejects `{shown}`: {error.args[0].rstrip('.')}.")
        self.sqlstate: str = error.sqlstate
        self.constraint: str | None = getattr(error, "constraint_name", None)
        self.column: str | None = getattr(error, "column_name", None)


class Session:
    """A connection to a database.

    :param connect: makes the connection, when it is first needed or was lost.
    """

    def __init__(
        self, background: Background, connect: Callable[[], Awaitable["asyncpg.Connection"]]
    ) -> None:
        self._background = background
        self._connect = connect
        self._connection: asyncpg.Connection | None = None
        self._lock = asyncio.Lock()  # of the background's loop

    async def fetch(self, statement: str, *values: Any) -> list[Any]:
        """Return all rows of a query; `$1` and so on stand for `values`.

        A row's columns are found by name, as in `row["email"]`. Raises `Refused`, as all of these do.
        """
        rows: list[Any] = await self._do("fetch", statement, *values)
        return rows

    async def fetchrow(self, statement: str, *values: Any) -> Any:
        """Return the first row of a query, or None."""
        return await self._do("fetchrow", statement, *values)

    async def fetchval(self, statement: str, *values: Any) -> Any:
        """Return the first column of the first row of a query, or None."""
        return await self._do("fetchval", statement, *values)

    async def execute(self, statement: str, *values: Any) -> None:
        """Execute a statement; without values, it may be several."""
        await self._do("execute", statement, *values)

    async def close(self) -> None:
        """Close the connection; what comes next makes a new one."""
        await self._background.do(self._close())

    async def _do(self, method: str, statement: str, *values: Any) -> Any:
        return await self._background.do(self._run(method, statement, *values))

    async def _run(self, method: str, statement: str, *values: Any) -> Any:
        import asyncpg

        async with self._lock:
            if self._connection is None or self._connection.is_closed():
                self._connection = await self._connect()
            try:
                return await getattr(self._connection, method)(statement, *values)
            except asyncpg.PostgresError as error:
                raise Refused(error, statement) from None

    async def _close(self) -> None:
        async with self._lock:
            if self._connection is not None:
                await self._connection.close(timeout=5)
                self._connection = None


class Database(Session):
    """A database, and a connection to it that a test uses.

    :param sockets: the folder for Unix sockets that the application can reach; any short one by default.
    :ivar url: its URL for SQLAlchemy, as in DATABASE_URL.
    """

    def __init__(
        self,
        background: Background,
        server: postgres.Server,
        name: str,
        sockets: Path | str | None = None,
    ) -> None:
        super().__init__(background, self._new_connection)
        self._server = server
        self._sockets = sockets or short_temporary_folder()
        self._own: list[int] = []  # the server's processes that serve the tests
        self.name = name
        self.url = server.url_for(name)

    async def tables(self) -> set[str]:
        """Return the names of all tables in it."""
        rows = await self.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {row["tablename"] for row in rows}

    async def connections(self, state: str = "%") -> int:
        """Return how many connections to it there are beside the tests' own, in a state like `idle%`."""
        return int(await self.fetchval(CONNECTIONS, state, self._own))

    async def left(self, state: str) -> int:
        """Return how many connections stay in a state: those that still leave it have a second for that."""
        for _ in range(50):
            if await self.connections(state) == 0:
                return 0
            await asyncio.sleep(0.02)
        return await self.connections(state)

    async def waiting(self) -> int:
        """Return how many connections beside the tests' own wait for a lock."""
        return int(await self.fetchval(WAITING, self._own))

    @asynccontextmanager
    async def proxy(self, *, tcp: bool = False) -> AsyncIterator[Proxy]:
        """Open a way to it that the test can close and block; its URL is `proxy.url_for(database.name)`.

        It is a Unix socket if the server listens on one, or a port with `tcp`.
        """
        with TemporaryDirectory(dir=self._sockets) as name:
            folder = Path(name) if self._server.host.startswith("/") and not tcp else None
            async with proxy_to(self._server, folder) as proxy:
                yield proxy

    @contextmanager
    def refuses(self, *sqlstates: str, message: str) -> Iterator[None]:
        """Expect PostgreSQL to refuse what is done inside, with one of these codes if any are given.

        `message` is what the trainee is told if it takes everything.
        """
        try:
            yield
        except Refused as refusal:
            if sqlstates and refusal.sqlstate not in sqlstates:
                raise
        else:
            raise AssertionError(message)

    async def empty(self) -> None:
        """Delete every row and start every sequence anew; raise `Refused` if somebody holds a lock."""
        await self.execute(EMPTY_ALL)

    async def drop_all(self) -> None:
        """Make it as new: end other connections and drop whatever was made in it; raises `Refused`."""
        await self.execute(DROP_ALL)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """Open another connection, for what takes two: a lock that somebody else waits for, say."""
        session = Session(self._background, self._new_connection)
        try:
            yield session
        finally:
            await session.close()

    async def _new_connection(self) -> "asyncpg.Connection":
        import asyncpg

        try:
            connection = await asyncpg.connect(
                self._server.dsn_for(self.name), timeout=10, server_settings=postgres.SETTINGS
            )
        except (OSError, asyncpg.PostgresError) as error:
            raise MachineTrouble(
                f"The tests cannot connect to their database: {error or 'no response in time'}."
            ) from None
        self._own.append(connection.get_server_pid())
        return connection


@dataclass(frozen=True)
class Role:
    """The role of one run, which owns its databases.

    :ivar tool: the server as it is to the tool.
    :ivar own: the server as it is to the role.
    :ivar server_started: when the server was started.
    """

    tool: postgres.Server
    own: postgres.Server
    server_started: Any


class Databases:
    """Makes the databases of one run, which a role of its own owns, and drops both at its end.

    Everything that concerns these databases is done as that role, the tests' own questions too: what judged
    code has attached to its tables is never run with more rights than it has itself.

    :param root: the root of the course, whose server is used.
    :param role: the role, if there is one already.
    :param sockets: see `Database`.
    """

    def __init__(
        self,
        background: Background,
        root: Path,
        role: Role | None = None,
        sockets: Path | None = None,
    ) -> None:
        self._background = background
        self._sockets = sockets
        self._token = secrets.token_hex(2)
        self._numbers = count()
        self._left_over: asyncio.Task[list[str]] | None = None
        self.role: Future[Role] = Future()
        if role is not None:
            self.role.set_result(role)
        else:
            self.role = background.begin(self._create_role(root))

    async def create(self, label: str, *, template: str | None = None) -> Database:
        """Create a database, a copy of the one named `template` if that is given.

        `label` becomes a part of its name, for who looks at the server. Raises `MachineTrouble`.
        """
        return await self._background.do(self._create(label, template))

    def trouble(self) -> str | None:
        """Return in one sentence what is wrong with the server, if it does not run as it did; wait for it."""
        try:
            return self._background.begin(self._trouble()).result(30)
        except Exception as error:
            return f"PostgreSQL does not respond ({error})."

    async def _trouble(self) -> str | None:
        role = await asyncio.wrap_future(self.role)
        if await start_of(role.tool) != role.server_started:
            return "PostgreSQL was restarted during the run."
        return None

    async def known(self, name: str) -> Database:
        """Return a database of the role that is there already."""
        role = await asyncio.wrap_future(self.role)
        return Database(self._background, role.own, name, self._sockets)

    @asynccontextmanager
    async def guest(self, database: Database) -> AsyncIterator[str]:
        """Let another role into a database, and yield its URL, in which name and password are escaped."""
        guest = await self._background.do(self._admit())
        try:
            yield guest.url_for(database.name)
        finally:
            await self._background.do(self._dismiss(guest))

    async def settle(self) -> None:
        """Wait until what killed runs left on the server is dropped."""
        if self._left_over is not None:
            with suppress(postgres.PostgresError):
                await self._left_over

    def drop(self) -> None:
        """Drop the role and every database of it."""
        with suppress(Exception):  # the next run drops what this one left
            self._background.begin(self._drop()).result(30)

    async def _create(self, label: str, template: str | None) -> Database:
        role = await asyncio.wrap_future(self.role)
        short = re.sub(r"\W", "_", label.lower())[:12]
        name = postgres.run_name(f"{self._token}_{next(self._numbers)}_{short}")
        with _trouble():
            await postgres.create_database(role.tool, name, template=template, owner=role.own.role)
        return Database(self._background, role.own, name, self._sockets)

    async def _admit(self) -> postgres.Server:
        role = await asyncio.wrap_future(self.role)
        name = postgres.run_name(f"g{secrets.token_hex(3)}@:%")
        with _trouble():
            return await postgres.create_guest(role.tool, name, of=role.own.role)

    async def _dismiss(self, guest: postgres.Server) -> None:
        role = await asyncio.wrap_future(self.role)
        with _trouble():
            await postgres.drop_role(role.tool, guest.role)

    async def _create_role(self, root: Path) -> Role:
        with _trouble():
            server = await asyncio.to_thread(postgres.ensure, root)
            started = await start_of(server)
            self._left_over = asyncio.create_task(postgres.drop_leftovers(server))
            name = postgres.run_name(f"r{secrets.token_hex(3)}")
            return Role(server, await postgres.create_role(server, name), started)

    async def _drop(self) -> None:
        role = await asyncio.wrap_future(self.role)
        await self.settle()
        names = await postgres.databases_of(role.tool, role.own.role)
        await asyncio.gather(*(postgres.drop_database(role.tool, name) for name in names))
        await postgres.drop_role(role.tool, role.own.role)


async def start_of(server: postgres.Server) -> Any:
    """Return when the server was started."""
    async with postgres.connection(server) as session:
        return await session.fetchval("SELECT pg_postmaster_start_time()")


@contextmanager
def _trouble() -> Iterator[None]:
    """Tell what is wrong with the server as the machine's trouble."""
    try:
        yield
    except postgres.PostgresError as error:
        raise MachineTrouble(str(error)) from None
