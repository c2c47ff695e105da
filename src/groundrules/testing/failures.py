"""Putting a failed test in words for the person whose code it is about.

First what is wrong and where, in the trainee's own names; then where to read on. Twelve lines at most.
"""

import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from groundrules.course.steps import Step, Task
from groundrules.rules import render_finding
from groundrules.testing.app import Account, App
from groundrules.testing.code import RuleBroken
from groundrules.worker.client import WorkerError
from groundrules.worker.protocol import Frame

WIDTH = 80
INDENT = "    "
FRAMES_SHOWN = 3
PRINTED_SHOWN = 2  # lines


class NothingToCheck(Exception):
    """The files of a task are still the stubs that they were."""

    def __init__(self, task: Task) -> None:
        super().__init__(f"nothing to check yet in {', '.join(task.files)}")
        self.task = task


class StepBefore(Exception):
    """A file of an earlier step is still a stub, so this test cannot say anything."""

    def __init__(self, step: Step, file: str) -> None:
        super().__init__(
            f"step {step.number:02} comes first, {file} is still its stub; "
            f"run pytest steps/{step.number:02}"
        )


class Explainer:
    """Words for the failures of one run, which tells a thing once only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._told: set[int] = set()

    def explain(self, error: BaseException, step: Step, task: Task, app: App | None) -> str | None:
        """Return the words for a failed test, or None if it is the suite itself that failed."""
        heading = f"{task.id} {task.title}"
        if isinstance(error, NothingToCheck | StepBefore):
            return f"{heading}: {error}."
        if isinstance(error, RuleBroken):
            return "\n".join([heading, *self._findings(error)])
        if id(error) in self._told and isinstance(error, WorkerError):
            return f"{heading}: the application does not start, as above."
        if not isinstance(error, AssertionError | WorkerError) or not str(error):
            return None
        self._told.add(id(error))
        account = app.account() if app is not None else Account()
        read_on = f"Read  steps/{step.name}/README.md, or ask: groundrules hint {task.id}"
        return "\n".join([heading, *_sentence(error), *_account(account, error), INDENT + read_on])

    def _findings(self, error: RuleBroken) -> Iterable[str]:
        first, *others = error.findings
        yield render_finding(first, self._folder)
        if others:
            places = ", ".join(f"{other.path}:{other.line}" for other in others[:3])
            more = f" and {len(others) - 3} more" if len(others) > 3 else ""
            yield f"{INDENT}Also  {places}{more}"


def show_failures(reporter: pytest.TerminalReporter, failures: Sequence[tuple[str, str]]) -> None:
    """Write what went wrong, each thing once with the tests that it concerns."""
    tests: dict[str, list[str]] = {}
    for test, words in failures:
        tests.setdefault(words, []).append(test.rpartition("::")[2])
    if tests:
        reporter.section("what is wrong", sep="-")
    for words, names in tests.items():
        heading, _, rest = words.partition("\n")
        reporter.write_line(heading, red=bool(rest), bold=bool(rest))
        if rest:
            reporter.write_line(rest)
            for line in textwrap.wrap("Test  " + ", ".join(names), WIDTH - len(INDENT))[:2]:
                reporter.write_line(INDENT + line)


def _sentence(error: BaseException) -> list[str]:
    text = str(error)
    if isinstance(error, AssertionError):  # what pytest adds below the message is for its authors
        lines = text.splitlines() or ["The check failed."]
        text = lines[0]
    shown = textwrap.wrap(text, WIDTH - len(INDENT))[:3] or [type(error).__name__]
    frames = error.frames if isinstance(error, WorkerError) else ()
    return [INDENT + line for line in shown] + _frames(frames)


def _frames(frames: Iterable[Frame]) -> list[str]:
    lines = [f"{INDENT}{frame.file}:{frame.line} │ {frame.source}"[:WIDTH] for frame in frames]
    distinct = list(dict.fromkeys(lines))
    return distinct[-FRAMES_SHOWN:]


def _account(account: Account, error: BaseException) -> list[str]:
    lines = []
    if account.exchange and isinstance(error, AssertionError):
        lines.append(f"Last  {account.exchange}")
    for failure in account.raised[-1:]:
        lines.append(f"There {failure}")
        lines += [line.strip() for line in _frames(failure.frames)]
    printed = [line for line in account.printed.splitlines() if line.strip()]
    lines += [f"Print {line}" for line in printed[-PRINTED_SHOWN:]]
    return [_cut(INDENT + line) for line in lines]


def _cut(line: str) -> str:
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"
