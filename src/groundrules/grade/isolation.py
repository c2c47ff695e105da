"""Judging one step by itself: a person's files of it, among the course's own of all other steps."""

import shutil
from pathlib import Path

from groundrules.course.states import state_after
from groundrules.course.steps import Course, Step


def write_isolated(course: Course, application: Path, step: Step, into: Path) -> Path:
    """Write the application in which `step` is theirs and all else the course's, and return its folder.

    The course's files are those of the state that they have reached, since later files may need one another.
    Files that no step lists are theirs, since the step's may import them.
    """
    listed = {file for each in course.steps for file in each.files}
    for file, source in state_after(course, reached(course, application)).items():
        _put(source, into / file)
    for path in application.rglob("*"):
        file = path.relative_to(application).as_posix()
        if path.is_file() and (file in step.files or file not in listed):
            _put(path, into / file)
    return into


def reached(course: Course, application: Path) -> int:
    """Return the number of the last step that is begun: one of its files is there, and no stub."""
    begun = (step.number for step in course.ready_steps if is_begun(course, application, step))
    return max(begun, default=0)


def is_begun(course: Course, application: Path, step: Step) -> bool:
    """Whether a file that the step introduces is there, and no stub."""
    return any(
        course.introduces(file) is step
        and (application / file).is_file()
        and not step.untouched(application, file)
        for file in step.files
    )


def _put(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
