"""Putting a failed test in words for the person whose code it is about.

First what is wrong and where, in the trainee's own names; then where to read on.
"""

import re
import textwrap
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from groundrules.course.demands import Demand
from groundrules.course.lesson import place_of
from groundrules.course.steps import Course, Step, Task
from groundrules.rules import render_finding
from groundrules.rules.findings import UNREADABLE
from groundrules.testing.app import Account, App
from groundrules.testing.code import RuleBroken
from groundrules.testing.database import Refused
from groundrules.testing.imports import runs_at_import
from groundrules.testing.missing import missing_file, missing_name
from groundrules.testing.snapshot import Snapshot
from groundrules.worker.errors import Raised, WorkerError
from groundrules.worker.protocol import Failure, Frame
from groundrules.worker.source import Unreadable

WIDTH = 80
INDENT = "    "
BODY_LINES = 8  # with the heading, where to read on and two lines of the list: twelve
SENTENCE_LINES = 4
FRAMES_SHOWN = 3
CONTEXT_MANAGER = "_AsyncGeneratorContextManager"
NO_DECORATOR = "FastAPI takes get_db() itself: remove the decorator @asynccontextmanager."
NO_ROUTER = re.compile(r"module '([\w.]+)' has no attribute '(?:_contains_router|routes)'")
LEFT_DEBUGGER = (
    "The debugger was left with q, which ends the code there. To continue the code, type c."
)
PRINTED_SHOWN = 2  # lines
SQLALCHEMY_S_OWN = re.compile(  # what it puts around the words of the database
    r"\(sqlalchemy\.\S+\) <class '[\w.]+'>: |\nDETAIL:  Failing row .*|\n\[SQL: .*"
    r"|\s*\(Background on this error at: \S+\)",
    re.DOTALL,
)
LEFT_OUT = re.compile(r"\n… [\d,]+ bytes left out …\n.*")
LOGGED = re.compile(
    r'^INFO\b|"level(?:name)?": ?"(?:INFO|DEBUG)"'
)  # the application's log of what went well
NUMBERS = re.compile(r"\d[\d\s,.:+-]*")


class NothingToCheck(Exception):
    """The files of a task are still the stubs that they were."""

    def __init__(self, files: Sequence[str]) -> None:
        few = list(files if len(files) <= 4 else files[:3])
        left_out = len(files) - len(few)
        shown = and_join([*few, f"{left_out} more"] if left_out else few)
        super().__init__(f"nothing to check yet in {shown}")
        self.files = tuple(files)


class StepBefore(Exception):
    """An earlier step is not done, so this test cannot say anything; `why` is what shows it."""

    def __init__(self, step: Step, why: str) -> None:
        super().__init__(
            f"step {step.number:02} comes first, {why}; run pytest steps/{step.number:02}"
        )
        self.step = step


UNFIT = (AttributeError, TypeError, LookupError, ValueError, ArithmeticError)  # for odd values
FOR_TRAINEES = (AssertionError, WorkerError, RuleBroken, NothingToCheck, StepBefore, Unreadable)


@dataclass(frozen=True)
class Words:
    """What a failed test tells; pytest takes it in the place of a traceback.

    :param told: one line that follows the heading, or several that stand below it.
    :param cause: the same for failures that have one cause, whatever each of them says.
    :param place: the trainee's line that it is about, as in `app/main.py:5`, if there is one.
    :param owner: the task whose files hold that line, if it is not the test's own task.
    :param lesson: where to read on about it, and where about the test's own task, if that is told.
    :param stubs: the files that are still to be written, if that is all there is to tell.
    :param section: the place of the task's section in the lesson.
    """

    task: Task
    told: tuple[str, ...]
    cause: str
    place: str | None = None
    owner: Task | None = None
    lesson: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    stubs: tuple[str, ...] = ()
    section: str = ""

    def while_done(self, done: Collection[str]) -> "Words":
        """Return the words when all tests of the tasks `done` have passed: the mistake is in none of them."""
        if self.owner is None or self.owner.id not in done:
            return self
        return replace(self, owner=None, lesson=self.lesson and (self.lesson[1], self.lesson[1]))

    @property
    def lines(self) -> tuple[str, ...]:
        """One line that follows the heading, or several that stand below it."""
        return (*self.told, *self.lesson[0]) if self.lesson else self.told

    @property
    def about(self) -> Task:
        """The task in which the mistake is."""
        return self.owner or self.task

    @property
    def heading(self) -> str:
        """The number and title of the task in which the mistake is."""
        return f"{self.about.id} {self.about.title}"

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
    error: BaseException,
    course: Course,
    task: Task,
    app: App | None,
    source: Snapshot,
    demands: Sequence[Demand] = (),
) -> Words | None:
    """Return the words for a failed test, or None if it is the suite itself that failed.

    What a test's own code raises is laid to what the application gave it last.
    :param source: the application's source.
    :param demands: those that are broken.
    """
    if isinstance(error, Unreadable):
        return Words(task, (str(error),), str(error))
    if isinstance(error, NothingToCheck | StepBefore):
        stubs = error.files if isinstance(error, NothingToCheck) else ()
        section = place_of(course.task(task.id)[0], task)
        return Words(task, (f"{error}.",), str(error), stubs=stubs, section=section)
    if isinstance(error, RuleBroken):
        first = error.findings[0]
        broken_at = f"{first.path}:{first.line}"
        return Words(
            task, tuple(_findings(error, source.folder)), f"{first.rule} {broken_at}", broken_at
        )
    account = app.account() if app is not None else Account()
    if not isinstance(error, AssertionError | WorkerError):
        if app is None or not isinstance(error, UNFIT):
            return None
        if account.given is not None:
            error = AssertionError(account.given.unfit(account.wanted, error))
        else:
            reason = f"{type(error).__name__}: {error}"
            error = AssertionError(
                f"The test cannot continue with the result ({reason}). To see where: --tb=short."
            )
    if not str(error):
        return None
    name = missing_name(error) if isinstance(error, WorkerError) else None
    file = missing_file(name, course, source.folder) if name is not None else None
    place, about = file, task
    if file is not None:
        about = _task_about(course, file, task)
        told = [f"{INDENT}{file} is missing.", f"{INDENT}To restore it: groundrules reset {file}"]
        cause = f"no {file}"
    else:
        told = [*_sentence(error, source.original), *_account(account, error)][:BODY_LINES]
        last, cause = _cause(error, account, course.task(task.id)[0])
        if last is not None:
            place = _place(last)
            at_import = any(
                runs_at_import(frame, source.folder) for frame in _frames_behind(error, account)
            )
            about = _task_about(course, last.file, task) if at_import else task
        cause = cause if name is None else f"no {name}"
    own = tuple(_where_to_read(course, task, demands))
    lesson = own if about is task else tuple(_where_to_read(course, about, ()))
    return Words(task, tuple(told), cause, place, about, (lesson, own))


