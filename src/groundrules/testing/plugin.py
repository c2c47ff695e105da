"""The part of the pytest plugin that runs a course's suites."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path

import pytest

from groundrules.course.steps import (
    EXERCISES,
    Course,
    CourseError,
    Step,
    Task,
    application_folder,
)
from groundrules.testing.app import App, Patience
from groundrules.testing.code import Code
from groundrules.testing.database import Database
from groundrules.testing.failures import (
    Explainer,
    NothingToCheck,
    StepBefore,
    show_failures,
)
from groundrules.testing.migrations import Migrations
from groundrules.testing.sites import Site, Sites, Tables
from groundrules.testing.verdict import Verdict
from groundrules.worker.launcher import BASE, Launcher, imported_by, launcher

STEP = pytest.StashKey[Step]()
TASK = pytest.StashKey[Task]()
DATABASE_STEP = 2  # the step from which on the application has a database


def register(config: pytest.Config, root: Path) -> None:
    """Add the suites' plugin to a run that is about the course at `root`."""
    course = Course(root)
    try:
        folder = application_folder(_asked_for(config, root))
    except CourseError as error:
        raise pytest.UsageError(str(error)) from None
    config.pluginmanager.register(Suites(config, course, folder), "groundrules-suites")
    if config.option.reportchars == "fE":  # pytest's default: a list of what was told just above
        config.option.reportchars = ""
    config.addinivalue_line("markers", "task(id, rules): the task of the lesson, and its rules")
    config.addinivalue_line("markers", "rules_so_far: run once for each rule that holds by then")


def _asked_for(config: pytest.Config, root: Path) -> Path:
    named = config.getoption("--app")
    return Path(config.invocation_params.dir, named) if named else root / EXERCISES


