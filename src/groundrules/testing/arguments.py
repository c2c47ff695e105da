"""What people type after `pytest`: the steps and tasks it names, by their numbers or in full."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from groundrules.course.steps import Course, CourseError, Step


@dataclass(frozen=True)
class Numbered:
    """What an argument such as `steps/05`, `steps/05.3` or `steps/05/test_x.py` names by numbers.

    :param task: the number of a task of the step, if one is named.
    :param after: what follows the numbers.
    """

    step: int
    task: int | None
    after: str


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

        `steps/05` becomes `steps/05-schemas`, from the root of the course and from below it, and so does
        `steps/05.3`; what follows the number (`/test_x.py::test_y`) stays. Anything else is returned as it
        is.
        :param is_path: whether the argument at that place is a path, not the value of an option.

        Raises `CourseError` if there is no such step or task, or its lesson is not written yet.
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

    def tasks(self, paths: list[str]) -> frozenset[str] | None:
        """Return the ids of the tasks to check, with all tasks of each step that is named as a whole.

        None if no path names a task. Raises `CourseError` if there is no such task.
        """
        named = [(path, self._numbered(path)) for path in paths]
        if not any(numbered and numbered.task for _, numbered in named):
            return None
        course, found = Course(self.root), set[str]()
        for path, numbered in named:
            if numbered and numbered.task:
                found.add(course.task(f"{numbered.step}.{numbered.task}")[1].id)
            else:
                found |= {task.id for step in self.steps([path]) for task in step.tasks}
        return frozenset(found)

    def _is_about(self, step: Step, path: str) -> bool:
        numbered, absolute = self._numbered(path), self._absolute(path)
        if numbered is not None:
            return numbered.step == step.number
        return absolute.is_relative_to(step.folder) or step.folder.is_relative_to(absolute)

    def _may_be_step(self, argument: str) -> bool:
        return self._numbered(argument) is not None or self._is_about_steps(argument)

    def _completed(self, argument: str) -> str:
        course = Course(self.root)
        numbered = self._numbered(argument)
        if numbered is not None:
            step = course.step(numbered.step)
            _must_be_ready(step)
            return f"{step.folder}{numbered.after}"
        named = course.step_of(self._absolute(argument))
        if named is not None:
            _must_be_ready(named)
        return argument

    def _numbered(self, argument: str) -> Numbered | None:
        pattern = r"((?:.*[/\\])?)(\d+)(?:\.(\d+))?((?:[/\\]|::).*)?"
        match = re.fullmatch(pattern, argument, re.DOTALL)
        if match is None:
            return None
        before, number, task, after = match.groups(default="")
        path, colons, test = after.partition("::")
        typed = before.replace("\\", "/")
        steps = (self.root / "steps").resolve()
        for start in (self.working_folder, self.root):  # `steps/05` is typed below the root too
            folder = (start / typed).resolve()
            if folder == steps and not (folder / number).exists():
                after = path.replace("\\", "/") + colons + test
                return Numbered(int(number), int(task) if task else None, after)
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
