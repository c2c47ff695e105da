"""What a run has found, task by task."""

import json
import textwrap
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import pytest

from groundrules.course.steps import Course, Step, Task
from groundrules.testing.failures import WIDTH, NothingToCheck, StepBefore, Words, and_join


@dataclass
class TaskVerdict:
    """How the tests of one task ended.

    :ivar tests: how many were collected, run or not.
    :ivar untouched: the task's files are still stubs.
    :ivar place: the line that its first failure is about, as in `app/main.py:5`, if there is one.
    :ivar owner: the task whose files hold that line.
    :ivar after: the number of an earlier step that must be done first, if that is so.
    """

    task: str
    title: str
    step: str
    tests: int = 0
    passed: int = 0
    failed: int = 0
    untouched: bool = False
    place: str | None = None
    owner: str | None = None
    after: int | None = None

    @property
    def done(self) -> bool:
        """Whether every test that was collected has passed."""
        return self.passed == self.tests > 0 and not self.failed

    @property
    def run(self) -> bool:
        """Whether any test of it was run."""
        return self.passed + self.failed > 0


class Verdict:
    """The verdict of one run.

    :param partial: whether only some tests of the steps were asked for, so that no task can be told done.
    """

    def __init__(self, course: Course, *, partial: bool) -> None:
        self._course = course
        self._partial = partial
        self._tasks: dict[str, TaskVerdict] = {}
        self._tests: list[dict[str, object]] = []

    def expect(self, tests: Iterable[tuple[Step, Task]]) -> None:
        """Count the tests that were collected, in the order of the lessons."""
        for step, task in tests:
            verdict = self._tasks.setdefault(task.id, TaskVerdict(task.id, task.title, step.id))
            verdict.tests += 1

    def add(self, report: pytest.TestReport, task: Task, error: BaseException | None) -> None:
        """Count one report of a test."""
        if report.when != "call" and not report.failed:
            return
        verdict = self._tasks[task.id]
        verdict.passed += report.passed
        verdict.failed += report.failed
        words = report.longrepr
        if isinstance(words, Words) and words.place is not None and verdict.place is None:
            verdict.place, verdict.owner = words.place, words.about.id
        verdict.untouched |= isinstance(error, NothingToCheck)
        if isinstance(error, StepBefore):
            verdict.after = error.step.number
        self._tests.append(
            {
                "test": report.nodeid,
                "task": task.id,
                "about": words.about.id if isinstance(words, Words) else task.id,
                "passed": report.passed,
                "message": report.longreprtext,
            }
        )

    def done(self) -> set[str]:
        """Return the ids of the tasks whose tests have all passed by now."""
        return set() if self._partial else {task.task for task in self._tasks.values() if task.done}

    def show(self, reporter: pytest.TerminalReporter) -> None:
        """Write a line for each task that was checked, and what to do next."""
        shown = [verdict for verdict in self._tasks.values() if verdict.run]
        if not shown:
            return
        reporter.ensure_newline()
        reporter.section("tasks", sep="-")
        for verdict in shown:
            if verdict.done and not self._partial:
                reporter.write(f"{'done':>8}", green=True)
            elif verdict.untouched or verdict.after is not None:
                reporter.write(f"{'to do':>8}")
            else:
                passed = f"{verdict.passed} of {verdict.tests}"
                reporter.write(f"{passed:>8}", red=verdict.failed > 0, green=not verdict.failed)
            reporter.write_line(f"  {verdict.task} {verdict.title}")
        unfinished = [verdict for verdict in shown if verdict.failed]
        if unfinished:
            for line in self._next(unfinished[0]):
                reporter.write_line(line)
        elif not self._partial:
            reporter.write_line(self._after(self._course.task(shown[-1].task)[0]))

    def as_json(self) -> str:
        """Return the verdict as one JSON object.

        `{"version": 1, "tasks": [{"task", "title", "step", "tests", "passed", "failed", "untouched",
        "place", "owner", "after"}], "tests": [{"test", "task", "about", "passed", "message"}]}`
        """
        tasks = [asdict(verdict) for verdict in self._tasks.values() if verdict.run]
        return json.dumps({"version": 1, "tasks": tasks, "tests": self._tests})

    def _after(self, step: Step) -> str:
        """Return what to do once `step` is done."""
        later = [each for each in self._course.ready_steps if each.number > step.number]
        if step == self._course.steps[-1]:
            return f"Step {step.number:02} is done, the last one. Type: groundrules start"
        if not later:
            return f"Step {step.number:02} is done, the last that is ready."
        return f"Next: step {later[0].number:02}, {later[0].title}; read steps/{later[0].name}/README.md"

    def _next(self, verdict: TaskVerdict) -> list[str]:
        if verdict.after is not None:
            first = self._course.step(verdict.after)
            return [f"Next: step {first.number:02} first; read steps/{first.name}/README.md"]
        step, task = self._course.task(verdict.owner or verdict.task)
        where = f" at {verdict.place}" if verdict.place else ""
        if not where and len(task.files) < 3:
            where = f" in {and_join(task.files)}"
        line = f"Next: {task.id}{where}; read steps/{step.name}/README.md"
        if len(line) <= WIDTH:
            return [line]
        return textwrap.wrap(
            line,
            WIDTH,
            subsequent_indent=" " * 6,
            break_long_words=False,
            break_on_hyphens=False,
        )
