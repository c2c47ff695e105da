"""The trainee's folder, changed by commands that lose nothing: each saves it first, and can be undone.

A command checks that it can go through, saves the folder with what it is about to do, changes it, and
notes that it is done. A command that was broken off is seen to by the next: goto and reset are rolled
back, undo is finished.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from groundrules.course.digests import refuse_changed
from groundrules.course.lock import locked
from groundrules.course.saves import Command, Save, Saves
from groundrules.course.states import state_after
from groundrules.course.steps import EXERCISES, Course, CourseError
from groundrules.course.tree import (
    FRESH,
    Kind,
    bring,
    is_like,
    kind_of,
    refuse_what_cannot_be_changed,
    shown,
    tree_of,
)
from groundrules.terminal import harmless

_HELD = ("app", "migrations")  # the folders that are a state's alone, wholly
_NOTHING = "There is nothing left to undo in exercises/."


@dataclass(frozen=True)
class Undone:
    """What an undo did.

    :param kept: where the files that were there until then are.
    """

    command: str
    kept: Path


@dataclass(frozen=True)
class Workspace:
    """The folder `exercises/` of a clone.

    :param say: is told what was seen to of a command that had been broken off.
    """

    course: Course
    say: Callable[[str], None]

    @property
    def folder(self) -> Path:
        """Where the trainee writes."""
        return self.course.root / EXERCISES

    @property
    def _home(self) -> Path:
        return self.course.root / ".groundrules"

    @property
    def _saves(self) -> Saves:
        return Saves(self._home)

    def name_of(self, typed: str) -> str:
        """Return the name that the lessons use for a file, as typed from anywhere in the clone."""
        path = Path(os.path.normpath(Path.cwd() / typed))  # a link stays a link
        for folder in (self.folder, self.folder.resolve()):
            if path.is_relative_to(folder):
                return path.relative_to(folder).as_posix()
        return Path(typed).as_posix()

    def go_to(self, number: int, typed: str) -> list[str]:
        """Make the folder what it is at the beginning of step `number`.

        Files of the trainee's own in `app/` and `migrations/` leave the folder; the save has them.
        Returns their names.
        """
        step = self.course.step(number)
        wanted = state_after(self.course, self.course.steps.index(step))
        with self._alone():
            needed = {parent for file in wanted for parent in _parents(file)}
            tree = tree_of(self.folder)
            own = [
                path
                for path in tree
                if path.split("/")[0] in _HELD and path not in needed and path not in wanted
            ]
            self._put(wanted, Command(typed, step=number), away=own)
        return [path for path in own if tree[path] is not Kind.FOLDER]

    def reset(self, files: Mapping[str, Path], typed: str) -> None:
        """Put files in place of the trainee's."""
        with self._alone():
            self._put(files, Command(typed))

    def update(
        self,
        newer: Course,
        typed: str,
        *,
        paths: Sequence[str],
        files: Mapping[str, Path],
        away: Sequence[str],
    ) -> None:
        """Put the files of a newer course in place of this one's, and of untouched ones of the trainee's.

        :param paths: the paths of the course that change.
        :param files: the files to put into the trainee's folder.
        :param away: those to take out of it.
        """
        kinds = {path: kind_of(newer.root / path) for path in paths}
        refuse_what_cannot_be_changed(self.course.root, kinds)
        with self._alone():
            self._put(files, Command(typed), away, newer=newer, paths=paths)

    def undo(self, typed: str) -> Undone:
        """Bring back what the newest save holds, and use it up.

        Raises `CourseError` if there is no save.
        """
        if not self._saves.exist():
            raise CourseError(_NOTHING)
        with self._alone():
            save = self._saves.newest()
            if save is None:
                raise CourseError(_NOTHING)
            command = save.command.typed
            if kind_of(save.files) is not Kind.FOLDER:
                raise CourseError(f"{shown(save.files)} is missing, so {command} cannot be undone.")
            self.folder.mkdir(exist_ok=True)
            paths = save.differences(self.folder)
            changes = {path: kind_of(save.files / path) for path in paths}
            refuse_what_cannot_be_changed(self.folder, changes)
            undoing = Command(typed, restores=save.folder.name)
            course = save.course_paths
            kept = self._saves.make(self.folder, undoing, paths, course=course)
            self._change(kept, paths, save.files, save.course)
            save.drop()
            kept.done()
        return Undone(command, kept.files)

    def mend(self) -> None:
        """See to a command that was broken off, if one was."""
        fresh = (self.folder / FRESH, self.course.root / FRESH)
        if self._saves.have_leftovers() or any(map(kind_of, fresh)):
            with self._alone():
                pass

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other commands away, with nothing left to see to of earlier ones."""
        with locked(self._home / "lock"):
            for save in self._saves.unfinished():
                self._see_to(save)
            self._saves.sweep()
            for folder in (self.folder, self.course.root):
                (folder / FRESH).unlink(missing_ok=True)
            yield

    def _put(
        self,
        files: Mapping[str, Path],
        command: Command,
        away: Sequence[str] = (),
        *,
        newer: Course | None = None,
        paths: Sequence[str] = (),
    ) -> None:
        """Save the folder and put files in it; raise `CourseError` before anything is touched.

        :param newer: the course that the files are from, if it is not this one.
        :param paths: the paths of this course that become those of the newer one.
        """
        sources = [path for path in files.values() if self._is_courses(path)]
        refuse_changed(newer or self.course, sources)
        for file in files:
            self._refuse_what_is_in_the_way_of(file)
        self.folder.mkdir(exist_ok=True)
        new = {file: path for file, path in files.items() if not is_like(path, self.folder / file)}
        parents = {parent for file in new for parent in _parents(file)}
        changes: dict[str, Kind | None] = dict.fromkeys(away)
        changes |= {path: Kind.FOLDER for path in parents if kind_of(self.folder / path) is None}
        changes |= dict.fromkeys(new, Kind.FILE)
        refuse_what_cannot_be_changed(self.folder, changes)
        own = sorted(changes)
        save = self._saves.make(self.folder, command, own, new, paths)
        self._change(save, own, save.after, newer.root if newer is not None else None)
        save.done()

    def _is_courses(self, path: Path) -> bool:
        return not path.is_relative_to(self._home)

    def _refuse_what_is_in_the_way_of(self, file: str) -> None:
        for parent in _parents(file):
            kind = kind_of(self.folder / parent)
            if kind is Kind.LINK:
                behind = harmless(str((self.folder / parent).readlink()))
                raise CourseError(
                    f"{shown(self.folder / parent)} is a link to {behind}, and the files there "
                    "cannot be saved: replace the link with the folder itself, and try again."
                )
            if kind not in (None, Kind.FOLDER):
                raise CourseError(
                    f"{shown(self.folder / parent)} is {kind.value}, but the course needs a "
                    "folder there: move it elsewhere first."
                )
        if kind_of(self.folder / file) is Kind.FOLDER:
            raise CourseError(
                f"{shown(self.folder / file)} is a folder, but the course needs a file there: "
                "move it elsewhere first."
            )

    def _change(
        self, save: Save, paths: list[str], source: Path, course: Path | None = None
    ) -> None:
        """Change the folder, and the course if it changes too; both stay as they were if that fails."""
        try:
            bring(paths, source, self.folder)
            if course is not None:
                bring(save.course_paths, course, self.course.root)
        except BaseException as error:
            bring(save.course_paths, save.course, self.course.root)
            bring(paths, save.files, self.folder)
            save.drop()
            if isinstance(error, KeyboardInterrupt):
                self.say(f"Stopped. {shown(self.folder)} is as it was.")
            raise

    def _see_to(self, save: Save) -> None:
        """Roll back the goto or reset that this save is from before; finish an undo."""
        command = save.command
        if command.restores is None:
            kept = self._keep_what_followed(save, save.after)
            self._bring_back(save, save)
            folders = "exercises/ and the course are" if save.course_paths else "exercises/ is"
            its = "their" if save.course_paths else "its"
            save.drop()
            self.say(
                f"{harmless(command.typed)} was interrupted: {folders} back to {its} state before that."
            )
        else:
            kept = self._finish_undo(save, self._saves.named(command.restores))
        if kept:
            self.say(f"The state until now is kept in {shown(kept.files)}")

    def _finish_undo(self, save: Save, restored: Save | None) -> Save | None:
        if restored is None:  # all but this last note of it was done
            save.done()
            self.say("undo was interrupted at its very end: nothing is lost.")
            return save
        kept = self._keep_what_followed(save, restored.files) or save
        self._bring_back(save, restored)
        command = restored.command.typed
        restored.drop()
        save.done()
        self.say(
            "undo was interrupted and is finished now: exercises/ is back to its state before "
            f"{harmless(command)}."
        )
        return kept

    def _keep_what_followed(self, save: Save, after: Path) -> Save | None:
        """Save the folder if somebody has written where a command was broken off."""
        for path in save.changes or ():
            now = self.folder / path
            if kind_of(now) not in (Kind.FILE, Kind.LINK):
                continue  # nothing is lost with it
            if not is_like(now, save.files / path) and not is_like(now, after / path):
                return self._saves.make(
                    self.folder, Command(f"the work after {save.command.typed}")
                )
        return None

    def _bring_back(self, save: Save, restored: Save) -> None:
        self.folder.mkdir(exist_ok=True)
        try:
            bring(restored.course_paths, restored.course, self.course.root)
            bring(save.changes or (), restored.files, self.folder)
        except OSError as error:
            raise CourseError(
                f"{harmless(save.command.typed)} was interrupted and cannot be repaired: "
                f"{error.strerror or error} ({shown(Path(error.filename or self.folder))}). Fix "
                f"that and try again; your files are in {shown(restored.files)}."
            ) from None


def _parents(file: str) -> list[str]:
    """Return the folders that a file is in, the outermost first."""
    return [parent.as_posix() for parent in reversed(Path(file).parents)][1:]
