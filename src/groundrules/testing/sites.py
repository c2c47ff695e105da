"""The application as the suites of some steps run it: its process, its environment and its database."""

import asyncio
import json
import secrets
from collections.abc import Mapping
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from groundrules.testing.background import Background
from groundrules.testing.database import Database, Databases, Refused, Role
from groundrules.testing.migrations import Migrations, create_tables
from groundrules.testing.runner import Patience, Runner
from groundrules.testing.stock import Stock, key_of
from groundrules.worker.errors import MachineTrouble, Raised, WorkerError
from groundrules.worker.launcher import Launcher


class Tables(Enum):
    """Where the tables of a suite's database come from."""

    NO_DATABASE = "no database"
    NONE = "none"
    MODELS = "the models"
    MIGRATIONS = "the migrations"


class TablesMissing(Exception):
    """The migrations do not make the tables; the text says in a few words what they do instead."""


@dataclass(frozen=True)
class Site:
    """An application that is served, and its database if it has one."""

    runner: Runner
    database: Database | None

    async def clear(self) -> None:
        """Empty the database, and end a process that keeps it from being emptied."""
        if self.database is None:
            return
        try:
            await self.database.empty()
        except Refused:
            await self.runner.end()
            await self.database.empty()


@dataclass(frozen=True)
class Prepared:
    """What one process has made for itself and its forks.

    :ivar role: the role of the run; None if nothing asked for a database, or the server is not there.
    :ivar templates: the names of databases to copy; None where an empty one is wanted.
    :ivar stock: databases that were made before, if there are any.
    """

    role: Role | None
    templates: dict[Tables, "Future[str | None]"]
    stock: Stock | None = None


