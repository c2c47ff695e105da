"""The part of the pytest plugin that runs a course's suites."""

import gc
import os
import re
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol

from groundrules.course.demands import Demand, demands_of
from groundrules.course.notices import noticed_by_a_run
from groundrules.course.progress import keep
from groundrules.course.steps import EXERCISES, Course, CourseError, Step, Task
from groundrules.testing.app import App
from groundrules.testing.arguments import Arguments
from groundrules.testing.code import RuleBroken
from groundrules.testing.failures import (
    FOR_TRAINEES,
    NothingToCheck,
    StepBefore,
    Words,
    explain,
)
from groundrules.testing.fixtures import STEP, Fixtures
from groundrules.testing.interrupts import interrupt_between_steps
from groundrules.testing.marks import broken_demands
from groundrules.testing.parallel import Parallel, lanes
from groundrules.testing.places import Places
from groundrules.testing.report import Report
from groundrules.testing.screen import Screen
from groundrules.testing.snapshot import Snapshot, take_snapshot
from groundrules.testing.start import application_to_check
from groundrules.testing.trouble import EXIT_STATUS, trouble_behind
from groundrules.testing.verdict import Verdict
from groundrules.worker.errors import Killed
from groundrules.worker.launcher import Launcher
from groundrules.worker.source import Unreadable

TASK = pytest.StashKey[Task]()
DEMANDS = pytest.StashKey[tuple[str, ...]]()
Status = tuple[str, str, str | tuple[str, dict[str, bool]]]


def register(
    config: pytest.Config,
    root: Path,
    begun: tuple[Snapshot, Launcher] | None,
    report: Report | None,
    tasks: frozenset[str] | None,
    meeting: Path | None,
) -> None:
    """Add the suites' plugin to a run that is about the course at `root`.

    :param begun: the source that was read early and what starts workers, if they were.
    :param report: where to write the verdict as JSON.
    :param tasks: the ids of the tasks to check, if not all of them are.
    :param meeting: the folder that the application's sandbox shares with this process, if it has one.
    """
    course = Course(root)
    here = config.invocation_params.dir
    try:
        folder = application_to_check(root, here, config.getoption("--app"))
        steps = Arguments(root, here).steps(config.args)
    except CourseError as error:
        raise pytest.UsageError(str(error)) from None
    source, launcher = begun or (take_snapshot(folder), None)
    if begun is None:
        config.add_cleanup(source.close)
    fixtures = Fixtures(config, course, source, launcher, meeting)
    config.pluginmanager.register(fixtures, "groundrules-fixtures")
    suites = Suites(config, course, source, fixtures, report, tasks)
    config.pluginmanager.register(suites, "groundrules-suites")
    config.pluginmanager.register(Parallel(config, suites, fixtures), "groundrules-parallel")
    if steps and not config.option.collectonly and source.problem is None:
        begin = fixtures.prepare if lanes(config) > 1 else fixtures.begin
        begin(max(step.number for step in steps))
    if config.option.reportchars == "fE":  # pytest's default: a list of what was told just above
        config.option.reportchars = ""
    config.addinivalue_line("markers", "task(id, demands): the task of the lesson, and its demands")
    config.addinivalue_line("markers", "rules_so_far: run once for each rule that applies by then")
    config.addinivalue_line("markers", "waits: begin before others, beside which it waits")
    config.addinivalue_line("markers", "when_begun: run when no file of the task is a stub")


