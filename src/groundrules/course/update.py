"""`groundrules update`: a newer course in the place of this one, around the trainee's own work.

The files of the course are replaced. In `exercises/` only those are that the trainee never touched.
"""

import fnmatch
import os
import shutil
import subprocess
import tempfile
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from groundrules.course.beginnings import Beginnings
from groundrules.course.demands import demands_of
from groundrules.course.digests import some_of
from groundrules.course.progress import is_untouched
from groundrules.course.states import is_left_over, state_after
from groundrules.course.steps import (
    EXERCISES,
    Course,
    CourseError,
    exercises_of,
    find_course,
    is_root,
    say,
)
from groundrules.course.tree import Kind, is_like, kind_of
from groundrules.course.workspace import Workspace
from groundrules.terminal import harmless

NEVER = (
    EXERCISES,
    ".groundrules",
    ".tools",
    ".env",
    "site",
    "dist",
)  # at the root: not the course's
GONE = (  # what would still be used, though a newer course has it no more
    "solution/*",
    "src/groundrules/*",
    *(f"steps/[0-9][0-9]-*/{name}" for name in ("*.toml", "*.py", "README.md", "hints.md")),
    *(f"steps/[0-9][0-9]-*/{name}/*" for name in ("starter", "draft")),
)
INSTALLED = ("pyproject.toml", "uv.lock")
SHOWN = 10  # new demands
WIDTH = 80


def update(named: str | None, typed: str) -> None:
    """Replace the course with a newer one; raise `CourseError` if that is not possible.

    :param named: a folder that contains the newer course, or a git remote; by default, that of this clone.
    :param typed: the command as it was typed.
    """
    course = find_course()
    exercises = exercises_of(course)
    with _newer(course, named) as newer:
        change = Change(course, newer, exercises)
        if not (change.paths or change.renewed or change.away):
            print("The course is up to date.")
            return
        told = list(change.told())
        Workspace(course, say).update(
            newer, typed, paths=change.paths, files=change.renewed, away=change.away
        )
    print("\n".join(told))


@dataclass(frozen=True)
class Change:
    """What becomes of the files when a newer course takes the place of an older one."""

    old: Course
    new: Course
    exercises: Path

    @cached_property
    def paths(self) -> list[str]:
        """The paths of the course that differ, with the folders that they are in."""
        there = _files(self.new.root)
        gone = [path for path in _files(self.old.root) if path not in there and _must_go(path)]
        files = [
            path for path in there if not is_like(self.new.root / path, self.old.root / path)
        ] + gone
        folders = {parent.as_posix() for path in files for parent in list(Path(path).parents)[:-1]}
        return sorted({*files, *folders})

    @cached_property
    def _states(self) -> tuple[dict[str, Path], dict[str, Path]]:
        """What the two courses would have put into `exercises/` where the trainee started."""
        started = Beginnings(self.old).step_gone_to
        before = _state(self.old, started)
        return before, _state(self.new, started)

    @cached_property
    def renewed(self) -> dict[str, Path]:
        """The files of `exercises/` that become the newer ones, since the trainee never touched them."""
        before, now = self._states
        return {
            file: source
            for file, source in now.items()
            if not is_like(source, self.exercises / file)
            and (self._is_untouched(file) if file in before else not self._is_there(file))
        }

    @cached_property
    def away(self) -> list[str]:
        """The files of `exercises/` that the newer course does not have and nobody touched."""
        before, now = self._states
        return [file for file in before if file not in now and self._is_untouched(file)]

    @property
    def kept(self) -> list[str]:
        """The trainee's files that the newer course begins in another way."""
        before, now = self._states
        return [
            file
            for file, source in now.items()
            if file not in self.renewed
            and self._is_there(file)
            and not is_like(source, self.exercises / file)
            and not (file in before and _same_text(source, before[file]))
        ]

    def _is_there(self, file: str) -> bool:
        return kind_of(self.exercises / file) is not None

    def _is_untouched(self, file: str) -> bool:
        path = self.exercises / file
        return kind_of(path) is Kind.FILE and _same_text(path, self._states[0][file])

    def told(self) -> Iterator[str]:
        """Yield what there is to know about the change, before it is made."""
        yield f"The course is updated: {_counted(len([*filter(self._is_file, self.paths)]), 'file')} changed."
        for told, files in (
            ("Replaced in exercises/, since you had not changed them", list(self.renewed)),
            ("Removed from exercises/, since the course no longer has them", self.away),
            ("Kept as you have them, though the course's own changed", self.kept),
        ):
            if files:
                yield _filled(f"{told}: {some_of(sorted(files), 6)}", "  ")
        demands = list(self._new_demands())
        if demands:
            yield "\nNew requirements in the steps that you have started:"
            yield from (_filled(f"  {each}", "    ") for each in demands[:SHOWN])
            if len(demands) > SHOWN:
                yield f"  and {len(demands) - SHOWN} more"
            yield ""
        if not set(INSTALLED).isdisjoint(self.paths):
            yield "Its packages also changed. To install them: python3 course.py"
        yield "To check your work: groundrules status"
        yield "To go back to the course and the files as they were: groundrules undo"

    def _is_file(self, path: str) -> bool:
        return Kind.FOLDER not in (kind_of(self.new.root / path), kind_of(self.old.root / path))

    def _new_demands(self) -> Iterator[str]:
        """Yield what the newer lessons demand beyond the older ones, of each step that is begun."""
        before = {step.id: step for step in self.old.steps}
        for step in self.new.ready_steps:
            old = before.get(step.id)
            if old is None or is_untouched(self.old, old, self.exercises):
                continue
            for rule in step.rules:
                if rule not in old.rules:
                    yield f"{step.number:02} {rule}: groundrules rules {rule}"
            texts = {demand.name: demand.text for demand in demands_of(old)}
            for demand in demands_of(step):
                if demand.name not in texts:
                    yield f"{demand}: {demand.text}"
                elif demand.text != texts[demand.name]:
                    yield f"{demand}, in other words: {demand.text}"


