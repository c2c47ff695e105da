"""What a `goto` builds on, known by digests, so that a changed file is never copied unseen.

That is `solution/` and each step's starters and drafts. `steps/digests.txt` has a line for each file and
counts as a set of lines, so that it merges without conflict. `groundrules course digests` writes it.
"""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from groundrules.course.states import files_below
from groundrules.course.steps import SOLUTION, Course, CourseError

LIST = "steps/digests.txt"
REFRESH = "groundrules course digests"
_HEADER = f"# Written by `{REFRESH}`; run it again after a merge.\n"


def write_digests(course: Course) -> Path:
    """Write the digests of what is there now, and return their file."""
    listed = course.root / LIST
    text = _HEADER + "".join(
        f"{line}\n" for line in sorted(_line(course, path) for path in _files(course))
    )
    listed.write_bytes(os.fsencode(text))
    return listed


def changed(course: Course) -> list[str]:
    """Return the files that are not as they were written, new ones too."""
    known = _known(course)
    return sorted(
        path.relative_to(course.root).as_posix()
        for path in _files(course)
        if _line(course, path) not in known
    )


def is_current(course: Course) -> bool:
    """Whether the list is there, and has all that is there and nothing else."""
    return (course.root / LIST).is_file() and _known(course) == {
        _line(course, path) for path in _files(course)
    }


def refuse_changed(course: Course, sources: Iterable[Path]) -> None:
    """Raise `CourseError` if one of the course's files is not what it was written as.

    A draft or starter that is missing counts too: without it another file would be taken.
    """
    known = _known(course)
    missing = {
        line.partition("  ")[2]
        for line in known
        if "  steps/" in line and not (course.root / line.partition("  ")[2]).is_file()
    }
    altered = sorted(
        missing
        | {
            source.relative_to(course.root).as_posix()
            for source in sources
            if not source.is_file() or _line(course, source) not in known
        }
    )
    if altered:
        names = some_of(altered)
        was = "was" if len(altered) == 1 else "were"
        raise CourseError(
            f"{names} {was} changed or deleted, so your work cannot be built on it. "
            f"{how_to_get_back(altered)}"
        )


def how_to_get_back(files: list[str]) -> str:
    """Say how changed files of the course become what they were."""
    tops = " ".join(sorted({file.split("/")[0] for file in files}))
    return (
        f"To restore the course's version: git stash push -u {tops} (or download the course "
        f"again). If the change is meant: {REFRESH}"
    )


def some_of(files: list[str], shown: int = 3) -> str:
    """Return the first of some names, and how many there are besides."""
    rest = len(files) - shown
    return ", ".join(files[:shown]) + (f" and {rest} more" if rest > 0 else "")


def _files(course: Course) -> list[Path]:
    folders = [course.root / SOLUTION]
    folders += [folder for step in course.steps for folder in (step.starter, step.draft)]
    return [
        path for folder in folders for path in files_below(folder) if not path.name.startswith(".")
    ]


def _known(course: Course) -> frozenset[str]:
    listed = course.root / LIST
    try:
        text = os.fsdecode(listed.read_bytes())
    except OSError:
        raise CourseError(
            f"{LIST} is missing: restore it with git checkout {LIST}, or download the course again."
        ) from None
    return frozenset(line for line in text.splitlines() if not line.startswith("#"))


def _line(course: Course, path: Path) -> str:
    name = path.relative_to(course.root).as_posix()
    return f"{_digest(path)}  {name}"


def _digest(path: Path) -> str:
    content = path.read_bytes().replace(b"\r\n", b"\n")  # git may write either
    return hashlib.sha256(content).hexdigest()[:32]