def _where_to_read(course: Course, task: Task, demands: Sequence[Demand]) -> Iterable[str]:
    """Yield where the broken demand stands, if it is known, and how to get a hint."""
    step, _ = course.task(task.id)
    if not demands:
        yield f"{INDENT}Read  steps/{step.name}/README.md, or ask: groundrules hint {task.id}"
        return
    names = [str(demand) for demand in demands]
    for shown in range(len(names), 0, -1):
        line = f"{INDENT}Read  {' or '.join(names[:shown])}, at {demands[0].place}"
        if len(line) <= WIDTH:
            break
    yield line
    yield f"{INDENT}Hint  groundrules hint {task.id}"


def _frames_behind(error: BaseException, account: Account) -> Sequence[Frame]:
    """Return the frames of the failure that a test is about, the outermost first."""
    for failure in (error, *reversed(account.raised)):
        if isinstance(failure, WorkerError | Failure) and failure.frames:
            return failure.frames
    return ()


def _cause(error: BaseException, account: Account, step: Step) -> tuple[Frame | None, str]:
    """Return the trainee's line that a failure is about, if there is one, and what all of its kind share.

    What a handler lets through is about its own line, if its file is one of the step's: the services of
    an earlier step are right to refuse.
    """
    if account.routes is not None and account.given is not None:
        return None, f"no route {account.given.asked.partition(' ')[2]} {account.routes}"
    for failure in (error, *reversed(account.raised)):
        if isinstance(failure, WorkerError | Failure) and failure.frames:
            frames = failure.frames
            own = [frame for frame in frames if frame.file in step.files]
            last = own[-1] if own and isinstance(failure, Failure) else frames[-1]
            return last, f"{_kind(failure)} {_place(last)}"
    text = _message(error)
    if isinstance(error, Raised | Refused):  # it may hold moments, which differ from test to test
        text = NUMBERS.sub("…", SQLALCHEMY_S_OWN.sub("", text))
    return None, text


def _task_about(course: Course, file: str, task: Task) -> Task:
    """Return the task whose files hold `file`: `task` itself, or else the last one before its step ends."""
    step, _ = course.task(task.id)
    if file in task.files and task is not step.tasks[-1]:
        return task
    until = course.steps[: course.steps.index(step) + 1]
    found = [each for one in reversed(until) for each in one.tasks if file in each.files]
    return found[0] if found else task


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
    if not isinstance(failure, Failure):
        return type(failure).__name__
    return UNREADABLE if "SyntaxError" in (failure.kind, *failure.kinds) else failure.kind


def _sentence(error: BaseException, folder: Path) -> list[str]:
    frames = error.frames if isinstance(error, WorkerError) else ()
    text = _what_was_raised(error, folder) if isinstance(error, Raised) else _message(error)
    return [INDENT + line for line in _wrapped(text)] + _frames(frames)


def _message(error: BaseException) -> str:
    """Return what an error says, without what pytest adds for the suite's authors."""
    text = str(error)
    return text.split("\nassert ")[0] if isinstance(error, AssertionError) else text


