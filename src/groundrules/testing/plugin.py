"""The part of the pytest plugin that runs a course's suites."""

import asyncio
import gc
import os
import random
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path

import pytest

from groundrules.course.steps import Course, CourseError, Step, Task
from groundrules.testing.app import App
from groundrules.testing.arguments import Arguments
from groundrules.testing.code import Code
from groundrules.testing.database import Database
from groundrules.testing.failures import NothingToCheck, StepBefore, Words, explain
from groundrules.testing.interrupts import interrupt_between_steps
from groundrules.testing.library import Library
from groundrules.testing.migrations import Migrations
from groundrules.testing.proxy import short_temporary_folder
from groundrules.testing.runner import Patience
from groundrules.testing.samples import Samples
from groundrules.testing.sites import Site, Sites, Tables, TablesMissing
from groundrules.testing.start import (
    DATABASE_STEP,
    MIGRATIONS_STEP,
    application_to_check,
    has_database,
    launcher_for,
)
from groundrules.testing.summary import show_failures
from groundrules.testing.verdict import Verdict
from groundrules.worker.launcher import Launcher

STEP = pytest.StashKey[Step]()
TASK = pytest.StashKey[Task]()


def register(config: pytest.Config, root: Path, launcher: Launcher | None) -> None:
    """Add the suites' plugin to a run that is about the course at `root`.

    :param launcher: the one that was started early, if it was.
    """
    course = Course(root)
    here = config.invocation_params.dir
    try:
        folder = application_to_check(root, here, config.getoption("--app"))
        steps = Arguments(root, here).steps(config.args)
    except CourseError as error:
        raise pytest.UsageError(str(error)) from None
    report = _report_file(config)
    suites = Suites(config, course, folder, launcher, report)
    config.pluginmanager.register(suites, "groundrules-suites")
    if steps and not config.option.collectonly:
        suites.begin(max(step.number for step in steps))
    if config.option.reportchars == "fE":  # pytest's default: a list of what was told just above
        config.option.reportchars = ""
    config.addinivalue_line("markers", "task(id, rules): the task of the lesson, and its rules")
    config.addinivalue_line("markers", "rules_so_far: run once for each rule that holds by then")


def _report_file(config: pytest.Config) -> Path | None:
    named = config.getoption("--groundrules-report")
    if not named:
        return None
    file = Path(config.invocation_params.dir, named)
    if file.is_dir() or not file.parent.is_dir():
        raise pytest.UsageError(
            f"--groundrules-report cannot be written to {named}: name a file in a folder that exists."
        )
    return file


