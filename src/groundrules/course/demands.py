"""The demands of a lesson: the sentences that its suite may hold somebody to.

A demand is a list item of a task, or of *Your turn* for what applies to all tasks of a step. Its name is in a
comment at its end, which GitHub does not show and the site turns into an anchor:

    - An email with two consecutive dots is rejected. <!-- demand: two-dots -->
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from groundrules.course.steps import Step

YOUR_TURN = "Your turn"
MARK = re.compile(r"\s*<!-- demand: ([a-z0-9-]+) -->")
_HEADING = re.compile(r"## (.+)")
_TASK = re.compile(r"(\d\d\.\d+) ")


@dataclass(frozen=True)
class Item:
    """A list item of a lesson.

    :param scope: the task that it belongs to, as in `05.1`, or `05` for what applies to all of a step; None
        in any other section.
    :param text: the sentence, on one line and without its mark.
    :param names: the demands it is marked as, which must be one.
    :param place: where it begins, as in `steps/05-schemas/README.md:212`.
    """

    scope: str | None
    text: str
    names: tuple[str, ...]
    place: str


@dataclass(frozen=True)
class Demand:
    """A sentence that a suite may hold somebody to; its name is unique within its step."""

    scope: str
    name: str
    text: str
    place: str

    def __str__(self) -> str:
        return f"{self.scope} {self.name}"


def demands_of(step: Step) -> tuple[Demand, ...]:
    """Return the demands of a step in the order of its lesson; none if the lesson is not there."""
    if not step.ready:
        return ()
    return tuple(
        Demand(item.scope, name, item.text, item.place)
        for item in items_of(step)
        if item.scope is not None
        for name in item.names
    )


def items_of(step: Step) -> Iterator[Item]:
    """Yield the list items of a lesson, those in listings left out."""
    scope: str | None = None
    lines: list[str] = []
    first = 0
    fenced = False
    text = step.lesson.read_text(encoding="utf-8")
    for number, line in enumerate([*text.splitlines(), ""], start=1):
        fenced ^= line.startswith("```")
        if lines and not line.startswith("  "):
            yield _item(step, scope, lines, first)
            lines = []
        if heading := _HEADING.fullmatch(line):
            task = _TASK.match(heading[1])
            everywhere = f"{step.number:02}" if heading[1] == YOUR_TURN else None
            scope = task[1] if task else everywhere
        elif line.startswith("- ") and not fenced:
            lines, first = [line.removeprefix("- ")], number
        elif lines:
            lines.append(line.strip())


def _item(step: Step, scope: str | None, lines: list[str], first: int) -> Item:
    text = " ".join(lines)
    place = f"steps/{step.name}/README.md:{first}"
    return Item(scope, MARK.sub("", text), tuple(MARK.findall(text)), place)
