"""What `exercises/` was before each command, kept in `.groundrules/`.

`saves/000007/` is from before the seventh command: `command.json` says which, `files/` is the folder as it
was. `undone/` has the same for what an undo took away. A save appears whole, by a single rename. While its
command is at work, `changes.json` lists the paths that it changes, and `after/` is what it puts there. Of an
update, `course.json` lists the paths of the course that it changes, and `course/` has what they were.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from groundrules.course.steps import CourseError
from groundrules.course.tree import bring, copy_tree, delete, differences, kind_of, shown

_NUMBERED = re.compile(r"\d{6,}")
_TIMED = re.compile(
    r"\d{8}-\d{6}-\d{9}-(?P<label>.+)"
)  # how saves were called before they had numbers


@dataclass(frozen=True)
class Command:
    """A command that changes the folder.

    :param typed: as it was typed, without the program.
    :param step: the step that it went to, if it did.
    :param restores: the name of the save that it brings back, if it does.
    """

    typed: str
    step: int | None = None
    restores: str | None = None


@dataclass(frozen=True)
class Save:
    """The folder as it was before a command."""

    folder: Path

    @property
    def files(self) -> Path:
        """Where the folder's copy is."""
        return self.folder if _TIMED.fullmatch(self.folder.name) else self.folder / "files"

    def differences(self, exercises: Path) -> list[str]:
        """Return the paths at which the folder is not what it was."""
        paths = differences(exercises, self.files)
        if self.files != self.folder:
            return paths
        return [path for path in paths if not self._never_had(path, exercises / path)]

    def _never_had(self, path: str, now: Path) -> bool:
        """Whether a save with a time for a name has no copy of such a thing: it held nothing but files."""
        if any(part.endswith("_cache") for part in Path(path).parts):
            return True
        return kind_of(self.files / path) is None and now.is_dir()

    @property
    def after(self) -> Path:
        """Where a command at work has what it puts into the folder."""
        return self.folder / "after"

    @property
    def course(self) -> Path:
        """Where the files of the course are that its command replaces."""
        return self.folder / "course"

    @property
    def course_paths(self) -> list[str]:
        """The paths of the course that its command changes."""
        try:
            return [str(path) for path in _read(self.folder / "course.json")]
        except (FileNotFoundError, NotADirectoryError):
            return []

    @property
    def command(self) -> Command:
        """The command that this is from before; raises `CourseError` if that cannot be read."""
        timed = _TIMED.fullmatch(self.folder.name)
        if timed:
            name, _, what = timed["label"].partition(" ")
            return Command(f"{name} {what.replace(' ', '/')}".strip())
        try:
            return Command(**_read(self.folder / "command.json"))
        except (OSError, ValueError, TypeError):
            raise CourseError(
                f"{shown(self.folder)} is damaged: copy the files that you need from it, "
                "and move it elsewhere."
            ) from None

    @property
    def changes(self) -> list[str] | None:
        """The paths that its command is changing; None when it is done."""
        try:
            return [str(path) for path in _read(self.folder / "changes.json")]
        except FileNotFoundError:
            return None

    def done(self) -> None:
        """Note that the command has done its work."""
        (self.folder / "changes.json").unlink(missing_ok=True)
        if kind_of(self.after) is not None:
            delete(self.after)

    def drop(self) -> None:
        """Delete the save; cut short, it is a save no more, and is swept."""
        hidden = self.folder.with_name(f".{self.folder.name}")
        self.folder.rename(hidden)
        delete(hidden)


@dataclass(frozen=True)
class Saves:
    """The saves of a clone, in its `.groundrules/`."""

    home: Path

    def exist(self) -> bool:
        """Whether there is anything, whole or not."""
        return any(self.home.joinpath("saves").glob("*"))

    def newest(self) -> Save | None:
        """Return the save of the last command that is not undone."""
        saves = self._in("saves")
        return saves[-1] if saves else None

    def last_goto(self) -> tuple[int, int] | None:
        """Return the number of the newest save of a goto, and the step it went to."""
        for save in reversed(self._in("saves")):
            step = save.command.step
            if step is not None:
                return int(save.folder.name), step
        return None

    def named(self, name: str) -> Save | None:
        """Return the save of that name, if it is there."""
        save = Save(self.home / "saves" / name)
        return save if save.folder.is_dir() else None

    def unfinished(self) -> list[Save]:
        """Return the saves whose command was broken off."""
        return [save for save in self._all() if save.changes is not None]

    def have_leftovers(self) -> bool:
        """Whether a command that was broken off has left something to see to."""
        return any(self._left_over()) or bool(self.unfinished())

    def sweep(self) -> None:
        """Delete what is half written or half deleted."""
        for path in list(self._left_over()):
            delete(path)

    def make(
        self,
        exercises: Path,
        command: Command,
        changes: Sequence[str] | None = None,
        after: Mapping[str, Path] | None = None,
        course: Sequence[str] = (),
    ) -> Save:
        """Save the folder, with what its command is about to do; return the save when it is whole.

        Without `after` it is what an undo takes away.
        :param course: the paths of the course that change too.
        """
        where = self.home / ("undone" if after is None else "saves")
        name = f"{self._next_number():06}"
        fresh = where / f".{name}"
        try:
            copy_tree(exercises, fresh / "files")
            for path, source in (after or {}).items():
                (fresh / "after" / path).parent.mkdir(parents=True, exist_ok=True)
                (fresh / "after" / path).write_bytes(source.read_bytes())
            if course:
                (fresh / "course").mkdir()
                bring(course, self.home.parent, fresh / "course")
                _write(fresh / "course.json", course)
            _write(fresh / "command.json", vars(command))
            if changes is not None:
                _write(fresh / "changes.json", changes)
            fresh.rename(where / name)
        except BaseException:
            if kind_of(fresh) is not None:
                delete(fresh)
            raise
        return Save(where / name)

    def _next_number(self) -> int:
        used = (save.folder.name for save in self._all())
        return max((int(name) for name in used if _NUMBERED.fullmatch(name)), default=0) + 1

    def _all(self) -> list[Save]:
        return [*self._in("saves"), *self._in("undone")]

    def _in(self, where: str) -> list[Save]:
        """Return the saves in a folder in order: those with a time for a name are the older ones."""
        names = [path.name for path in self.home.joinpath(where).glob("*") if path.is_dir()]
        timed = sorted(name for name in names if _TIMED.fullmatch(name))
        numbered = sorted((name for name in names if _NUMBERED.fullmatch(name)), key=int)
        return [Save(self.home / where / name) for name in (*timed, *numbered)]

    def _left_over(self) -> Iterator[Path]:
        for where in ("saves", "undone"):
            yield from self.home.joinpath(where).glob(".*")
        yield from (
            save.after
            for save in self._all()
            if save.changes is None and save.files != save.folder and save.after.exists()
        )


def _read(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


def _write(file: Path, content: object) -> None:
    file.write_text(json.dumps(content), encoding="utf-8")
