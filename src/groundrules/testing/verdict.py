"""What a run has found, task by task."""

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import pytest

from groundrules.course.demands import Demand
from groundrules.course.progress import TestResult
from groundrules.course.steps import Course, Step, Task
from groundrules.testing.failures import Words


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
    :ivar steps: those that were collected.
    :ivar tasks: how each task stands, by its id.
    :ivar functions: the files and names of the tests that were run.
    :ivar changed: whether the code was changed during the run, so that nobody knows which was judged.
    """

    def __init__(
        self, course: Course, chosen: frozenset[str] | None = None, *, of_parts: bool
    ) -> None:
        self.course = course
        self.chosen = chosen
        self.of_parts = of_parts
        self.steps: list[Step] = []
        self.tasks: dict[str, TaskVerdict] = {}
        self._tests: list[dict[str, Any]] = []
        self.functions: set[tuple[str, str]] = set()
        self._demands: dict[str, Demand] = {}  # those of tests that failed
        self.troubles: list[str] = []
        self.changed = False

    def expect(self, tests: Iterable[tuple[Step, Task]]) -> None:
        """Count the tests that were collected, in the order of the lessons."""
        for step, task in tests:
            verdict = self.tasks.setdefault(task.id, TaskVerdict(task.id, task.title, step.id))
            verdict.tests += 1
            if step not in self.steps:
                self.steps.append(step)

    @property
    def partial(self) -> bool:
        """Whether only a part of the steps' tests was run, so that no task can be told done."""
        return (
            self.of_parts
            or self.changed
            or not all(verdict.whole for verdict in self.tasks.values())
        )

    def add(self, report: pytest.TestReport, task: Task) -> None:
        """Count one report of a test, which may say `untouched` or `after` as a task's verdict does."""
        if report.when != "call" and not report.failed:
            return
        verdict = self.tasks[task.id]
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
        self.functions.add((file, test.partition("[")[0]))
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
        return set() if self.of_parts else {task.task for task in self.tasks.values() if task.done}

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
        tasks = [asdict(verdict) for verdict in self.tasks.values() if verdict.run]
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
        if self.partial or self.chosen is not None or self.troubles:
            return []
        return [step for step in self.steps if all_functions_of(step) <= self.functions]

    def results(self) -> list[TestResult]:
        """Return how each test ended, as it is kept."""
        fields = ("test", "task", "about", "passed", "message")
        return [TestResult(**{name: each[name] for name in fields}) for each in self._tests]


def all_functions_of(step: Step) -> set[tuple[str, str]]:
    """Return the files and names of all test functions of a step's suite."""
    return {
        (path.name, name)
        for path in step.folder.glob("test_*.py")
        for name in re.findall(r"^(?:async )?def (test\w*)", path.read_text("utf-8"), re.MULTILINE)
    }