def _what_was_raised(error: Raised, folder: Path) -> str:
    failure = error.failure
    text = SQLALCHEMY_S_OWN.sub("", _said(failure).replace(f"{folder}/", ""))
    if failure.kind == "SystemExit":
        text = f"{failure.kind}: this line ends the program; remove it."
    if error.instead_of is not None:
        text = f"{text.rstrip('.')}; it must raise {error.instead_of}."
    if error.refused is not None:
        text = f"{error.refused} must be accepted. {' '.join(text.split())}"
    if error.frames:
        return f"{_place(error.frames[-1])}  {text}"
    return text if error.refused else f"{error.doing} raised {text}"


def _said(failure: Failure) -> str:
    """Return what a failure says; of Pydantic's, each field with what it must be and what it is."""
    text = str(failure)
    if failure.kind == "TypeError" and CONTEXT_MANAGER in text:
        return f"{text}. {NO_DECORATOR}"
    module = NO_ROUTER.search(text) if failure.kind == "AttributeError" else None
    if module is not None and failure.frames and "include_router(" in failure.frames[-1].source:
        name = module[1].rpartition(".")[2]
        return (
            f"{module[1]} is a module; include_router takes the router in it: write {name}.router."
        )
    if failure.kind == "BdbQuit":
        return LEFT_DEBUGGER
    if failure.kind == "ResponseValidationError":  # the worker has put it in a sentence
        return failure.message
    if failure.kind != "ValidationError":
        return text
    lines = [line for line in text.splitlines() if "further information" not in line]
    return "\n".join(
        re.sub(r" \[type=\w+, input_value=(.*), input_type=\w+\]$", r"; it is \1", line)
        for line in lines
    )


def _wrapped(text: str) -> list[str]:
    """Wrap a message line by line; of a very long one, show the beginning and the end."""
    width = WIDTH - len(INDENT)
    room = width * (SENTENCE_LINES - 1)
    if len(text) > room:
        text = f"{text[: room * 2 // 3]} … {text[-room // 4 :]}"
    lines = [
        part
        for line in text.splitlines()
        for part in textwrap.wrap(
            line,
            width,
            subsequent_indent=" " * (len(line) - len(line.lstrip())),
            break_on_hyphens=False,
        )
    ]
    if len(lines) > SENTENCE_LINES:
        lines = [*lines[: SENTENCE_LINES - 2], "…", lines[-1]]
    return lines


def _frames(frames: Iterable[Frame]) -> list[str]:
    lines = [cut(f"{INDENT}{_place(frame)} │ {frame.source}") for frame in frames]
    return list(dict.fromkeys(lines))[-FRAMES_SHOWN:]


def _routes(routes: Sequence[str]) -> str:
    """Return a line with as many routes as it holds."""
    if not routes:
        return "The application has no routes yet."
    for shown in range(len(routes), 0, -1):
        left_out = [f"{len(routes) - shown} more"] if shown < len(routes) else []
        line = f"It has: {and_join([*routes[:shown], *left_out])}"
        if len(line) <= WIDTH - len(INDENT):
            break
    return line


def _place(frame: Frame) -> str:
    return f"{frame.file}:{frame.line}"


def _account(account: Account, error: BaseException) -> list[str]:
    lines = []
    if (
        account.exchange
        and isinstance(error, AssertionError)
        and says_something(account, _message(error))
    ):
        lines.append(f"Last  {account.exchange}")
    if account.routes is not None:
        lines.append(_routes(account.routes))
    for failure in [*account.elsewhere, *account.raised][-1:]:
        said = SQLALCHEMY_S_OWN.sub("", _said(failure))
        lines += _labelled("There", " ".join(said.split()))
        lines += [line.strip() for line in _frames(failure.frames)]
    lines += [f"Print {line}" for line in printed(account.printed)[-PRINTED_SHOWN:]]
    return [cut(INDENT + " ".join(line.split("\n"))) for line in lines]


def says_something(account: Account, message: str) -> bool:
    """Whether the last response says something about a failure: it refused, or the message is about it."""
    asked, _, answer = (account.exchange or "").partition(": ")
    path = asked.partition(" ")[2].partition("?")[0].removeprefix("/api/v1")
    return not answer.startswith("2") or (bool(path.strip("/")) and path in message)


def _labelled(label: str, text: str) -> list[str]:
    """Return a text with a label before it, in two lines at most."""
    first, *rest = textwrap.wrap(
        text,
        WIDTH - len(INDENT) - len(label) - 1,
        break_on_hyphens=False,
        max_lines=2,
        placeholder=" …",
    ) or [""]
    return [f"{label} {first}", *(" " * (len(label) + 1) + line for line in rest)]


def printed(text: str) -> list[str]:
    """Return the lines that the application printed, without its log of what went well.

    What Python adds to its warnings is left out: the line of source at which it noticed is not the trainee's.
    """
    lines: list[str] = []
    warned = False
    whole = LEFT_OUT.sub("", text)  # with the rest of the line in which it was cut
    for line in (whole if whole.strip() else text).splitlines():
        inside = warned and line.startswith("  ")
        warned = bool(re.search(r"^\S.*:\d+: \w*Warning: ", line))
        noise = "Enable tracemalloc" in line or LOGGED.search(line)
        if line.strip() and not inside and not noise:
            lines.append(re.sub(r"^.*:\d+: (\w*Warning: )", r"\1", line))
    return lines
