"""Completing what people type after `pytest`."""

import re
from pathlib import Path

from groundrules.course.steps import Course, CourseError, Step


def complete(argument: str, root: Path, working_folder: Path) -> str:
    """Return `argument` with the number of a step completed to its folder.

    `steps/05` becomes `steps/05-schemas`, from the root of the course and from below it; what follows
    the number (`/test_x.py::test_y`) stays. Anything else is returned as it is.
    Raises `CourseError` if there is no such step, or its lesson is not written yet.
    """
    match = re.fullmatch(r"(.*?)(\d{1,2})((?:/|\\|::).*)?", argument)
    if match is None:
        return argument
    before, number, after = match.groups(default="")
    steps = _steps_folder(before, root, working_folder)
    if steps is None or (working_folder / before / number).exists():
        return argument
    step = Course(root).step(int(number))
    _must_be_ready(step)
    return f"{step.folder}{after}"


def _steps_folder(before: str, root: Path, working_folder: Path) -> Path | None:
    """Return the folder of the steps, if that is what stands before the number."""
    if before and not before.endswith(("/", "\\")):
        return None
    steps = root / "steps"
    typed = Path(before)
    for start in (working_folder, root):  # `steps/05` is typed below the root too
        if (start / typed).resolve() == steps.resolve():
            return steps
    return None


def _must_be_ready(step: Step) -> None:
    if not step.ready:
        raise CourseError(
            f"Step {step.number:02} ({step.title}) is in preparation: it has no lesson and no tests yet."
        )
