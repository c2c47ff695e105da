"""The states of the application: what lies in its folder after each step.

State 0 is what a trainee begins with, and the last one is the finished application. No state is stored
as a whole: each is put together from `steps/*/starter`, `steps/*/draft` and `solution/`.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

from groundrules.course.steps import SOLUTION, Course, Step


def state_after(course: Course, number: int) -> dict[str, Path]:
    """Return the files of the state after step `number`: their sources by their relative paths.

    It has the starters of all steps, and in their place what the steps up to `number` leave.
    """
    files = dict(_starters(course))
    for step in course.steps[:number]:
        for file in step.files:
            files[file] = _left_by(course, step, file)
    return files


def write_state(course: Course, number: int, folder: Path) -> Path:
    """Write the state after step `number` into `folder`, and return it."""
    for file, source in state_after(course, number).items():
        target = folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    return folder


def _starters(course: Course) -> Iterator[tuple[str, Path]]:
    for step in course.steps:
        for source in files_below(step.starter):
            yield source.relative_to(step.starter).as_posix(), source


def _left_by(course: Course, step: Step, file: str) -> Path:
    """A step's draft of a file; without one, no later step changes it, and `solution/` has it."""
    draft = step.draft / file
    return draft if draft.is_file() else course.root / SOLUTION / file


def files_below(folder: Path) -> list[Path]:
    """Return the files below `folder`, sorted, without what Python and tools leave there."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not any(is_left_over(part) for part in path.relative_to(folder).parts)
    )


def is_left_over(name: str) -> bool:
    """Whether a name is of what Python and tools leave behind, or of a repository's `.git`."""
    others = ("__pycache__", ".DS_Store", ".git", ".venv", "venv")
    return name in others or name.endswith(".pyc") or (name[:1] == "." and name.endswith("_cache"))
