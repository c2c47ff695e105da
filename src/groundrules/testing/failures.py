"""Putting a failed test in words for the person whose code it is about.

First what is wrong and where, in the trainee's own names; then where to read on.
"""

import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from groundrules.course.steps import Step, Task
from groundrules.rules import render_finding
from groundrules.rules.findings import UNREADABLE
from groundrules.testing.app import Account, App
from groundrules.testing.code import RuleBroken
from groundrules.worker.errors import Raised, WorkerError
from groundrules.worker.protocol import Failure, Frame

WIDTH = 80
INDENT = "    "
BODY_LINES = 8  # with the heading, where to read on and two lines of the list: twelve
SENTENCE_LINES = 4
FRAMES_SHOWN = 3
PRINTED_SHOWN = 2  # lines
SQLALCHEMY_S_OWN = re.compile(  # what it puts around the words of the database
    r"\(sqlalchemy\.\S+\) <class '[\w.]+'>: |\nDETAIL:  Failing row .*|\n\[SQL: .*"
    r"|\s*\(Background on this error at: \S+\)",
    re.DOTALL,
)


class NothingToCheck(Exception):
    """The files of a task are still the stubs that they were."""

    def __init__(self, files: Sequence[str]) -> None:
        few = list(files if len(files) <= 4 else files[:3])
        left_out = len(files) - len(few)
        shown = and_join([*few, f"{left_out} more"] if left_out else few)
        super().__init__(f"nothing to check yet in {shown}")


class StepBefore(Exception):
    """An earlier step is not done, so this test cannot say anything; `why` is what shows it."""

    def __init__(self, step: Step, why: str) -> None:
        super().__init__(
            f"step {step.number:02} comes first, {why}; run pytest steps/{step.number:02}"
        )
        self.step = step


@dataclass(frozen=True)
class Words:
    """What a failed test tells; pytest takes it in the place of a traceback.

    :param lines: one line that follows the heading, or several that stand below it.
    :param cause: the same for failures that have one cause, whatever each of them says.
    :param place: the trainee's line that it is about, as in `app/main.py:5`, if there is one.
    """

    task: Task
    lines: tuple[str, ...]
    cause: str
    place: str | None = None

    @property
    def heading(self) -> str:
        """The task's number and title."""
        return f"{self.task.id} {self.task.title}"

    def __str__(self) -> str:
        if len(self.lines) == 1:
            return f"{self.heading}: {self.lines[0]}"
        return "\n".join([self.heading, *self.lines])

    @property
    def reprcrash(self) -> "OneLine":
        """What pytest's lists and reports show of it."""
        return OneLine(" ".join(self.lines[0].split()))

    def toterminal(self, writer: Any) -> None:
        """Write it whole."""
        for line in str(self).splitlines():
            writer.line(line)


@dataclass(frozen=True)
class OneLine:
    """The one line of a failure that pytest's lists and reports show."""

    message: str

    def __str__(self) -> str:
        return self.message


def explain(
    error: BaseException, step: Step, task: Task, app: App | None, folder: Path
) -> Words | None:
    """Return the words for a failed test, or None if it is the suite itself that failed.

    :param folder: the folder that holds the `app` package.
    """
    if isinstance(error, NothingToCheck | StepBefore):
        return Words(task, (f"{error}.",), str(error))
    if isinstance(error, RuleBroken):
        first = error.findings[0]
        place = f"{first.path}:{first.line}"
        return Words(task, tuple(_findings(error, folder)), f"{first.rule} {place}", place)
    if not isinstance(error, AssertionError | WorkerError) or not str(error):
        return None
    account = app.account() if app is not None else Account()
    told = [*_sentence(error, folder), *_account(account, error)][:BODY_LINES]
    told.append(f"{INDENT}Read  steps/{step.name}/README.md, or ask: groundrules hint {task.id}")
    for failure in (error, *reversed(account.raised)):
        if isinstance(failure, WorkerError | Failure) and failure.frames:
            last = failure.frames[-1]
            return Words(task, tuple(told), f"{_kind(failure)} {_place(last)}", _place(last))
    return Words(task, tuple(told), f"{type(error).__name__} {error}")


def and_join(words: Sequence[str]) -> str:
    """Return `a`, `a and b`, or `a, b and c`."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def cut(line: str) -> str:
    """Return as much of a line as fits."""
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"


def _findings(error: RuleBroken, folder: Path) -> Iterable[str]:
    first, *others = error.findings
    yield from render_finding(first, folder, width=WIDTH).splitlines()
    if others:
        places = [f"{other.path}:{other.line}" for other in others]
        more = [f"{len(places) - 2} more"] if len(places) > 3 else []
        yield cut(f"{INDENT}Also  {and_join(places[:2] + more if more else places)}")


def _kind(error: WorkerError | Failure) -> str:
    """Return in which way the code stops; a file that does not parse is also a finding of its own."""
    failure = error.failure if isinstance(error, Raised) else error
    kind = failure.kind if isinstance(failure, Failure) else type(failure).__name__
    return UNREADABLE if kind == "SyntaxError" else kind


def _sentence(error: BaseException, folder: Path) -> list[str]:
    frames = error.frames if isinstance(error, WorkerError) else ()
    if isinstance(error, Raised):
        text = _what_was_raised(error, folder)
    elif isinstance(error, AssertionError):
        text = str(error).split("\nassert ")[0]  # what pytest adds is for the suite's authors
    else:
        text = str(error)
    return [INDENT + line for line in _wrapped(text)] + _frames(frames)


def _what_was_raised(error: Raised, folder: Path) -> str:
    failure = error.failure
    text = SQLALCHEMY_S_OWN.sub("", str(failure).replace(f"{folder}/", ""))
    if failure.kind == "ValidationError":  # Pydantic's, with a link under every field
        text = "\n".join(line for line in text.splitlines() if "further information" not in line)
    if failure.kind == "SystemExit":
        text = f"{failure.kind}: this line ends the program; take it out."
    if error.instead_of is not None:
        text = f"{text.rstrip('.')}; it must raise {error.instead_of}."
    if error.frames:
        return f"{_place(error.frames[-1])}  {text}"
    return f"{error.doing} raised {text}"


def _wrapped(text: str) -> list[str]:
    """Wrap a message line by line; of a very long one, show the beginning and the end."""
    width = WIDTH - len(INDENT)
    room = width * (SENTENCE_LINES - 1)
    if len(text) > room:
        text = f"{text[: room * 2 // 3]} … {text[-room // 4 :]}"
    lines = [
        part
        for line in text.splitlines()
        for part in textwrap.wrap(line, width, break_on_hyphens=False)
    ]
    if len(lines) > SENTENCE_LINES:
        lines = [*lines[: SENTENCE_LINES - 2], "…", lines[-1]]
    return lines


def _frames(frames: Iterable[Frame]) -> list[str]:
    lines = [cut(f"{INDENT}{_place(frame)} │ {frame.source}") for frame in frames]
    return list(dict.fromkeys(lines))[-FRAMES_SHOWN:]


def _place(frame: Frame) -> str:
    return f"{frame.file}:{frame.line}"


def _account(account: Account, error: BaseException) -> list[str]:
    lines = []
    if account.exchange and isinstance(error, AssertionError):
        lines.append(f"Last  {account.exchange}")
    for failure in account.raised[-1:]:
        lines.append(f"There {failure}")
        lines += [line.strip() for line in _frames(failure.frames)]
    printed = [line for line in account.printed.splitlines() if line.strip()]
    lines += [f"Print {line}" for line in printed[-PRINTED_SHOWN:]]
    return [cut(INDENT + " ".join(line.split("\n"))) for line in lines]
