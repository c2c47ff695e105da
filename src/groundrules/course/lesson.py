"""What the texts of a step say of its tasks: the lesson's sections, and the hints."""

import re
import textwrap

from groundrules.course.steps import CourseError, Step, Task


def section_of(step: Step, task: Task) -> str | None:
    """Return what the lesson says of a task, below its heading; None if it has no such heading."""
    return _sections(step.lesson.read_text(encoding="utf-8")).get(f"{task.id} {task.title}")


def place_of(step: Step, task: Task) -> str:
    """Return where that section begins, as in `steps/01-setup/README.md:158`."""
    heading = f"## {task.id} {task.title}"
    if not step.ready:
        return f"steps/{step.name}"
    lines = step.lesson.read_text(encoding="utf-8").splitlines()
    line = f":{lines.index(heading) + 1}" if heading in lines else ""
    return f"steps/{step.name}/{step.lesson.name}{line}"


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


def filled(text: str, width: int) -> str:
    """Return Markdown with its paragraphs and lists filled to `width`; code stays as it is."""
    lines: list[str] = []
    paragraph: list[str] = []
    code = False
    for line in [*text.splitlines(), ""]:
        fence = line.startswith("```")
        if code or fence or not line or line.startswith("- "):
            lines += _wrapped(" ".join(paragraph), width)
            paragraph.clear()
        if code or fence or not line:
            lines.append(line)
        else:
            paragraph.append(line.strip())
        code ^= fence
    return "\n".join(lines).rstrip()


def _wrapped(paragraph: str, width: int) -> list[str]:
    hanging = "  " if paragraph.startswith("- ") else ""
    return textwrap.wrap(
        paragraph,
        width,
        subsequent_indent=hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _sections(text: str) -> dict[str, str]:
    """Return what stands below each heading of the second level."""
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return {
        heading.strip(): body.strip()
        for heading, body in zip(parts[1::2], parts[2::2], strict=True)
    }
