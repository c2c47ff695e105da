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

    def go_to(self, number: int) -> Path:
        """Make the folder what it is at the beginning of step `number`; return the save.

        Files of the trainee's own in `app/` and `migrations/` leave the folder; the save has them.
        """
        step = self.course.step(number)
        wanted = state_after(self.course, self.course.steps.index(step))
        save = self._save(f"goto-{number:02}")
        for path in self._held():
            if path.relative_to(self.folder).as_posix() not in wanted:
                path.unlink()
        self._put(wanted)
        return save

    def reset_task(self, task: Task, number: int) -> Path:
        """Put the files of a task back to what they are when its step, `number`, begins; return the save."""
        return self._reset(task.files, number, f"reset-{task.id}")

    def reset_file(self, file: str) -> Path:
        """Put a file back to the stub that its first step gives; return the save.

        Raises `CourseError` if no step lists it.
        """
        step = self.course.introduces(file)
        if step is None:
            raise CourseError(
                f"No step has a file {file}: name one as the lessons do, like app/main.py."
            )
        return self._reset((file,), step.number, f"reset-{Path(file).name}")

    def undo(self) -> str:
        """Bring back what the newest save holds, and save what was there, so that undoing can be undone.

        Returns the name of what was undone; raises `CourseError` if there is no save.
        """
        saves = sorted(path for path in self.saves.glob("*") if path.is_dir() and _is_whole(path))
        if not saves:
            raise CourseError("There is nothing to undo: no command has changed exercises/.")
        newest = saves[-1]
        kept = {path.relative_to(newest).as_posix(): path for path in files_below(newest)}
        self._save("undo")
        for path in files_below(self.folder):
            if path.relative_to(self.folder).as_posix() not in kept:
                path.unlink()
        self._put(kept)
        shutil.rmtree(newest)
        return _label(newest)

    def _reset(self, files: tuple[str, ...], number: int, label: str) -> Path:
        step = self.course.step(number)
        state = state_after(self.course, self.course.steps.index(step))
        save = self._save(label)
        self._put({file: state[file] for file in files if file in state})
        return save

    def _held(self) -> list[Path]:
        return [path for name in _HELD for path in files_below(self.folder / name)]

    def _save(self, label: str) -> Path:
        """Copy the folder; only what is whole ever gets the name of a save."""
        made = time.strftime("%Y%m%d-%H%M%S") + f"-{time.time_ns() % 1_000_000_000:09}"
        fresh = self.saves / f".{made}"
        for path in files_below(self.folder):
            target = fresh / path.relative_to(self.folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)
        fresh.mkdir(parents=True, exist_ok=True)
        save = self.saves / f"{made}-{label}"
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


def _is_whole(save: Path) -> bool:
    return not save.name.startswith(".")


def _label(save: Path) -> str:
    return save.name.split("-", 3)[3]
