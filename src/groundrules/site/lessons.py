"""The pages of the steps: lesson, hints, questions, and what changes from one state to the next."""

import difflib
import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent

from groundrules.course.lesson import hints_of
from groundrules.course.states import state_after
from groundrules.course.steps import Course, CourseError, Step, Task
from groundrules.rules.registry import all_rules
from groundrules.site.demands import with_anchors
from groundrules.site.quizzes import quiz_of

HINTS = ("A nudge", "A pointer", "Almost the solution")


def page_of_step(course: Course, step: Step) -> str:
    """Return the page of a step; one in preparation tells what it will be about."""
    if not step.ready:
        return _in_preparation(step)
    parts = [_with_hints(step), _questions(step), _changes(course, step)]
    return "\n\n".join(part for part in parts if part) + "\n"


def table_of_steps(course: Course) -> str:
    """Return a table of all steps, with their minutes and their rules."""
    rows = [
        f"| [{step.number:02} {step.title}](/steps/{step.name}/README.md) | {step.summary} "
        f"| {step.minutes} | {', '.join(_rule(code) for code in step.rules) or 'none'} |"
        for step in course.steps
    ]
    head = ["| step | what you build | minutes | rules introduced |", "|---|---|---|---|"]
    return "\n".join([*head, *rows])


def _rule(code: str) -> str:
    return f"[{code}](/docs/rules/{code}.md)"


def _with_hints(step: Step) -> str:
    """The lesson, with the hints for a task collapsed below what it asks for."""
    lesson = with_anchors(step.lesson.read_text(encoding="utf-8").rstrip(), step)
    tasks = {f"{task.id} {task.title}": task for task in step.tasks}
    parts = re.split(r"^(## .+)$", lesson, flags=re.MULTILINE)
    text = [parts[0]]
    for heading, body in zip(parts[1::2], parts[2::2], strict=True):
        task = tasks.get(heading.removeprefix("## ").strip())
        text += [heading, body]
        if task is not None:
            text.append(_hints(step, task))
    return "".join(text)


def _hints(step: Step, task: Task) -> str:
    try:
        hints = hints_of(step, task)
    except CourseError:
        return ""
    titles = [*HINTS, *(f"Hint {number}" for number in range(4, len(hints) + 1))]
    blocks = [
        f'??? question "{title}"\n\n{indent(hint, "    ")}'
        for title, hint in zip(titles, hints, strict=False)
    ]
    box = indent("\n\n".join(blocks), "    ")
    return f'??? question "Hints for task {task.id}"\n\n{box}\n\n'


def _questions(step: Step) -> str:
    quiz = quiz_of(step)
    if not quiz:
        return ""
    return (
        "## Questions\n\nOnly for you: your answers stay in this browser until you clear "
        f"them.\n\n{quiz}"
    )


def _changes(course: Course, step: Step) -> str:
    blocks = [
        f'??? success "{file}: {told}"\n\n{indent(_fenced(diff, "diff"), "    ")}'
        for file, told, diff in _diffs(course, step)
    ]
    if not blocks:
        return ""
    return (
        "## What this step changes\n\nThe course's own solution, file by file, as a diff against "
        "the beginning of this step. Yours may look different and be just as good. Open a file "
        "when yours is done.\n\n" + "\n\n".join(blocks)
    )


def _diffs(course: Course, step: Step) -> Iterator[tuple[str, str, str]]:
    """Yield each file that a step changes, how much, and the unified diff."""
    before = state_after(course, step.number - 1)
    after = state_after(course, step.number)
    for file in step.files:
        old, new = _lines(before.get(file)), _lines(after.get(file))
        lines = list(difflib.unified_diff(old, new, n=3, lineterm=""))[2:]
        added = sum(line.startswith("+") for line in lines)
        removed = sum(line.startswith("-") for line in lines)
        if lines:
            yield file, f"{_count(added)} added, {removed} removed", "\n".join(lines)


def _count(lines: int) -> str:
    return f"{lines} line" if lines == 1 else f"{lines} lines"


def _lines(path: Path | None) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path and path.is_file() else []


def _fenced(text: str, language: str) -> str:
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"


def _in_preparation(step: Step) -> str:
    rules = {rule.code: rule for rule in all_rules()}
    lines = [
        f"# {step.number:02} {step.title}",
        "This lesson is in preparation. It will take about "
        f"{step.minutes} minutes. What you will build: {step.summary[:1].lower()}{step.summary[1:]}",
        "## The rules it will introduce",
        "\n".join(
            f"- [{code}](/docs/rules/{code}.md): {rules[code].summary}" for code in step.rules
        ),
        "## The files you will write",
        "\n".join(f"- `{file}`" for file in step.files),
    ]
    return "\n\n".join(lines) + "\n"
