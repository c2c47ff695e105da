"""Drawing the state: lines that fit a terminal of any size from 40 columns and 8 lines on."""

import textwrap
from dataclasses import dataclass

from groundrules.terminal import harmless
from groundrules.watch.state import Stand, State

FINDING = 12  # lines at most
FRAME = 3  # lines around it: the task, an empty line, the keys
SMALL = 12  # lines of a terminal
NOTES = 2  # lines at most of what has just happened
TASKS = 3  # lines that the list of tasks has at least
KEYS = "[h]int [l]esson [a]ll [n]ext [d]iff [r]eset [t]asks [q]uit"
KEYS_OF_TEXT = "space: more   any other key: back"
RESET, BOLD, RED, GREEN, YELLOW, DIM = "0", "1", "31", "32", "33", "2"


@dataclass(frozen=True)
class Size:
    """How many columns and lines a terminal has."""

    columns: int
    lines: int


def draw(state: State, size: Size, *, colour: bool) -> list[str]:
    """Return the lines of the screen, no more and none wider than it has room for."""
    pen = _Pen(size.columns, colour=colour)
    head = _head(state, pen)
    if state.title:
        room = max(size.lines - 3, 1)
        body = [pen.line(line) for line in _wrapped(state.text, size.columns)[state.top :][:room]]
        last = f"Task or step: {state.typed}_" if state.typed is not None else KEYS_OF_TEXT
        lines = [pen.line(state.title, BOLD), "", *body]
    else:
        notes = _wrapped([state.note], size.columns)[:NOTES] if state.note else []
        if not notes or size.lines > SMALL:
            notes.append("")
        frame = FRAME + len(notes)
        room = max(min(FINDING, size.lines - frame - TASKS), 2)
        finding = _shortened(_wrapped(state.finding, size.columns), room)
        first = () if state.stand(state.task).untouched else (RED,)
        body = [pen.line(line, *(() if number else first)) for number, line in enumerate(finding)]
        left = size.lines - frame - len(body)
        told = [pen.line(note, DIM) for note in notes]
        lines = [head, *told, *body, "", *_tasks(state, left, pen)]
        last = KEYS
    lines = lines[: size.lines - 1]
    return [*lines, *[""] * (size.lines - 1 - len(lines)), pen.line(last, DIM)]


def pages(state: State, size: Size) -> int:
    """Return how many lines the text that is shown has at this width."""
    return len(_wrapped(state.text, size.columns))


class _Pen:
    def __init__(self, columns: int, *, colour: bool) -> None:
        self._columns = columns
        self._colour = colour

    def line(self, text: str, *styles: str) -> str:
        """Return as much of a text as fits into a line, with nothing in it that moves the cursor."""
        text = harmless(text)
        if len(text) > self._columns:
            text = text[: self._columns - 1] + "…"
        if not self._colour or not styles or not text:
            return text
        return f"\x1b[{';'.join(styles)}m{text}\x1b[{RESET}m"


def _head(state: State, pen: _Pen) -> str:
    stand = state.stand(state.task)
    told = f"{state.task.id} {state.task.title}   {state.doing or stand}"
    return pen.line(told, BOLD, *(() if state.doing else _colours(stand)))


def _colours(stand: Stand) -> tuple[str, ...]:
    if stand.done:
        return (GREEN,)
    return (YELLOW,) if stand.tests else ()


def _wrapped(lines: list[str], columns: int) -> list[str]:
    """Return lines in which none is wider than the screen; what goes on is indented like its beginning."""
    found: list[str] = []
    for line in lines:
        indent = line[: len(line) - len(line.lstrip())]
        found += textwrap.wrap(
            line,
            columns,
            subsequent_indent=indent,
            break_on_hyphens=False,
            drop_whitespace=True,
        ) or [""]
    return found


def _shortened(lines: list[str], room: int) -> list[str]:
    return lines if len(lines) <= room else [*lines[: room - 1], "…"]


def _tasks(state: State, room: int, pen: _Pen) -> list[str]:
    """Return as many tasks of the step as there is room for, the one at hand among them."""
    tasks = state.step.tasks
    at = tasks.index(state.task)
    begin = max(0, min(at - room // 2, len(tasks) - room))
    lines = []
    for task in tasks[begin : begin + max(room, 1)]:
        stand = state.stand(task)
        mark = ">" if task is state.task else " "
        lines.append(pen.line(f"{mark} {stand!s:>8}  {task.id} {task.title}", *_colours(stand)))
    return lines