class Suites:
    """The hooks of one run.

    :param source: the source of the application under test.
    :param report: where to write the verdict as JSON.
    :param tasks: the ids of the tasks to check, if not all of them are.
    :ivar reports: of the test that was run last.
    """

    def __init__(
        self,
        config: pytest.Config,
        course: Course,
        source: Snapshot,
        fixtures: Fixtures,
        report: Report | None,
        tasks: frozenset[str] | None,
    ) -> None:
        self._config = config
        self._course = course
        self._source = source
        self._fixtures = fixtures
        self._report = report
        self._tasks = tasks
        self._verdict = Verdict(course, tasks, of_parts=_is_partial(config))
        places = Places(course.root, source.original, config.invocation_params.dir)
        self._screen = Screen(config, self._verdict, places)
        self._untouched_files: dict[str, bool] = {}
        self._demands: dict[str, dict[str, Demand]] = {}
        self._last_try = False
        self.reports: list[pytest.TestReport] = []

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> Iterator[None]:
        """Say first of all what is being checked."""
        folder = self._source.original
        notices = noticed_by_a_run(self._course, folder, session.config.args)
        self._screen.begin(_shown(folder, self._config), [*notices])
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
            item.stash[DEMANDS] = mark.args[1]
        except CourseError as error:
            raise pytest.UsageError(
                f"{item.nodeid}: {error} Its tasks are in steps/{step.name}/step.toml."
            ) from None

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Run a suite in the order of its tasks, or those of its tests that the tasks named have."""
        self._leave_others_out(items)
        items.sort(
            key=lambda item: (
                (item.stash[STEP].number, item.stash[TASK].id) if TASK in item.stash else (0, "")
            )
        )
        self._verdict.expect(
            (item.stash[STEP], item.stash[TASK]) for item in items if TASK in item.stash
        )

    def _leave_others_out(self, items: list[pytest.Item]) -> None:
        if self._tasks is None:
            return
        others = [
            item for item in items if TASK in item.stash and item.stash[TASK].id not in self._tasks
        ]
        if others:
            self._config.hook.pytest_deselected(items=others)
            left_out = set(others)
            items[:] = [item for item in items if item not in left_out]

    def pytest_collection_finish(self) -> None:
        """Spare the garbage collector what lives to the end; pytest has it go over everything there."""
        gc.freeze()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Let Ctrl-C end the run cleanly, and without a line of this tool's own source."""
        try:
            with interrupt_between_steps():
                return (yield)
        except KeyboardInterrupt as error:
            if isinstance(error, session.Interrupted):
                raise
            raise session.Interrupted("stopped by Ctrl-C") from None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Fail a test at once if the source cannot be read, is a stub, or an earlier step is not begun."""
        obstacle = self.obstacle(item) if TASK in item.stash else None
        if obstacle is not None:
            raise obstacle

    def obstacle(self, item: pytest.Item) -> Exception | None:
        """Return what keeps a test from saying anything, if there is something."""
        if self._source.problem is not None:
            return self._source.problem
        step, task = item.stash[STEP], item.stash[TASK]
        for earlier in self._course.steps[: self._course.steps.index(step)]:
            for file in earlier.files:
                if self._untouched(file):
                    return StepBefore(earlier, f"{file} is still a stub")
        stubs = [file for file in task.files if self._is_stub_of(step, file)]
        introduced = [file for file in task.files if self._course.introduces(file) is step]
        # A rule is kept by a stub, which says nothing of the code that is to come.
        needs_all = any(map(item.get_closest_marker, ("rules_so_far", "when_begun")))
        if stubs and (stubs == introduced or needs_all):
            return NothingToCheck(stubs)
        return None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> bool | None:
        """Run a test once more where the machine had trouble with it."""
        if TASK not in item.stash:
            return None
        self._last_try = False
        self.reports = runtestprotocol(item, nextitem=nextitem, log=False)
        if any(hasattr(report, "trouble") for report in self.reports):
            self._last_try = True
            self._fixtures.begin_anew()
            item._initrequest()  # type: ignore[attr-defined]  # as plugins that repeat tests do
            self.reports = runtestprotocol(item, nextitem=nextitem, log=False)
        if not self._fixtures.in_lane:
            self.tell(item)
        return True

    def tell(self, item: pytest.Item) -> None:
        """Tell pytest and the verdict of the reports there are on a test."""
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        for report in self.reports:
            words = report.longrepr
            if isinstance(words, Words):
                report.longrepr = words.while_done(self._verdict.done())
            item.ihook.pytest_runtest_logreport(report=report)
            self._verdict.add(report, item.stash[TASK])
        self._screen.count(self.reports, item.session.testscollected)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)

    @pytest.hookimpl(wrapper=True)
    def pytest_report_teststatus(
        self, report: pytest.TestReport | pytest.CollectReport
    ) -> Generator[None, Status, Status]:
        """Count what the machine had trouble with apart, and write no letter for each test unless asked."""
        found = yield
        if hasattr(report, "trouble"):
            found = "trouble", "T", ("TROUBLE", {"yellow": True})
        return found if self._screen.level > 0 else (found[0], "", "")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put the failure in words for the trainee."""
        if TASK not in item.stash:
            return (yield)
        raised = call.excinfo
        trouble = self._trouble(raised.value) if raised and call.when != "teardown" else None
        words = (
            self._words(item, call) if trouble is None else _of_trouble(item.stash[TASK], trouble)
        )
        if words is not None:
            call.excinfo = _without_traceback(words)  # to format one takes far longer than the test
        report = yield
        if words is not None:
            report.longrepr = words  # type: ignore[assignment]  # pytest asks for two methods
            report.when = "call"  # what a fixture finds wrong is a failure, not an error
            report.sections.clear()
        if trouble is not None:
            report.trouble = trouble  # type: ignore[attr-defined]  # one of the report's own
            report.when = (
                "setup"  # which reports for other programs call an error, and not a failure
            )
        error = raised.value if raised else None
        report.demands = self._demands_of(item, error)  # type: ignore[attr-defined]
        if isinstance(error, NothingToCheck):
            report.untouched = True  # type: ignore[attr-defined]
        if isinstance(error, StepBefore):
            report.after = error.step.number  # type: ignore[attr-defined]
        shown = words is None or isinstance(error, AssertionError)
        call.excinfo = raised if shown else None  # a debugger has nothing else to show
        return report

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self) -> Iterator[None]:
        """Show how each task stands, and what is wrong."""
        self._screen.before_pytests()
        yield
        self._screen.after_pytests(self._seed)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the verdict where it was asked for, and tell trouble of the machine from what is wrong."""
        if self._source.problem is None and not self._source.is_current():
            self._verdict.changed = True
        ended = session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
        if ended and (self._verdict.troubles or self._verdict.changed):
            session.exitstatus = EXIT_STATUS
        if self._report is not None:
            why = self._why_incomplete(session)
            self._report.write(self._verdict.as_json(why, self._screen.first))
        if ended:
            self._keep()
        if session.exitstatus not in (pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR):
            self._screen.end(self._seed)

    @property
    def _seed(self) -> int | None:
        return self._fixtures.seed if self._fixtures.seed_used else None

    def _keep(self) -> None:
        """Keep what a trainee's own run has found, so that `groundrules start` need not run it again."""
        exercises = self._course.root / EXERCISES
        steps = self._verdict.whole_steps()
        if steps and exercises.is_dir() and self._source.original.samefile(exercises):
            keep(self._course, exercises, steps, self._verdict.results())

    def _why_incomplete(self, session: pytest.Session) -> str | None:
        """Return what kept the run from a whole verdict, if anything did."""
        if session.exitstatus == pytest.ExitCode.INTERRUPTED:
            return "the run was stopped before it ended"
        if session.exitstatus == pytest.ExitCode.INTERNAL_ERROR:
            return "the run ended with an internal error"
        if self._verdict.troubles:
            return f"the machine had trouble: {' '.join(self._verdict.troubles)}"
        if session.shouldfail or session.shouldstop:
            return f"the run ended early: {session.shouldfail or session.shouldstop}"
        if self._verdict.changed:
            return "the code was changed during the run"
        if self._verdict.partial:
            return "only some of the tests ran"
        if self._tasks is not None:
            return "only some of the tasks were checked"
        return None

    def _trouble(self, error: BaseException) -> str | None:
        """Return in one sentence what is wrong with the machine, if that may be why a test failed."""
        if isinstance(
            error, KeyboardInterrupt | NothingToCheck | StepBefore | RuleBroken | Unreadable
        ):
            return None
        if isinstance(error, Killed) and self._last_try:
            return None  # killed twice at the same test, it has killed itself
        return trouble_behind(error, self._fixtures.sites)

    def _words(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Words | None:
        """Return the words for what a test raised, if it is not the suite itself that failed.

        An author who asks for tracebacks gets them for what a test's own code raises.
        """
        if call.excinfo is None or call.when == "teardown":
            return None
        traceback_wanted = self._config.option.tbstyle not in ("auto", "no")
        if traceback_wanted and not isinstance(call.excinfo.value, FOR_TRAINEES):
            return None
        app = item.funcargs.get("app") if isinstance(item, pytest.Function) else None
        error, asked = call.excinfo.value, app if isinstance(app, App) else None
        broken = self._demands_of(item, error)
        words = explain(error, self._course, item.stash[TASK], asked, self._source, broken)
        if words is None or not isinstance(error, AssertionError):
            return words
        return replace(words, cause=_without_parameters(words.cause, item))

    def _demands_of(self, item: pytest.Item, error: BaseException | None) -> list[Demand]:
        """Return the demands that a test holds, or those that are broken if it could tell.

        What no lesson has, since somebody changed it, is left out.
        """
        step = item.stash[STEP]
        if step.id not in self._demands:
            self._demands[step.id] = {each.name: each for each in demands_of(step)}
        broken = broken_demands(error) if error is not None else ()
        known = self._demands[step.id]
        found = [known[name] for name in broken if name in known]
        return found or [known[name] for name in item.stash[DEMANDS] if name in known]

    def _is_stub_of(self, step: Step, file: str) -> bool:
        return self._course.introduces(file) is step and self._untouched(file)

    def _untouched(self, file: str) -> bool:
        """Whether a file is still the stub that a step introduced; looked up once."""
        if file not in self._untouched_files:
            step = self._course.introduces(file)
            self._untouched_files[file] = step is not None and step.untouched(
                self._source.folder, file
            )
        return self._untouched_files[file]


def _without_parameters(text: str, item: pytest.Item) -> str:
    """Return what the messages of one test have in common, whatever it was given."""
    call = getattr(item, "callspec", None)
    for value in map(str, (*call.params.values(), call.id) if call is not None else ()):
        before = r"(?<!\w)" if value[:1].isalnum() else ""  # the 0 of a test is not that of 08.4
        after = r"(?!\w)" if value[-1:].isalnum() else ""
        if value:
            text = re.sub(before + re.escape(value) + after, "…", text)
    return text


def _of_trouble(task: Task, trouble: str) -> Words:
    return Words(task, (f"the machine had trouble. {trouble}",), trouble)


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