@contextmanager
def _newer(course: Course, named: str | None) -> Iterator[Course]:
    """Give the newer course, from a folder or, for a while, from a clone of a git remote."""
    source = named or _origin(course)
    folder = Path(source).expanduser()
    if is_root(folder):
        if folder.resolve() == course.root.resolve():
            raise CourseError("That is this course itself: name a newer one, or a git remote.")
        yield Course(folder.resolve())
        return
    if folder.is_dir() and not _is_repository(folder):
        raise CourseError(
            f"There is no course in {harmless(source)}: name the folder with steps/ in it."
        )
    with tempfile.TemporaryDirectory(prefix="groundrules-update-") as temporary:
        say(f"Fetching {harmless(source)} …")
        clone = Path(temporary) / "course"
        run = _git("clone", "--quiet", "--depth", "1", "--", source, str(clone))
        if run.returncode:
            lines = run.stderr.strip().splitlines() or ["git printed nothing"]
            told = lines[-1].removeprefix("fatal: ").rstrip(".")
            raise CourseError(
                f"{harmless(source)} cannot be fetched ({harmless(told)}): name a folder or a git remote."
            )
        if not is_root(clone):
            raise CourseError(f"There is no course in {harmless(source)}: it has no steps/.")
        yield Course(clone)


def _origin(course: Course) -> str:
    for remote in ("upstream", "origin"):
        run = _git("-C", str(course.root), "remote", "get-url", remote)
        if run.returncode == 0 and (course.root / ".git").exists():
            return run.stdout.strip()
    raise CourseError(
        "This course has no git remote: name the folder or the remote that has the newer one, as in "
        "`groundrules update ~/Downloads/groundrules`."
    )


def _git(*arguments: str) -> "subprocess.CompletedProcess[str]":
    git = shutil.which("git")
    if git is None:
        raise CourseError("git is not installed: name a folder that contains the newer course.")
    return subprocess.run([git, *arguments], capture_output=True, text=True, check=False)


def _is_repository(folder: Path) -> bool:
    return _git("-C", str(folder), "rev-parse", "--git-dir").returncode == 0


def _files(root: Path) -> set[str]:
    """Return the files of a course, by their paths: those in git, where it is a clone."""
    if (root / ".git").exists() and shutil.which("git"):
        listed = _git("-C", str(root), "ls-files", "-z").stdout.split("\0")
        found = {path for path in listed if path and kind_of(root / path) is Kind.FILE}
    else:
        found = set(_walked(root))
    return {path for path in found if path.split("/")[0] not in NEVER}


def _walked(root: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(root):
        here = Path(folder).relative_to(root)
        top = here == Path()
        folders[:] = [
            name for name in folders if not is_left_over(name) and not (top and name in NEVER)
        ]
        yield from ((here / name).as_posix() for name in files if not is_left_over(name))


def _must_go(path: str) -> bool:
    return any(fnmatch.fnmatch(path, pattern) for pattern in GONE)


def _state(course: Course, started: int | None) -> dict[str, Path]:
    """Return what the course puts into `exercises/` at the beginning of a step, the first by default."""
    before = [step for step in course.steps if started is not None and step.number < started]
    return state_after(course, len(before))


def _same_text(one: Path, other: Path) -> bool:
    if not (one.is_file() and other.is_file()):
        return False
    texts = [path.read_bytes().replace(b"\r\n", b"\n") for path in (one, other)]
    return texts[0] == texts[1]


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _filled(text: str, indent: str) -> str:
    return textwrap.fill(
        text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
