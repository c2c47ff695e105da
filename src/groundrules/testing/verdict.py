"""What a run has found, task by task."""

import json
from dataclasses import asdict, dataclass

import pytest

from groundrules.course.steps import Course, Step, Task
from groundrules.testing.failures import NothingToCheck


@dataclass
class TaskVerdict:
    """How many tests of one task passed and failed; `untouched` if its files are still stubs."""

    task: str
    title: str
    step: str
    passed: int = 0
    failed: int = 0
    untouched: bool = False

    @property
    def done(self) -> bool:
        """Whether every test that ran has passed."""
        return self.passed > 0 and self.failed == 0


class Verdict:
    """The verdict of one run."""

    def __init__(self, course: Course) -> None:
        self._course = course
        self._tasks: dict[str, TaskVerdict] = {}
        self._tests: list[dict[str, object]] = []

    def add(
        self, report: pytest.TestReport, step: Step, task: Task, error: BaseException | None
    ) -> None:
        """Count one report of a test."""
        if report.when != "call" and not report.failed:
            return
        verdict = self._tasks.setdefault(task.id, TaskVerdict(task.id, task.title, step.id))
        verdict.passed += report.passed
        verdict.failed += report.failed
        verdict.untouched |= isinstance(error, NothingToCheck)
        self._tests.append(
            {
                "test": report.nodeid,
                "task": task.id,
                "passed": report.passed,
                "message": report.longreprtext,
            }
        )

    def show(self, reporter: pytest.TerminalReporter) -> None:
        """Write a line for each task that was checked, and what to do next."""
        if not self._tasks:
            return
        reporter.section("tasks", sep="-")
        reporter.ensure_newline()
        for verdict in self._tasks.values():
            total = verdict.passed + verdict.failed
            if verdict.done:
                reporter.write(f"{'done':>8}", green=True)
            elif verdict.untouched:
                reporter.write(f"{'to do':>8}")
            else:
                reporter.write(f"{f'{verdict.passed} of {total}':>8}", red=True)
            reporter.write_line(f"  {verdict.task} {verdict.title}")
        unfinished = [verdict for verdict in self._tasks.values() if not verdict.done]
        if unfinished:
            first = unfinished[0]
            step, task = self._course.task(first.task)
            files = " and ".join(task.files) if len(task.files) < 3 else "the code"
            reporter.write_line(f"Next: {task.id} in {files}; read steps/{step.name}/README.md")

    def as_json(self) -> str:
        """Return the verdict as one JSON object.

        `{"version": 1, "tasks": [{"task", "title", "step", "passed", "failed", "untouched"}],
        "tests": [{"test", "task", "passed", "message"}]}`
        """
        tasks = [asdict(verdict) for verdict in self._tasks.values()]
        return json.dumps({"version": 1, "tasks": tasks, "tests": self._tests})
