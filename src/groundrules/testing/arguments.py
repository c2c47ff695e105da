"""What people type after `pytest`: the steps it names, by their numbers or in full."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from groundrules.course.steps import Course, CourseError, Step


@dataclass(frozen=True)
class Arguments:
    """Understands the arguments of one run.

    :param root: the root of the course.
    :param working_folder: where pytest was started.
    """

    root: Path
    working_folder: Path

    def name_steps(self, paths: list[str]) -> bool:
        """Whether any of the paths is in the folder of the steps, or holds it."""
        return any(self._numbered(path) or self._is_about_steps(path) for path in paths)

    def complete(self, arguments: list[str], is_path: Callable[[int], bool]) -> list[str]:
        """Return the arguments with the numbers of steps completed to their folders.

        `steps/05` becomes `steps/05-schemas`, from the root of the course and from below it; what
        follows the number (`/test_x.py::test_y`) stays. Anything else is returned as it is.
        :param is_path: whether the argument at that place is a path, not the value of an option.

        Raises `CourseError` if there is no such step, or its lesson is not written yet.
        """
        return [
            self._completed(argument)
            if self._may_be_step(argument) and is_path(place)
            else argument
            for place, argument in enumerate(arguments)
        ]

    def steps(self, paths: list[str]) -> list[Step]:
        """Return the steps that the paths are about, by number or in full, if they are ready."""
        return [
            step
            for step in Course(self.root).ready_steps
            if any(self._is_about(step, path) for path in paths)
        ]

    def _is_about(self, step: Step, path: str) -> bool:
        numbered, absolute = self._numbered(path), self._absolute(path)
        if numbered is not None:
            return numbered[0] == step.number
        return absolute.is_relative_to(step.folder) or step.folder.is_relative_to(absolute)

    def _may_be_step(self, argument: str) -> bool:
        return self._numbered(argument) is not None or self._is_about_steps(argument)

    def _completed(self, argument: str) -> str:
        course = Course(self.root)
        numbered = self._numbered(argument)
        if numbered is not None:
            number, after = numbered
            step = course.step(number)
            _must_be_ready(step)
            return f"{step.folder}{after}"
        named = course.step_of(self._absolute(argument))
        if named is not None:
            _must_be_ready(named)
        return argument

    def _numbered(self, argument: str) -> tuple[int, str] | None:
        """Return the number of the step that is named by it, and what follows the number."""
        match = re.fullmatch(r"((?:.*[/\\])?)(\d+)((?:[/\\]|::).*)?", argument, re.DOTALL)
        if match is None:
            return None
        before, number, after = match.groups(default="")
        path, colons, test = after.partition("::")
        typed = before.replace("\\", "/")
        steps = (self.root / "steps").resolve()
        for start in (self.working_folder, self.root):  # `steps/05` is typed below the root too
            folder = (start / typed).resolve()
            if folder == steps and not (folder / number).exists():
                return int(number), path.replace("\\", "/") + colons + test
        return None

    def _is_about_steps(self, argument: str) -> bool:
        steps, path = (self.root / "steps").resolve(), self._absolute(argument)
        return path.is_relative_to(steps) or steps.is_relative_to(path)

    def _absolute(self, argument: str) -> Path:
        return (self.working_folder / argument.split("::", 1)[0]).resolve()


def _must_be_ready(step: Step) -> None:
    if not step.ready and not any(step.folder.glob("test_*.py")):
        raise CourseError(
            f"Step {step.number:02} ({step.title}) is in preparation: "
            "it has no lesson and no tests yet."
        )
