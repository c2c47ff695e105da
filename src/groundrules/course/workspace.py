"""The trainee's folder, changed by commands that lose nothing: each saves it first, and can be undone."""

import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from groundrules.course.states import files_below, state_after
from groundrules.course.steps import EXERCISES, Course, CourseError, Task

_HELD = ("app", "migrations")  # the folders that are a state's alone, wholly


@dataclass(frozen=True)
class Workspace:
    """The folder `exercises/` of a clone, and its saves in `.groundrules/saves/`."""

    course: Course

    @property
    def folder(self) -> Path:
        """Where the trainee writes."""
        return self.course.root / EXERCISES

    @property
    def saves(self) -> Path:
        """Where the saves are: a folder each, named by its time and what came after it."""
        return self.course.root / ".groundrules" / "saves"

    def name_of(self, typed: str) -> str:
        """Return the name that the lessons use for a file, as typed from anywhere in the clone."""
        path = Path(typed).resolve()
        if path.is_relative_to(self.folder.resolve()):
            return path.relative_to(self.folder.resolve()).as_posix()
        return Path(typed).as_posix()

    def go_to(self, number: int) -> None:
        """Make the folder what it is at the beginning of step `number`.

        Files of the trainee's own in `app/` and `migrations/` leave the folder; the save has them.
        """
        step = self.course.step(number)
        wanted = _all_there(state_after(self.course, self.course.steps.index(step)))
        self._save(f"goto {number:02}")
        for path in self._held():
            if path.relative_to(self.folder).as_posix() not in wanted:
                path.unlink()
        self._put(wanted)

    def reset_task(self, task: Task) -> tuple[str, ...]:
        """Put a task's own files back to what they are when its step begins; return their names.

        What an earlier task of the step writes stays. Raises `CourseError` if no file is left.
        """
        step, _ = self.course.task(task.id)
        earlier = step.tasks[: step.tasks.index(task)]
        others = {file for each in earlier for file in each.files}
        own = tuple(file for file in task.files if file not in others)
        if not own:
            raise CourseError(f"Task {task.id} has no file of its own: name the file to reset.")
        self._reset(own, state_after(self.course, self.course.steps.index(step)), task.id)
        return own

    def reset_file(self, file: str) -> None:
        """Put a file back to what a trainee begins with; raise `CourseError` if that has no such file."""
        state = state_after(self.course, 0)
        if file not in state:
            raise CourseError(
                f"No step has a file {file}: name one as the lessons do, like app/main.py."
            )
        self._reset((file,), state, file)

    def undo(self) -> tuple[str, Path]:
        """Bring back what the newest save holds, and use it up.

        Returns the name of what was undone, and where the files that were there are kept. Raises
        `CourseError` if there is no save.
        """
        saves = sorted(path for path in self.saves.glob("*") if not path.name.startswith("."))
        if not saves:
            raise CourseError("There is nothing to undo: no command has changed exercises/.")
        newest = saves[-1]
        wanted = {path.relative_to(newest).as_posix(): path for path in files_below(newest)}
        kept = self._save("undo", self.saves.with_name("undone"))
        for path in files_below(self.folder):
            if path.relative_to(self.folder).as_posix() not in wanted:
                path.unlink()
        self._put(wanted)
        shutil.rmtree(newest)
        return newest.name.split("-", 3)[3], kept

    def _reset(self, files: tuple[str, ...], state: Mapping[str, Path], label: str) -> None:
        wanted = _all_there({file: state[file] for file in files})
        self._save(f"reset {label.replace('/', ' ')}")
        self._put(wanted)

    def _held(self) -> list[Path]:
        return [path for name in _HELD for path in files_below(self.folder / name)]

    def _save(self, label: str, saves: Path | None = None) -> Path:
        """Copy the folder; only what is whole ever gets the name of a save."""
        saves = saves or self.saves
        made = time.strftime("%Y%m%d-%H%M%S") + f"-{time.time_ns() % 1_000_000_000:09}"
        fresh = saves / f".{made}"
        for path in files_below(self.folder):
            target = fresh / path.relative_to(self.folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)
        fresh.mkdir(parents=True, exist_ok=True)
        save = saves / f"{made}-{label}"
        fresh.rename(save)
        return save

    def _put(self, files: Mapping[str, Path]) -> None:
        """Write files; each is there whole, the old or the new, whenever this is cut short."""
        for file, source in files.items():
            target = self.folder / file
            target.parent.mkdir(parents=True, exist_ok=True)
            fresh = target.with_name(f".{target.name}.{os.getpid()}")
            try:
                shutil.copyfile(source, fresh)
                fresh.replace(target)
            finally:
                fresh.unlink(missing_ok=True)


def _all_there(files: dict[str, Path]) -> dict[str, Path]:
    """Return the files; raise `CourseError` if one of them is missing, before anything is changed."""
    for source in files.values():
        if not source.is_file():
            raise CourseError(
                f"{source} is missing: bring it back with git checkout, and try again."
            )
    return files
