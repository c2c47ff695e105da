"""What a run has found, task by task."""

import ast
import json
import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import pytest

from groundrules.course.demands import Demand
from groundrules.course.progress import TestResult
from groundrules.course.steps import Course, Step, Task
from groundrules.testing.failures import WIDTH, Words, and_join


@dataclass
class TaskVerdict:
    """How the tests of one task ended.

    :ivar tests: how many were collected, run or not.
    :ivar trouble: how many the machine kept from an outcome.
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
    trouble: int = 0
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
        return self.passed + self.failed + self.trouble > 0

    @property
    def whole(self) -> bool:
        """Whether every test of it that was collected has ended, in whatever way."""
        return self.passed + self.failed + self.trouble == self.tests


class Verdict:
    """The verdict of one run.

    :param chosen: the ids of the tasks to check, if not all of the steps' are.
    :param of_parts: whether files or tests were named, so that some of the steps' were not even collected.
    :ivar changed: whether the code was changed during the run, so that nobody knows which was judged.
    """

    def __init__(
        self, course: Course, chosen: frozenset[str] | None = None, *, of_parts: bool
    ) -> None:
        self._course = course
        self._chosen = chosen
        self._of_parts = of_parts
        self._steps: list[Step] = []
        self._tasks: dict[str, TaskVerdict] = {}
        self._tests: list[dict[str, Any]] = []
        self._functions: set[tuple[str, str]] = set()  # the files and names of those that were run
        self._demands: dict[str, Demand] = {}  # those of tests that failed
        self.troubles: list[str] = []
        self.changed = False

    def expect(self, tests: Iterable[tuple[Step, Task]]) -> None:
        """Count the tests that were collected, in the order of the lessons."""
        for step, task in tests:
            verdict = self._tasks.setdefault(task.id, TaskVerdict(task.id, task.title, step.id))
            verdict.tests += 1
            if step not in self._steps:
                self._steps.append(step)

    @property
    def partial(self) -> bool:
        """Whether only a part of the steps' tests was run, so that no task can be told done."""
        return (
            self._of_parts
            or self.changed
            or not all(verdict.whole for verdict in self._tasks.values())
        )

    def add(self, report: pytest.TestReport, task: Task) -> None:
        """Count one report of a test, which may say `untouched` or `after` as a task's verdict does."""
        if report.when != "call" and not report.failed:
            return
        verdict = self._tasks[task.id]
        if report.when == "teardown" and self._tests and self._tests[-1]["test"] == report.nodeid:
            if not self._tests[-1]["passed"]:
                return  # it has not passed anyway
            self._tests.pop()
            verdict.passed -= 1
        trouble: str | None = getattr(report, "trouble", None)
        verdict.passed += report.passed
        verdict.failed += report.failed and trouble is None
        verdict.trouble += trouble is not None
        if trouble is not None and trouble not in self.troubles:
            self.troubles.append(trouble)
        file, _, test = report.nodeid.rpartition("/")[2].partition("::")
        self._functions.add((file, test.partition("[")[0]))
        words = report.longrepr
        if isinstance(words, Words) and words.place is not None and verdict.place is None:
            verdict.place, verdict.owner = words.place, words.about.id
        verdict.untouched |= getattr(report, "untouched", False)
        verdict.after = getattr(report, "after", verdict.after)
        demands: list[Demand] = getattr(report, "demands", [])
        self._demands |= {each.name: each for each in demands if report.failed}
        self._tests.append(
            {
                "test": report.nodeid,
                "task": task.id,
                "about": words.about.id if isinstance(words, Words) else task.id,
                "demands": [each.name for each in demands],
                "passed": report.passed,
                "trouble": trouble is not None,
                "message": report.longreprtext,
            }
        )

    def done(self) -> set[str]:
        """Return the ids of the tasks whose tests have all passed by now."""
        return (
            set() if self._of_parts else {task.task for task in self._tasks.values() if task.done}
        )

    def show(self, reporter: pytest.TerminalReporter, first: tuple[str, Words] | None) -> None:
        """Write a line for each task that was checked, what was not, and what to do next.

        :param first: the finding shown first, with the id of its task.
        """
        shown = [verdict for verdict in self._tasks.values() if verdict.run]
        if not shown:
            return
        reporter.ensure_newline()
        reporter.section("tasks", sep="-")
        partial = self.partial
        for verdict in shown:
            if verdict.done and not partial:
                reporter.write(f"{'done':>8}", green=True)
            elif verdict.trouble:
                reporter.write(f"{'trouble':>8}", yellow=True)
            elif verdict.untouched or verdict.after is not None:
                reporter.write(f"{'to do':>8}")
            else:
                passed = f"{verdict.passed} of {verdict.tests}"
                reporter.write(f"{passed:>8}", red=verdict.failed > 0, green=not verdict.failed)
            reporter.write_line(f"  {verdict.task} {verdict.title}")
        for line in self._not_checked() if partial and self._chosen is None else ():
            reporter.write_line(line)
        if self.changed:
            told = "The code was changed during the run, so there is no verdict: run it again."
            reporter.write_line(told, yellow=True)
            return
        if self.troubles:
            for line in self._told_trouble():
                reporter.write_line(line, yellow=True)
            return
        unfinished = [verdict for verdict in shown if verdict.failed]
        if first is not None:
            for line in self._next(self._tasks[first[0]], first[1]):
                reporter.write_line(line)
        elif not partial and not unfinished:
            reporter.write_line(self._after(*self._course.task(shown[-1].task)))

    def as_json(self, why_incomplete: str | None, first: Words | None) -> str:
        """Return the verdict as one JSON object.

        `{"version": 1, "complete": true, "why": null, "tasks": [{"task", "title", "step", "tests", "passed",
        "failed", "trouble", "untouched", "place", "owner", "after"}], "tests": [{"test", "task", "about",
        "demands", "passed", "trouble", "message"}], "first": {"task", "place", "message"}, "demands":
        [{"scope", "name", "text", "place"}]}`. It is complete if every test of its steps was run and found
        right or wrong; otherwise `why` says what kept it from that. `first` is the finding to begin with, or
        null. The demands of a test are those it holds, or those that are broken; the list at the end has the
        sentences of the latter.
        """
        tasks = [asdict(verdict) for verdict in self._tasks.values() if verdict.run]
        return json.dumps(
            {
                "version": 1,
                "complete": why_incomplete is None,
                "why": why_incomplete,
                "tasks": tasks,
                "tests": self._tests,
                "first": first
                and {"task": first.about.id, "place": first.place, "message": str(first)},
                "demands": [asdict(demand) for demand in self._demands.values()],
            }
        )

    def whole_steps(self) -> list[Step]:
        """Return the steps of which every test has ended, also those that an option kept from collection."""
        if self.partial or self._chosen is not None or self.troubles:
            return []
        return [step for step in self._steps if all_functions_of(step) <= self._functions]

    def results(self) -> list[TestResult]:
        """Return how each test ended, as it is kept."""
        fields = ("test", "task", "about", "passed", "message")
        return [TestResult(**{name: each[name] for name in fields}) for each in self._tests]

    def _told_trouble(self) -> list[str]:
        number = sum(verdict.trouble for verdict in self._tasks.values())
        tests = "1 test" if number == 1 else f"{number} tests"
        told = (
            f"The machine had trouble with {tests}, and that says nothing about the code: run "
            f"the step again. {self.troubles[0]}"
        )
        return textwrap.wrap(told, WIDTH, subsequent_indent=" " * 6, break_on_hyphens=False)

    def _not_checked(self) -> Iterator[str]:
        """Yield what a part of a suite has not looked at, a step at a time."""
        for step in self._steps:
            left_out = []
            for task in step.tasks:
                verdict = self._tasks.get(task.id)
                if verdict is None or not verdict.run:
                    left_out.append(task.id)
                elif missing := self._missing(step, verdict):
                    left_out.append(f"{missing} {'test' if missing == 1 else 'tests'} of {task.id}")
            if left_out:
                told = f"Not checked: {and_join(left_out)}. The whole step: pytest steps/{step.number:02}"
                yield from textwrap.wrap(
                    told, WIDTH, subsequent_indent=" " * 6, break_on_hyphens=False
                )

    def _missing(self, step: Step, verdict: TaskVerdict) -> int:
        """Return how many tests of a task were not run; those of a function not collected count as one."""
        collected = verdict.tests - verdict.passed - verdict.failed - verdict.trouble
        if not self._of_parts or collected:
            return collected
        return len(functions_of(step, verdict.task) - self._functions)

    def _after(self, step: Step, task: Task) -> str:
        """Return what to do once `task`, the last one checked, is done."""
        if self._chosen is not None and task is not step.tasks[-1]:
            following = step.tasks[step.tasks.index(task) + 1]
            return f"Next: {following.id} {following.title}; read steps/{step.name}/README.md"
        if self._chosen is not None and not self._chosen.issuperset(each.id for each in step.tasks):
            return f"Now the whole step: pytest steps/{step.number:02}"
        later = [each for each in self._course.ready_steps if each.number > step.number]
        if step == self._course.steps[-1]:
            return f"Step {step.number:02} is done, the last one. Type: groundrules start"
        if not later:
            return f"Step {step.number:02} is done, the last that is ready."
        return f"Next: step {later[0].number:02}, {later[0].title}; read steps/{later[0].name}/README.md"

    def _next(self, verdict: TaskVerdict, words: Words) -> list[str]:
        if verdict.after is not None:
            first = self._course.step(verdict.after)
            return [f"Next: step {first.number:02} first; read steps/{first.name}/README.md"]
        step, task = self._course.task(words.about.id)
        where = f" at {words.place}" if words.place else ""
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


def functions_of(step: Step, task: str) -> set[tuple[str, str]]:
    """Return the files and names of the test functions of a task, as its suite has them."""
    found = set()
    for path in step.folder.glob("test_*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and any(
                ast.unparse(mark).startswith(f"task({task!r}") for mark in node.decorator_list
            ):
                found.add((path.name, node.name))
    return found


def all_functions_of(step: Step) -> set[tuple[str, str]]:
    """Return the files and names of all test functions of a step's suite."""
    return {
        (path.name, name)
        for path in step.folder.glob("test_*.py")
        for name in re.findall(r"^(?:async )?def (test\w*)", path.read_text("utf-8"), re.MULTILINE)
    }
