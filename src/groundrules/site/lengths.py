"""How long a lesson takes, from its words, its listings and the answer that the course itself has.

The pace is a convention, the same for every step: 200 words a minute, 25 lines of a listing a minute, and
20 seconds for each line of the answer, which includes thinking and running the tests.
"""

import difflib
import re
from dataclasses import dataclass

from groundrules.course.demands import MARK
from groundrules.course.states import state_after
from groundrules.course.steps import Course, Step

WORDS, LISTED, ANSWERED = 200, 25, 3  # a minute
_FENCED = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LEFT_OUT = re.compile(r"^## (?:Going further|Further reading)\n.*?(?=^## |\Z)", re.M | re.DOTALL)
STOP = "\n## A place to stop\n"


@dataclass(frozen=True)
class Length:
    """What there is to read and to write; `lines` are those of the course's own answer."""

    words: int
    listed: int
    tasks: int
    lines: int

    @property
    def minutes(self) -> int:
        """How long it takes, rounded to five minutes."""
        exact = self.words / WORDS + self.listed / LISTED + self.lines / ANSWERED
        return max(5, 5 * round(exact / 5))

    def __str__(self) -> str:
        return (
            f"about {self.minutes} minutes: {round(self.words, -2):,} words to read, and {self.tasks} tasks "
            f"({self.lines} lines in the course's own solution)."
        )


def length_of(course: Course, step: Step) -> Length:
    """Return the length of a whole step."""
    text = step.lesson.read_text(encoding="utf-8")
    return _length(text, len(step.tasks), _answer(course, step))


def sittings(course: Course, step: Step) -> tuple[Length, ...]:
    """Return the length of each sitting: two where the lesson has a place to stop, else one."""
    whole = length_of(course, step)
    text = step.lesson.read_text(encoding="utf-8")
    if STOP not in text:
        return (whole,)
    parts = text.split(STOP)
    tasks = [sum(f"## {task.id} " in part for task in step.tasks) for part in parts]
    return tuple(
        _length(part, count, round(whole.lines * count / whole.tasks))
        for part, count in zip(parts, tasks, strict=True)
    )


def _length(text: str, tasks: int, lines: int) -> Length:
    read = MARK.sub("", _LEFT_OUT.sub("", text))
    listed = sum(block[1].count("\n") for block in _FENCED.findall(read) if block[0] != "mermaid")
    return Length(len(_FENCED.sub("", read).split()), listed, tasks, lines)


def _answer(course: Course, step: Step) -> int:
    before, after = state_after(course, step.number - 1), state_after(course, step.number)
    added = 0
    for file in step.files:
        old, new = (
            states[file].read_text(encoding="utf-8").splitlines()
            if file in states and states[file].is_file()
            else []
            for states in (before, after)
        )
        added += sum(
            line.startswith("+ ") and bool(line[2:].strip()) for line in difflib.ndiff(old, new)
        )
    return added
