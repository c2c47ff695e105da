"""What the verdicts on each step have been tried on."""

import re

from groundrules.course.steps import Course, Step

_TASK = re.compile(r"^ *@task\(", re.MULTILINE)


def table(course: Course) -> str:
    """Return, for each step, how many tests there are, and wrong and right versions that judge them."""
    lines = ["| step | tests | wrong versions | right versions |", "|---|---|---|---|"]
    for step in course.ready_steps:
        numbers = (_tests(step), _versions(course, "wrong", step), _versions(course, "right", step))
        lines.append(f"| {step.number:02} {step.title} | {' | '.join(map(str, numbers))} |")
    return "\n".join(lines)


def _tests(step: Step) -> int:
    return sum(
        len(_TASK.findall(path.read_text(encoding="utf-8")))
        for path in step.folder.glob("test_*.py")
    )


def _versions(course: Course, kind: str, step: Step) -> int:
    return len(list((course.root / "tests" / kind).glob(f"{step.number:02}-*.toml")))