class Suites:
    """The hooks and fixtures of one run."""

    def __init__(self, config: pytest.Config, course: Course, folder: Path) -> None:
        self._config = config
        self._course = course
        self._folder = folder
        self._code = Code(course, folder)
        self._verdict = Verdict(course)
        self._explainer = Explainer(folder)
        self._explained: list[tuple[str, str]] = []
        self._patience = Patience()
        self._launcher: Launcher | None = None
        self._sites: Sites | None = None
        self._sockets: Path | None = None
        named = [course.step_of(_file(argument, config)) for argument in config.args]
        if any(named) and not config.option.collectonly:
            self._begin(max(step.number for step in named if step))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> Iterator[None]:
        """Say first of all what is being checked."""
        if self._launcher is not None:
            reporter = session.config.pluginmanager.get_plugin("terminalreporter")
            if reporter is not None:
                reporter.write_line(f"Checking {_shown(self._folder, self._config)}")
        return (yield)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Repeat a test marked `rules_so_far` for each rule."""
        if metafunc.definition.get_closest_marker("rules_so_far"):
            step = self._course.step_of(metafunc.definition.path)
            assert step is not None
            metafunc.parametrize("rule", self._course.rules_until(step))

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Find a test's step and task."""
        step = self._course.step_of(item.path)
        mark = item.get_closest_marker("task")
        if step is not None and mark is not None:
            try:
                item.stash[STEP], item.stash[TASK] = step, step.task(mark.args[0])
            except CourseError as error:
                raise pytest.UsageError(f"{item.nodeid}: {error}") from None

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Run a suite in the order of its tasks."""
        items.sort(
            key=lambda item: (
                (item.stash[STEP].number, item.stash[TASK].id) if TASK in item.stash else (0, "")
            )
        )

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Fail a test at once if there is nothing to check yet, or an earlier step is not begun."""
        if TASK not in item.stash:
            return
        step, task = item.stash[STEP], item.stash[TASK]
        for earlier in self._course.steps[: self._course.steps.index(step)]:
            for file in earlier.files:
                if earlier.untouched(self._folder, file):
                    raise StepBefore(earlier, file)
        if all(self._untouched(file) for file in task.files):
            raise NothingToCheck(task)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put the failure in words for the trainee."""
        report = yield
        if TASK not in item.stash:
            return report
        step, task = item.stash[STEP], item.stash[TASK]
        if report.failed and call.excinfo is not None and report.when != "teardown":
            app = item.funcargs.get("app") if isinstance(item, pytest.Function) else None
            words = self._explainer.explain(
                call.excinfo.value, step, task, app if isinstance(app, App) else None
            )
            if words is not None:
                report.longrepr = words
                report.when = "call"  # what a fixture finds wrong is a failure, not an error
                report.sections.clear()
                self._explained.append((report.nodeid, words))
        self._verdict.add(report, step, task, call.excinfo.value if call.excinfo else None)
        return report

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
        """Show what failed, each thing once, and how each task stands."""
        option = self._config.option
        failed = len(terminalreporter.getreports("failed"))
        if option.tbstyle == "auto" and failed == len(self._explained) and not option.no_summary:
            option.tbstyle = "no"  # pytest's own section would say the same thing many times
            show_failures(terminalreporter, self._explained)
        yield
        self._verdict.show(terminalreporter)

    def pytest_sessionfinish(self) -> None:
        """Write the verdict where it was asked for."""
        file = self._config.getoption("--groundrules-report")
        if file:
            Path(self._config.invocation_params.dir, file).write_text(
                self._verdict.as_json(), encoding="utf-8"
            )

    def pytest_unconfigure(self) -> None:
        """End every process of the run."""
        if self._launcher is not None:
            self._launcher.close()
        if self._sites is not None:
            self._sites.close()
        if self._sockets is not None:
            shutil.rmtree(self._sockets, ignore_errors=True)

    @pytest.fixture
    def anyio_backend(self) -> str:
        """Suites run on asyncio, as the application does."""
        return "asyncio"

    @pytest.fixture
    async def site(self, step: Step) -> Site:
        """The application with the database that the step's suites use, its tables empty."""
        sites = self._sites or self._begin(step.number)
        site = await asyncio.wrap_future(sites.begin(self._tables(step.number)))
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
    async def migrations(self, step: Step) -> AsyncIterator[Migrations]:
        """The migrations of the application under test, on a new database of their own."""
        migrations = await (self._sites or self._begin(step.number)).migrations()
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

    def _begin(self, number: int) -> Sites:
        """Start the application for suites up to the step `number`; nobody waits for it here."""
        tables = self._tables(number)
        preload = BASE if tables is Tables.NO_DATABASE else imported_by(self._folder)
        migrations = ("alembic.command",) if tables is Tables.MIGRATIONS else ()
        self._launcher = launcher((*preload, *migrations))
        self._sockets = Path(tempfile.mkdtemp(prefix="groundrules-", dir=_short_temporary_folder()))
        self._sites = Sites(
            self._launcher,
            self._course.root,
            self._folder,
            self._sockets,
            self._patience,
            terminal=_wants_terminal(self._config),
        )
        self._sites.begin(tables)
        return self._sites

    def _tables(self, number: int) -> Tables:
        """Return where the tables come from in the suite of the step `number`."""
        if number < DATABASE_STEP and not self._has_database():
            return Tables.NO_DATABASE
        return {1: Tables.NONE, 2: Tables.NONE, 3: Tables.MODELS}.get(number, Tables.MIGRATIONS)

    def _untouched(self, file: str) -> bool:
        step = self._course.introduces(file)
        return step is not None and step.untouched(self._folder, file)

    def _has_database(self) -> bool:
        """Whether the application has gone beyond the steps that need no database."""
        return any(
            (self._folder / file).exists() and not self._untouched(file)
            for step in self._course.steps
            for file in step.files
            if step.number >= DATABASE_STEP and self._course.introduces(file) is step
        )


def _file(argument: str, config: pytest.Config) -> Path:
    return Path(config.invocation_params.dir, argument.split("::", 1)[0])


def _shown(folder: Path, config: pytest.Config) -> str:
    here = config.invocation_params.dir
    return str(folder.relative_to(here) if folder.is_relative_to(here) else folder) + os.sep + "app"


def _wants_terminal(config: pytest.Config) -> bool:
    """Whether breakpoint() in the application is to work: -s or --pdb, where there is a terminal."""
    if config.option.capture != "no" and not config.option.usepdb:
        return False
    try:
        os.close(os.open("/dev/tty", os.O_RDWR))
    except OSError:
        return False
    return True


def _short_temporary_folder() -> str | None:
    """The path of a Unix socket may be about 100 bytes long, and a temporary folder's can be half that."""
    return "/tmp" if Path("/tmp").is_dir() else None
