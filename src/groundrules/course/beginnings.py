"""A trainee's files as they were when a step began.

A later step goes on with files of earlier ones. As long as it has not begun, each check and each `start`
keeps them in `.groundrules/begun/`, apart for each `goto`, after which other files count.
"""

import difflib
import shutil
from dataclasses import dataclass
from pathlib import Path

from groundrules.course.saves import Saves
from groundrules.course.states import state_after
from groundrules.course.steps import EXERCISES, Course, CourseError, Step
from groundrules.course.tree import Kind, is_like, kind_of
from groundrules.terminal import harmless


@dataclass(frozen=True)
class Version:
    """What a reset puts in place of a file.

    :param why: whose it is and from when, to follow the file's name.
    """

    source: Path
    why: str


@dataclass(frozen=True)
class Beginnings:
    """The files that were kept when the steps began."""

    course: Course

    @property
    def _home(self) -> Path:
        return self.course.root / ".groundrules"

    @property
    def _exercises(self) -> Path:
        return self.course.root / EXERCISES

    @property
    def step_gone_to(self) -> int | None:
        """The step that the last goto went to, if there was one and it is not undone."""
        last = Saves(self._home).last_goto()
        return last[1] if last else None

    @property
    def _folder(self) -> Path:
        last = Saves(self._home).last_goto()
        return self._home / "begun" / str(last[0] if last else 0)

    def at_step(self, step: Step, file: str) -> Version:
        """Return a file as it was when a step of its began: the trainee's if that is known."""
        courses = state_after(self.course, self.course.steps.index(step))[file]
        if self.course.introduces(file) is step:
            return Version(courses, f"the stub that step {step.number:02} begins with")
        kept = self.kept(step, file)
        if kept is not None:
            begun = step.number <= self._reached()
            when = "when" if begun else "at the last check before"
            verb = " began" if begun else ""
            return Version(kept, f"as you had it {when} step {step.number:02}{verb}")
        gone_to = self.step_gone_to
        if gone_to is not None and step.number <= gone_to:
            return Version(
                courses,
                f"the course's version for the beginning of step {step.number:02}",
            )
        return Version(
            courses,
            f"the course's version for the beginning of step {step.number:02}, since yours of "
            "that time is unknown",
        )

    def first(self, file: str) -> Version:
        """Return a file as the trainee began with it; raise `CourseError` if there is no such file."""
        step = self.course.step(self.step_gone_to or self.course.steps[0].number)
        state = state_after(self.course, self.course.steps.index(step))
        if file not in state:
            near = difflib.get_close_matches(file, state, n=1, cutoff=0.85)
            named = (
                f"did you mean {near[0]}?"
                if near
                else "name one as the lessons do, like app/main.py."
            )
            raise CourseError(f"No step has a file {harmless(file)}: {named}")
        if self.step_gone_to is None:
            return Version(state[file], "the stub that you started with")
        return Version(
            state[file], f"as at the beginning of step {step.number:02}, where goto started"
        )

    def kept(self, step: Step, file: str) -> Path | None:
        """Return a file as the trainee had it when the step began; None if that is not known."""
        path = self._folder / step.id / file
        return path if path.is_file() else None

    def checked(self, number: int) -> None:
        """Note that the suite of a step was run: it begins, if the one before it has."""
        try:
            reached = self._reached()
            if number == reached + 1 and self._is_begun(self.course.step(reached)):
                reached = number
            self._keep_after(reached)
        except (OSError, CourseError):
            pass  # then it is not known, and a reset says so

    def reached(self, number: int) -> None:
        """Note that a step is the first that is not done."""
        try:
            reached = self._reached()
            if number > reached:
                self._keep_after(reached)
            self._keep_after(max(number, reached))
        except (OSError, CourseError):
            pass

    def _reached(self) -> int:
        try:
            return int(self._folder.joinpath("reached").read_text())
        except (OSError, ValueError):
            return self.step_gone_to or 1

    def _is_begun(self, step: Step) -> bool:
        return any(
            (step.starter / file).is_file() and not step.untouched(self._exercises, file)
            for file in step.files
        )

    def _keep_after(self, reached: int) -> None:
        for step in self.course.steps:
            if step.number <= reached or self._is_begun(step):
                continue
            for file in step.files:
                if self.course.introduces(file) is not step:
                    self._keep(self._exercises / file, self._folder / step.id / file)
        if reached != self._reached():
            self._folder.joinpath("reached").write_text(str(reached))

    def _keep(self, source: Path, target: Path) -> None:
        if kind_of(source) is Kind.FILE and not (target.is_file() and is_like(source, target)):
            target.parent.mkdir(parents=True, exist_ok=True)
            fresh = target.with_name(f".{target.name}")
            shutil.copyfile(source, fresh)
            fresh.replace(target)
