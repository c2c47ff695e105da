"""What the texts of a step say of its tasks: the lesson's sections, and the hints."""

import re

from groundrules.course.steps import CourseError, Step, Task


def section_of(step: Step, task: Task) -> str | None:
    """Return what the lesson says of a task, below its heading; None if it has no such heading."""
    return _sections(step.lesson.read_text(encoding="utf-8")).get(f"{task.id} {task.title}")


def hints_of(step: Step, task: Task) -> list[str]:
    """Return the hints for a task, from a nudge to nearly the answer.

    Raises `CourseError` if there are none.
    """
    if step.hints.is_file():
        section = _sections(step.hints.read_text(encoding="utf-8")).get(f"{task.id} {task.title}")
        parts = re.split(r"^### .*$", section or "", flags=re.MULTILINE)[1:]
        if parts:
            return [part.strip() for part in parts]
    raise CourseError(f"There are no hints for task {task.id}.")


def _sections(text: str) -> dict[str, str]:
    """Return what stands below each heading of the second level."""
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return {
        heading.strip(): body.strip()
        for heading, body in zip(parts[1::2], parts[2::2], strict=True)
    }
