"""The timetable of a workshop, computed from the estimated length of the steps."""

from collections.abc import Iterator
from dataclasses import dataclass

from groundrules.course.steps import Course, Step
from groundrules.site.lengths import sittings

BEGIN, LATEST_LUNCH, END = 9 * 60, 12 * 60 + 45, 17 * 60  # minutes after midnight
TALK, BREAK, LUNCH_BREAK, SETUP = 10, 15, 60, 20  # minutes


@dataclass(frozen=True)
class Slot:
    """A part of a day, from `begin` for `minutes`, both in minutes."""

    day: int
    begin: int
    minutes: int
    what: str


def slots(course: Course) -> Iterator[Slot]:
    """Yield the parts of the workshop: each step, a talk about it, breaks, a lunch each day."""
    day, now, eaten = 1, BEGIN, False
    yield Slot(day, now, SETUP, "Welcome, and `python3 course.py start` on every machine")
    now += SETUP
    for what, minutes in _parts(course):
        ends = now + BREAK + minutes + TALK
        if ends > END:
            day, now, eaten = day + 1, BEGIN, False
        elif ends > LATEST_LUNCH and not eaten:
            yield Slot(day, now, LUNCH_BREAK, "Lunch")
            now, eaten = now + LUNCH_BREAK, True
        elif now > BEGIN + SETUP:
            yield Slot(day, now, BREAK, "Break")
            now += BREAK
        yield Slot(day, now, minutes, what)
        now += minutes
        yield Slot(day, now, TALK, "Discussion")
        now += TALK


def timetable(course: Course) -> str:
    """Return the timetable as a table for each day."""
    lines: list[str] = []
    day = 0
    for slot in slots(course):
        if slot.day != day:
            day = slot.day
            lines += ["", f"### Day {day}", "", "| from | to | what |", "|---|---|---|"]
        end = _clock(slot.begin + slot.minutes)
        lines.append(f"| {_clock(slot.begin)} | {end} | {slot.what} |")
    total = sum(step.minutes for step in course.steps)
    lines += [
        "",
        f"The steps alone take {total // 60} hours and {total % 60} minutes by estimate, and the "
        "timetable has no slack. For a mixed group, plan one day more.",
    ]
    return "\n".join(lines).lstrip()


def hours(course: Course) -> str:
    """Return how many hours all steps take."""
    return str(round(sum(step.minutes for step in course.steps) / 60))


def week(course: Course) -> str:
    """Return a plan that shares the steps over the five days of a week, with the minutes of each day."""
    days: list[list[Step]] = [[] for _ in range(5)]
    total = sum(step.minutes for step in course.steps)
    done = 0
    for step in course.steps:
        middle = done + step.minutes / 2
        days[min(4, int(middle * 5 / total))].append(step)
        done += step.minutes
    names = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
    rows = [
        f"| {name} | {', then '.join(_link(step) for step in steps)} "
        f"| {sum(step.minutes for step in steps)} | {_rules(steps)} |"
        for name, steps in zip(names, days, strict=True)
    ]
    return "\n".join(
        ["| day | steps | minutes | rules that the steps introduce |", "|---|---|---|---|", *rows]
    )


def _parts(course: Course) -> Iterator[tuple[str, int]]:
    """Yield the work of each sitting, and its minutes."""
    for step in course.steps:
        lengths = sittings(course, step)
        for number, length in enumerate(lengths, start=1):
            part = f", sitting {number} of {len(lengths)}" if len(lengths) > 1 else ""
            yield f"Step {_link(step)}{part}: `pytest steps/{step.number:02}`", length.minutes


def _link(step: Step) -> str:
    return f"[{step.number:02} {step.title}](/steps/{step.name}/README.md)"


def _rules(steps: list[Step]) -> str:
    codes = [code for step in steps for code in step.rules]
    return ", ".join(f"[{code}](/docs/rules/{code}.md)" for code in codes) or "none new"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
