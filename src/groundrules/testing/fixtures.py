"""The fixtures of a course's suites: the application under test, and what surrounds it."""

import asyncio
import os
import random
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest

from groundrules.course.steps import Course, Step
from groundrules.testing.app import App
from groundrules.testing.code import Code
from groundrules.testing.database import Database
from groundrules.testing.failures import StepBefore
from groundrules.testing.library import Library
from groundrules.testing.migrations import Migrations
from groundrules.testing.people import Accounts, People
from groundrules.testing.proxy import short_temporary_folder
from groundrules.testing.runner import Patience
from groundrules.testing.samples import Samples
from groundrules.testing.sites import Prepared, Site, Sites, Tables, TablesMissing
from groundrules.testing.snapshot import Snapshot
from groundrules.testing.start import DATABASE_STEP, MIGRATIONS_STEP, has_database, launcher_for
from groundrules.testing.stock import Stock
from groundrules.worker.errors import MachineTrouble
from groundrules.worker.launcher import ForkLauncher, Launcher

STEP = pytest.StashKey[Step]()
STOCK = pytest.StashKey[Stock]()  # what a process that waits has made for this run


class Fixtures:
    """The fixtures of one run.

    :param source: the source of the application under test.
    :param launcher: what starts workers; made when it is needed if it is not there.
    :param meeting: the folder that the application's sandbox shares with this process, if it has one.
    :ivar in_lane: whether this is a fork that runs some of the tests.
    :ivar seed: where the values of `samples` come from; `seed_used` is whether a test had any.
    """

    def __init__(
        self,
        config: pytest.Config,
        course: Course,
        source: Snapshot,
        launcher: Launcher | None,
        meeting: Path | None = None,
    ) -> None:
        self._config = config
        self._course = course
        self._source = source
        self._code = Code(course, source.folder)
        self._patience = Patience()
        self._accounts = Accounts()
        given = config.getoption("--groundrules-seed")
        self.seed: int = secrets.randbelow(1_000_000) if given is None else given
        self.seed_used = False
        self._launcher = launcher
        self._branches: list[ForkLauncher] = []
        self._sites: Sites | None = None
        self._meeting = self._sockets = meeting
        self.in_lane = False
        self._lane = 0
        self._stock = config.stash.get(STOCK, None)

    @pytest.fixture
    def anyio_backend(self) -> str:
        """Suites run on asyncio, as the application does."""
        return "asyncio"

    @pytest.fixture
    async def site(self, step: Step) -> Site:
        """The application with the database that the step's suites use, its tables empty."""
        sites = self._begun(step.number)
        try:
            site = await asyncio.wrap_future(sites.begin(self._tables(step.number)))
        except TablesMissing as missing:
            trouble = await asyncio.to_thread(sites.trouble)
            if trouble is not None:
                raise MachineTrouble(trouble) from None
            raise StepBefore(self._course.step(MIGRATIONS_STEP), str(missing)) from None
        await site.clear()
        return site

    @pytest.fixture
    async def app(self, site: Site) -> AsyncIterator[App]:
        """The application under test, in a process of its own."""
        app = App(site.runner)
        yield app
        await app.close()

    @pytest.fixture
    def database(self, site: Site) -> Database:
        """The database of the application under test, its tables empty."""
        assert site.database is not None, "this step has no database"
        return site.database

    @pytest.fixture
    def samples(self, request: pytest.FixtureRequest) -> Samples:
        """Values that differ from run to run, and not if the seed is given."""
        self.seed_used = True
        test = request.node.nodeid.rpartition("/")[2]
        return Samples(random.Random(f"{self.seed} {test}"))

    @pytest.fixture
    def library(self, database: Database, samples: Samples) -> Library:
        """The tables of the library, to put rows into and to read them."""
        return Library(database, samples)

    @pytest.fixture
    def people(self, app: App, database: Database, library: Library) -> People:
        """Those who signed up, and logged in if the application has a login."""
        return People(app, database, library, self._accounts)

    @pytest.fixture
    async def migrations(self, step: Step) -> AsyncIterator[Migrations]:
        """The migrations of the application under test, on a new database of their own."""
        migrations = await self._begun(step.number).migrations()
        yield migrations
        await migrations.close()

    @pytest.fixture
    def code(self) -> Code:
        """The source of the application under test."""
        return self._code

    @pytest.fixture
    def step(self, request: pytest.FixtureRequest) -> Step:
        """The step that the suite belongs to."""
        return request.node.stash[STEP]  # type: ignore[no-any-return]

    def begin(self, number: int) -> None:
        """Start the application for suites up to the step `number`; nobody waits for it here."""
        self._begun(number).begin(self._tables(number))

    def prepare(self, number: int) -> None:
        """Begin to make what forks copy for suites of the step `number`; nobody waits for it here."""
        self._begun(number).prepare(self._tables(number))

    def _begun(self, number: int, prepared: Prepared | None = None) -> Sites:
        if self._launcher is None:
            self._launcher = launcher_for(self._course, self._source, number, self._meeting)
        if self._sockets is None:
            self._sockets = Path(
                tempfile.mkdtemp(prefix="groundrules-", dir=short_temporary_folder())
            )
        if self._sites is None:
            if prepared is None and self._stock is not None:
                prepared, self._stock = Prepared(self._stock.role, {}, self._stock), None
            self._sites = Sites(
                self._launcher,
                self._course.root,
                self._source.original,
                self._sockets,
                self._patience,
                terminal=_wants_terminal(self._config),
                prepared=prepared,
                shared=prepared is not None and (self.in_lane or prepared.stock is not None),
                lane=self._lane,
            )
        return self._sites

    def begin_lanes(self, lanes: int, steps: Iterable[int]) -> None:
        """Make what forks of this process need for suites of these steps, and leave no thread running."""
        for number in steps:
            self.prepare(number)
        assert self._sites is not None
        assert isinstance(self._launcher, ForkLauncher)
        prepared = self._sites.hand_over()
        self._sites = None
        self._launcher.rest()
        self._branches = [self._launcher.branch() for _ in range(lanes)]
        self._begun(max(steps), prepared)

    def enter_lane(self, lane: int) -> None:
        """Go on in a fork, with databases, processes and a folder of its own."""
        assert isinstance(self._launcher, ForkLauncher)
        assert self._sites is not None
        assert self._sockets is not None
        self._launcher.leave()
        self._launcher = self._branches.pop(lane)
        for other in self._branches:
            other.leave()
        self._sockets = self._sockets / str(lane)
        self._sockets.mkdir()
        prepared, self._sites = self._sites.hand_over(), None
        self.in_lane, self._lane = True, lane
        self._begun(max(step.number for step in self._course.steps), prepared)

    def leave_lane(self) -> None:
        """End what the fork has begun, except for what belongs to the run."""
        if self._sites is not None:
            self._sites.close()

    def end_lanes(self) -> None:
        """Give up what the forks used, which are gone."""
        while self._branches:
            self._branches.pop().leave()

    @property
    def sites(self) -> Sites | None:
        """The applications of this run, with their databases, if any was needed."""
        return self._sites

    def begin_anew(self) -> None:
        """Give up every process and database of the run; whoever needs one gets a new one."""
        if self._sites is not None:
            self._sites.stop()
            self._sites.close()
        self._sites = None
        self._accounts = Accounts()

    def _tables(self, number: int) -> Tables:
        """Return where the tables come from in the suite of the step `number`."""
        if number < DATABASE_STEP and not has_database(self._course, self._source):
            return Tables.NO_DATABASE
        return {1: Tables.NONE, 2: Tables.NONE, 3: Tables.MODELS}.get(number, Tables.MIGRATIONS)

    def pytest_unconfigure(self) -> None:
        """Leave nothing behind."""
        if self._launcher is not None:
            self._launcher.close()
        if self._sites is not None:
            self._sites.close()
        if self._sockets is not None:
            shutil.rmtree(self._sockets, ignore_errors=True)


def _wants_terminal(config: pytest.Config) -> bool:
    """Whether breakpoint() in the application is to work: -s or --pdb, where there is a terminal."""
    if config.option.capture != "no" and not config.option.usepdb:
        return False
    try:
        os.close(os.open("/dev/tty", os.O_RDWR))
    except OSError:
        return False
    return True