class Suites:
    """The hooks and fixtures of one run.

    :param folder: the folder that holds the `app` package.
    :param launcher: what starts workers; made when it is needed if it is not there.
    :param report: where to write the verdict as JSON.
    """

    def __init__(
        self,
        config: pytest.Config,
        course: Course,
        folder: Path,
        launcher: Launcher | None,
        report: Path | None,
    ) -> None:
        self._config = config
        self._course = course
        self._folder = folder
        self._report = report
        self._code = Code(course, folder)
        self._verdict = Verdict(course, partial=_is_partial(config))
        self._patience = Patience()
        given = config.getoption("--groundrules-seed")
        self._seed: int = secrets.randbelow(1_000_000) if given is None else given
        self._seed_used = False
        self._launcher = launcher
        self._sites: Sites | None = None
        self._sockets: Path | None = None
        self._untouched_files: dict[str, bool] = {}

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> Iterator[None]:
        """Say first of all what is being checked."""
        reporter = session.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.write_line(f"Checking {_shown(self._folder, self._config)}")
        return (yield)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Repeat a test marked `rules_so_far` for each rule."""
        if metafunc.definition.get_closest_marker("rules_so_far"):
            step = self._course.step_of(metafunc.definition.path.resolve())
            if step is None:
                raise pytest.UsageError(
                    f"{metafunc.definition.nodeid}: only a suite of a step can use rules_so_far."
                )
            metafunc.parametrize("rule", self._course.rules_until(step))

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Find a test's step and task; a suite's author is told of a test that has none."""
        step = self._course.step_of(item.path.resolve())
        if step is None:
            return
        mark = item.get_closest_marker("task")
        if mark is None:
            raise pytest.UsageError(
                f'{item.nodeid} names no task: put @task("{step.number:02}.1") above it.'
            )
        try:
            item.stash[STEP], item.stash[TASK] = step, step.task(mark.args[0])
        except CourseError as error:
            raise pytest.UsageError(
                f"{item.nodeid}: {error} Its tasks stand in steps/{step.name}/step.toml."
            ) from None

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Run a suite in the order of its tasks."""
        items.sort(
            key=lambda item: (
                (item.stash[STEP].number, item.stash[TASK].id) if TASK in item.stash else (0, "")
            )
        )
        self._verdict.expect(
            (item.stash[STEP], item.stash[TASK]) for item in items if TASK in item.stash
        )

    def pytest_collection_finish(self) -> None:
        """Spare the garbage collector what lives to the end; pytest has it go over everything there."""
        gc.freeze()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self) -> Generator[None, object, object]:
        """Let Ctrl-C end the run cleanly."""
        with interrupt_between_steps():
            return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Fail a test at once if there is nothing to check yet, or an earlier step is not begun."""
        if TASK not in item.stash:
            return
        step, task = item.stash[STEP], item.stash[TASK]
        for earlier in self._course.steps[: self._course.steps.index(step)]:
            for file in earlier.files:
                if self._untouched(file):
                    raise StepBefore(earlier, f"{file} is still its stub")
        stubs = [file for file in task.files if self._is_stub_of(step, file)]
        introduced = [file for file in task.files if self._course.introduces(file) is step]
        # A rule is kept by a stub, which says nothing of the code that is to come.
        if stubs and (stubs == introduced or item.get_closest_marker("rules_so_far")):
            raise NothingToCheck(stubs)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put the failure in words for the trainee."""
        if TASK not in item.stash:
            return (yield)
        task, raised = item.stash[TASK], call.excinfo
        words = self._words(item, call)
        if words is not None:
            call.excinfo = _without_traceback(words)  # to format one takes far longer than the test
        report = yield
        if words is not None:
            report.longrepr = words  # type: ignore[assignment]  # pytest asks for two methods
            report.when = "call"  # what a fixture finds wrong is a failure, not an error
            report.sections.clear()
        error = raised.value if raised else None
        self._verdict.add(report, task, error)
        shown = words is None or isinstance(error, AssertionError)
        call.excinfo = raised if shown else None  # a debugger has nothing else to show
        return report

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
        """Show what failed, each thing once, and how each task stands."""
        option = self._config.option
        failed = terminalreporter.getreports("failed")
        told = [(each.nodeid, each.longrepr) for each in failed if isinstance(each.longrepr, Words)]
        only = len(told) == len(failed) and not terminalreporter.getreports("error")
        if told and only and option.tbstyle == "auto":
            option.tbstyle = "no"  # pytest's own section would say the same thing many times
            if not option.no_summary:
                show_failures(terminalreporter, told)
        yield
        self._verdict.show(terminalreporter)
        if self._seed_used:
            terminalreporter.write_line(f"To repeat its values: --groundrules-seed {self._seed}")

    def pytest_sessionfinish(self) -> None:
        """Write the verdict where it was asked for."""
        if self._report is not None:
            self._report.write_text(self._verdict.as_json(), encoding="utf-8")

    def pytest_unconfigure(self) -> None:
        """Leave nothing behind."""
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
        sites = self._sites or self.begin(step.number)
        try:
            site = await asyncio.wrap_future(sites.begin(self._tables(step.number)))
        except TablesMissing as missing:
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
        self._seed_used = True
        test = request.node.nodeid.rpartition("/")[2]
        return Samples(random.Random(f"{self._seed} {test}"))

    @pytest.fixture
    def library(self, database: Database, samples: Samples) -> Library:
        """The tables of the library, to put rows into and to read them."""
        return Library(database, samples)

    @pytest.fixture
    async def migrations(self, step: Step) -> AsyncIterator[Migrations]:
        """The migrations of the application under test, on a new database of their own."""
        migrations = await (self._sites or self.begin(step.number)).migrations()
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

    def begin(self, number: int) -> Sites:
        """Start the application for suites up to the step `number`; nobody waits for it here."""
        tables = self._tables(number)
        if self._launcher is None:
            self._launcher = launcher_for(self._course, self._folder, number)
        self._sockets = Path(tempfile.mkdtemp(prefix="groundrules-", dir=short_temporary_folder()))
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
        if number < DATABASE_STEP and not has_database(self._course, self._folder):
            return Tables.NO_DATABASE
        return {1: Tables.NONE, 2: Tables.NONE, 3: Tables.MODELS}.get(number, Tables.MIGRATIONS)

    def _words(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Words | None:
        """Return the words for what a test raised, if it is not the suite itself that failed."""
        if call.excinfo is None or call.when == "teardown":
            return None
        app = item.funcargs.get("app") if isinstance(item, pytest.Function) else None
        step, task = item.stash[STEP], item.stash[TASK]
        return explain(
            call.excinfo.value, step, task, app if isinstance(app, App) else None, self._folder
        )

    def _is_stub_of(self, step: Step, file: str) -> bool:
        return self._course.introduces(file) is step and self._untouched(file)

    def _untouched(self, file: str) -> bool:
        """Whether a file is still the stub that a step introduced; looked up once."""
        if file not in self._untouched_files:
            step = self._course.introduces(file)
            self._untouched_files[file] = step is not None and step.untouched(self._folder, file)
        return self._untouched_files[file]


def _without_traceback(words: Words) -> pytest.ExceptionInfo[BaseException]:
    try:
        pytest.fail(str(words), pytrace=False)
    except pytest.fail.Exception:
        return pytest.ExceptionInfo.from_current()


def _is_partial(config: pytest.Config) -> bool:
    """Whether the run is about parts of suites, so that it cannot tell a task to be done."""
    return any(not Path(argument).is_dir() for argument in config.args)


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
