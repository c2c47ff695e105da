"""The part of the pytest plugin that runs a course's suites."""

import gc
import os
import re
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from groundrules.course.notices import noticed_by_a_run
from groundrules.course.steps import Course, CourseError, Step, Task
from groundrules.testing.app import App
from groundrules.testing.arguments import Arguments
from groundrules.testing.failures import (
    FOR_TRAINEES,
    NothingToCheck,
    StepBefore,
    Words,
    explain,
)
from groundrules.testing.fixtures import STEP, Fixtures
from groundrules.testing.interrupts import interrupt_between_steps
from groundrules.testing.start import application_to_check
from groundrules.testing.summary import show_failures
from groundrules.testing.verdict import Verdict
from groundrules.worker.launcher import Launcher

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
    fixtures = Fixtures(config, course, folder, launcher)
    config.pluginmanager.register(fixtures, "groundrules-fixtures")
    suites = Suites(config, course, folder, fixtures, report)
    config.pluginmanager.register(suites, "groundrules-suites")
    if steps and not config.option.collectonly:
        fixtures.begin(max(step.number for step in steps))
    if config.option.reportchars == "fE":  # pytest's default: a list of what was told just above
        config.option.reportchars = ""
    config.addinivalue_line("markers", "task(id, rules): the task of the lesson, and its rules")
    config.addinivalue_line("markers", "rules_so_far: run once for each rule that holds by then")
    config.addinivalue_line("markers", "when_begun: run when no file of the task is a stub")


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
    """The hooks of one run.

    :param folder: the folder that holds the `app` package.
    :param report: where to write the verdict as JSON.
    """

    def __init__(
        self,
        config: pytest.Config,
        course: Course,
        folder: Path,
        fixtures: Fixtures,
        report: Path | None,
    ) -> None:
        self._config = config
        self._course = course
        self._folder = folder
        self._fixtures = fixtures
        self._report = report
        self._verdict = Verdict(course, partial=_is_partial(config))
        self._untouched_files: dict[str, bool] = {}

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> Iterator[None]:
        """Say first of all what is being checked."""
        reporter = session.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.write_line(f"Checking {_shown(self._folder, self._config)}")
            for line in noticed_by_a_run(self._course, self._folder, session.config.args):
                reporter.write_line(line)
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
        needs_all = any(map(item.get_closest_marker, ("rules_so_far", "when_begun")))
        if stubs and (stubs == introduced or needs_all):
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
        if self._fixtures.seed_used:
            seed = self._fixtures.seed
            terminalreporter.write_line(f"To repeat its values: --groundrules-seed {seed}")

    def pytest_sessionfinish(self) -> None:
        """Write the verdict where it was asked for."""
        if self._report is not None:
            self._report.write_text(self._verdict.as_json(), encoding="utf-8")

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
        done = self._verdict.done()
        words = explain(error, self._course, item.stash[TASK], asked, self._folder, done)
        if words is None or not isinstance(error, AssertionError):
            return words
        return replace(words, cause=_without_parameters(words.cause, item))

    def _is_stub_of(self, step: Step, file: str) -> bool:
        return self._course.introduces(file) is step and self._untouched(file)

    def _untouched(self, file: str) -> bool:
        """Whether a file is still the stub that a step introduced; looked up once."""
        if file not in self._untouched_files:
            step = self._course.introduces(file)
            self._untouched_files[file] = step is not None and step.untouched(self._folder, file)
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
