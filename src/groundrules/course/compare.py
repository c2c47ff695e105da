"""The trainee's application beside the course's own, file by file, as far as the trainee has got."""

import difflib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from groundrules.course.progress import standings
from groundrules.course.states import files_below, state_after
from groundrules.course.steps import EXERCISES, Course, CourseError, exercises_of, find_course, say
from groundrules.course.workspace import Workspace
from groundrules.terminal import paint

NAME_WIDTH = 60
FOLDERS = ("app", "migrations")
COLOURS = {"+": "green", "-": "red", "@": "cyan"}
WHOSE = {"yours": "only yours", "course": "not in yours"}


@dataclass(frozen=True)
class Difference:
    """How the course's own version of a file differs from the trainee's.

    :ivar more: how many lines it has that the trainee's has not.
    :ivar fewer: how many lines it has not that the trainee's has.
    :ivar only: who has the file, `yours` or `course`, if only one of them has.
    """

    file: str
    more: int
    fewer: int
    only: str | None


@dataclass(frozen=True)
class Comparison:
    """The trainee's files beside those of the state after step `done`."""

    course: Course
    exercises: Path
    done: int

    def differences(self) -> Iterator[Difference]:
        """Yield each file that is not the same, but for those of steps to come."""
        paths = [path for name in FOLDERS for path in files_below(self.exercises / name)]
        yours = {path.relative_to(self.exercises).as_posix() for path in paths}
        for file in sorted((yours | self._own.keys()) - self._later):
            diff = self.diff(file)[2:]
            if diff:
                more = sum(line.startswith("+") for line in diff)
                fewer = sum(line.startswith("-") for line in diff)
                yield Difference(file, more, fewer, self._only(file))

    def diff(self, file: str) -> list[str]:
        """Return a unified diff from the trainee's version of a file to the course's own.

        Raises `CourseError` if a step to come writes it, or nobody has such a file.
        """
        yours, own = self.exercises / file, self._own.get(file)
        if file in self._later:
            step = self.course.introduces(file)
            assert step is not None
            raise CourseError(
                f"{file} is written in step {step.number:02}, and a comparison would reveal the "
                "solution: finish that step first, or add --force."
            )
        if own is None and not yours.is_file():
            raise CourseError(
                f"There is no file {file}: name one as the lessons do, like app/main.py."
            )
        shown = (
            own.relative_to(self.course.root).as_posix() if own else ("the course has no such file")
        )
        lines = difflib.unified_diff(
            _lines(yours), _lines(own), f"{EXERCISES}/{file}", shown, lineterm=""
        )
        return list(lines)

    @cached_property
    def _own(self) -> dict[str, Path]:
        return state_after(self.course, self.done)

    @cached_property
    def _later(self) -> frozenset[str]:
        return self.course.only_later(self.course.steps[self.done - 1])

    def _only(self, file: str) -> str | None:
        if file not in self._own:
            return "yours"
        return None if (self.exercises / file).is_file() else "course"


def compare(named: str | None, *, force: bool, as_json: bool) -> None:
    """Print which files differ, or how one does; raise `CourseError` if nothing may be shown yet.

    With `force` they are compared with the finished application, whatever is done.
    """
    course = find_course()
    exercises = exercises_of(course)
    done = len(course.steps) if force else _steps_done(course, exercises)
    if not done:
        raise CourseError("There is nothing to compare yet: finish step 01 first, or add --force.")
    comparison = Comparison(course, exercises, done)
    if named is None:
        _show_all(comparison, as_json=as_json)
    else:
        _show_one(comparison, Workspace(course, say).name_of(named), as_json=as_json)


def _show_all(comparison: Comparison, *, as_json: bool) -> None:
    found = list(comparison.differences())
    if as_json:
        _print_json(comparison, files=[asdict(each) for each in found])
        return
    if not found:
        print(f"Your files are the same as the course's, after step {comparison.done:02}.")
        return
    print(f"From your files to the course's version, after step {comparison.done:02}:\n")
    for each in found:
        numbers = WHOSE.get(each.only or "", f"{f'+{each.more}':>5} {f'-{each.fewer}':>5}")
        print(f"  {_shortened(each.file):<{NAME_WIDTH}} {numbers}")
    print(f"\nTo see one: groundrules compare {found[0].file}")


def _show_one(comparison: Comparison, file: str, *, as_json: bool) -> None:
    diff = comparison.diff(file)
    if as_json:
        _print_json(comparison, file=file, diff=diff)
    elif not diff:
        print(f"{file} is the same as the course's version after step {comparison.done:02}.")
    for number, line in enumerate(diff if not as_json else ()):
        style = "bold" if number < 2 else COLOURS.get(line[:1])
        print(paint(line, style) if style else line)


def _print_json(comparison: Comparison, **found: object) -> None:
    print(json.dumps({"version": 1, "after_step": comparison.done, **found}, indent=2))


def _steps_done(course: Course, exercises: Path) -> int:
    """Return how many steps are done, from the first on without a gap."""
    found = standings(course, exercises, say)
    return next((place for place, each in enumerate(found) if not each.done), len(found))


def _lines(path: Path | None) -> list[str]:
    if path is None or not path.is_file():
        return []
    return path.read_text(encoding="utf-8", errors="replace").splitlines()


def _shortened(file: str) -> str:
    return file if len(file) <= NAME_WIDTH else f"…{file[1 - NAME_WIDTH :]}"