class Sites:
    """The sites of one process, each made once.

    :param root: the root of the course.
    :param folder: the folder that holds the `app` package.
    :param sockets: a short folder for Unix sockets.
    :param prepared: what was made for it beforehand.
    :param shared: whether that belongs to another process, which drops it.
    :param lane: which of the processes that have databases of their own this is.
    """

    def __init__(
        self,
        launcher: Launcher,
        root: Path,
        folder: Path,
        sockets: Path,
        patience: Patience,
        *,
        terminal: bool = False,
        prepared: Prepared | None = None,
        shared: bool = False,
        lane: int = 0,
    ) -> None:
        self._launcher = launcher
        self._root = root
        self._folder = folder
        self._sockets = sockets
        self._patience = patience
        self._terminal = terminal
        self._sites: dict[Tables, Future[Site]] = {}
        self._given_back: list[Database] = []
        self._keys: dict[Tables, str] = {}
        self._prepared = prepared or Prepared(None, {})
        self._shared = shared
        self._lane = lane
        self._background: Background | None = None
        self._databases: Databases | None = None

    def prepare(self, tables: Tables) -> "Future[str | None]":
        """Begin to make the database that those of a kind of site are copies of; nobody waits for it here."""
        if tables is not Tables.NO_DATABASE:
            self._of_the_run()  # before the thread needs it, which would make another, with a role of its own
        templates = self._prepared.templates
        if tables not in templates:
            if tables in (Tables.NO_DATABASE, Tables.NONE):
                templates[tables] = Future()
                templates[tables].set_result(None)
            elif self._stock is not None and self._key(tables) == self._stock.key:
                templates[tables] = Future()
                templates[tables].set_result(self._stock.template)
            else:
                templates[tables] = self._thread().begin(self._make_template(tables))
        return templates[tables]

    def begin(self, tables: Tables) -> "Future[Site]":
        """Begin to make a site, unless that was begun before; nobody waits for it here."""
        if tables not in self._sites:
            if tables is Tables.NO_DATABASE:
                self._sites[tables] = Future()
                self._sites[tables].set_result(self._served(None))
            else:
                template = self.prepare(tables)
                self._sites[tables] = self._thread().begin(self._make(template))
        return self._sites[tables]

    def hand_over(self) -> Prepared:
        """Wait for what is being prepared, end this object's thread, and return what others go on with."""
        wait(self._prepared.templates.values())
        role = self._prepared.role
        if self._databases is not None and self._background is not None:
            self._background.begin(self._databases.settle()).result()
            with suppress(MachineTrouble):  # whoever needs a database will meet it again
                role = self._databases.role.result()
        self._end_thread()
        return Prepared(role, self._prepared.templates, self._stock)

    async def migrations(self) -> Migrations:
        """Return the migrations with a new and empty database."""
        database = await self._empty()
        return self._migrations_of(database, self._runner(_environment(database)))

    def trouble(self) -> str | None:
        """Return in one sentence what is wrong with the databases' server, if anything is."""
        return self._databases.trouble() if self._databases is not None else None

    def stop(self) -> None:
        """End the processes that serve."""
        for site in self._sites.values():
            if site.done() and not site.exception():
                site.result().runner.stop()

    def close(self) -> None:
        """Drop the role with its databases; the processes are to be ended before."""
        self._close_connections()
        if self._databases is None and self._prepared.role is not None:
            self._of_the_run()
        if self._databases is not None and not self._shared:
            self._databases.drop()
        self._end_thread()

    async def _make(self, template: "Future[str | None]") -> Site:
        """Make a site; raise what keeps its tables from being made."""
        copied = await asyncio.wrap_future(template)
        ready = self._ready(copied)
        if ready is not None:
            return self._served(await self._of_the_run().known(ready))
        return self._served(await self._of_the_run().create("suite", template=copied))

    def _ready(self, template: str | None) -> str | None:
        """Return the name of a waiting database that is a copy of that, or empty; None if there is none."""
        if self._stock is None:
            return None
        spares = self._stock.spares[1:]  # the first is for a template
        names = spares if template is None else self._stock.copies
        fits = template is None or template == self._stock.template
        return names[self._lane] if fits and self._lane < len(names) else None

    async def _make_template(self, tables: Tables) -> str:
        stock, databases = self._stock, self._of_the_run()
        if stock is None or not stock.spares:
            database = await databases.create("template")
        else:
            database = await databases.known(stock.spares[0])
        await self._fill(database, tables)
        await database.close()
        if stock is not None:
            told = {"key": self._key(tables), "template": database.name}
            stock.told.write_text(json.dumps(told), encoding="utf-8")
        return database.name

    @property
    def _stock(self) -> Stock | None:
        return self._prepared.stock

    def _key(self, tables: Tables) -> str:
        if tables not in self._keys:
            self._keys[tables] = key_of(self._folder, tables.value)
        return self._keys[tables]

    async def _fill(self, database: Database, tables: Tables) -> None:
        runner = self._runner(_environment(database))
        try:
            if tables is Tables.MIGRATIONS:
                await _migrate(self._migrations_of(database, runner))
            else:
                await create_tables(runner, database)
        finally:
            await runner.end()

    def _migrations_of(self, database: Database, runner: Runner) -> Migrations:
        return Migrations(database, runner, self._empty, self._give_back, self._of_the_run().guest)

    async def _empty(self) -> Database:
        """Return a database that is as new; to make one takes ten times as long as to clean one."""
        while self._given_back:
            database = self._given_back.pop()
            with suppress(Refused):  # what cannot be cleaned is left to the end of the run
                await database.drop_all()
                return database
        return await self._of_the_run().create("empty")

    async def _give_back(self, database: Database) -> None:
        await database.close()
        self._given_back.append(database)

    def _served(self, database: Database | None) -> Site:
        runner = self._runner(_environment(database) if database else {})
        runner.start()
        return Site(runner, database)

    def _runner(self, environment: Mapping[str, str]) -> Runner:
        return Runner(
            self._launcher,
            self._folder,
            self._sockets,
            environment,
            self._patience,
            terminal=self._terminal,
        )

    def _close_connections(self) -> None:
        made = [
            site.result() for site in self._sites.values() if site.done() and not site.exception()
        ]
        for database in [site.database for site in made if site.database is not None]:
            with suppress(Exception):  # the server may be gone
                self._thread().begin(database.close()).result(10)

    def _end_thread(self) -> None:
        if self._background is not None:
            self._background.close()
        self._background = self._databases = None

    def _thread(self) -> Background:
        if self._background is None:
            self._background = Background()
        return self._background

    def _of_the_run(self) -> Databases:
        if self._databases is None:
            self._databases = Databases(
                self._thread(), self._root, self._prepared.role, self._sockets
            )
        return self._databases


async def _migrate(migrations: Migrations) -> None:
    try:
        await migrations.upgrade()
    except MachineTrouble:
        raise
    except WorkerError as error:
        does = "fails"
        if isinstance(error, Raised):
            told, *_ = error.failure.message.splitlines() or [""]
            does = (
                f"raises {error.failure.kind} ({told})" if told else f"raises {error.failure.kind}"
            )
        place = f" at {error.frames[-1].file}:{error.frames[-1].line}" if error.frames else ""
        raise TablesMissing(f"alembic upgrade head {does}{place}") from error
    if await migrations.database.tables() <= {"alembic_version"}:
        raise TablesMissing("alembic upgrade head creates no tables")


def _environment(database: Database) -> dict[str, str]:
    """Return what the lessons name, and nothing else."""
    return {"DATABASE_URL": database.url, "SECRET_KEY": secrets.token_hex()}
