"""Steps and tasks, read from `steps/NN-name/step.toml`."""

import re
import sys
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from groundrules.course.source import same_code
from groundrules.terminal import harmless

EXERCISES = "exercises"
SOLUTION = "solution"


class CourseError(Exception):
    """Something about the course or the folder given is wrong; the text is one sentence to show."""


@dataclass(frozen=True)
class Task:
    """One numbered task of a lesson; `files` are relative to the application's folder.

    :param learned: what somebody who has done it knows, in a sentence.
    """

    id: str
    title: str
    files: tuple[str, ...]
    learned: str = ""


@dataclass(frozen=True)
class Step:
    """One step of the course.

    `files` are the files that the step introduces or changes, relative to the application's folder.
    """

    folder: Path
    number: int
    id: str
    title: str
    minutes: int
    summary: str
    rules: tuple[str, ...]
    files: tuple[str, ...]
    tasks: tuple[Task, ...]

    @property
    def name(self) -> str:
        """The folder's name, as in `01-setup`."""
        return self.folder.name

    @property
    def lesson(self) -> Path:
        """The lesson's file."""
        return self.folder / "README.md"

    @property
    def hints(self) -> Path:
        """The file of the hints."""
        return self.folder / "hints.md"

    @property
    def ready(self) -> bool:
        """Whether the lesson is written; if not, the step is in preparation."""
        return self.lesson.is_file()

    @property
    def starter(self) -> Path:
        """The folder of the stubs that a trainee starts from."""
        return self.folder / "starter"

    @property
    def draft(self) -> Path:
        """The folder of finished files that a later step goes on with."""
        return self.folder / "draft"

    def task(self, task_id: str) -> Task:
        """Return the task numbered `task_id`; raise `CourseError` if the step has none such."""
        for task in self.tasks:
            if task.id == task_id:
                return task
        raise CourseError(
            f"Step {self.number:02} has no task {task_id}. Its tasks: {self.tasks[0].id} to "
            f"{self.tasks[-1].id}."
        )

    def untouched(self, application: Path, file: str) -> bool:
        """Whether `file` under `application` is still the stub that this step introduced."""
        stub = self.starter / file
        return stub.is_file() and same_code(stub, application / file)


@dataclass(frozen=True)
class Course:
    """A clone of the course, by its root folder."""

    root: Path

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """All steps by number; raises `CourseError` where a `step.toml` is broken."""
        return tuple(_read(path) for path in sorted(self.root.glob("steps/[0-9][0-9]-*/step.toml")))

    @property
    def ready_steps(self) -> tuple[Step, ...]:
        """The steps whose lesson is written."""
        return tuple(step for step in self.steps if step.ready)

    def step(self, number: int) -> Step:
        """Return the step of that number; raise `CourseError` if there is none."""
        for step in self.steps:
            if step.number == number:
                return step
        raise CourseError(f"There is no step {number:02}: the steps are {self._span()}.")

    def step_named(self, name: str) -> Step:
        """Return the step of a number or folder as it is typed; raise `CourseError` if there is none."""
        match = re.fullmatch(r"(?:steps[/\\])?(\d{1,2})(?:-[\w-]*)?[/\\]?", name.strip())
        if not match:
            raise CourseError(f"{harmless(name)!r} is not a step: name one like 03.")
        return self.step(int(match[1]))

    def step_of(self, path: Path) -> Step | None:
        """Return the step whose folder holds `path`."""
        return next((step for step in self.steps if path.is_relative_to(step.folder)), None)

    def task(self, task_id: str) -> tuple[Step, Task]:
        """Return a task with its step; raise `CourseError` if there is none of that number."""
        match = re.fullmatch(r"(\d{1,2})\.(\d+)", task_id)
        if not match:
            raise CourseError(f"{task_id!r} is not a task: name one like 01.2.")
        step = self.step(int(match[1]))
        return step, step.task(f"{step.number:02}.{int(match[2])}")

    def own_files(self, task: Task) -> tuple[str, ...]:
        """Return the files of a task that no earlier task of its step writes.

        Raises `CourseError` if no file is left.
        """
        step, _ = self.task(task.id)
        earlier = step.tasks[: step.tasks.index(task)]
        others = {file for each in earlier for file in each.files}
        own = tuple(file for file in task.files if file not in others)
        if not own:
            raise CourseError(f"Task {task.id} has no file of its own: name the file to reset.")
        return own

    def rules_until(self, step: Step) -> tuple[str, ...]:
        """Return the codes of the rules that hold at the end of `step`, in the order taught."""
        return tuple(
            code for each in self.steps[: self.steps.index(step) + 1] for code in each.rules
        )

    def introduces(self, file: str) -> Step | None:
        """Return the first step that lists `file`."""
        return next((step for step in self.steps if file in step.files), None)

    def only_later(self, step: Step) -> frozenset[str]:
        """Return the files that no step up to `step` lists, but a later one does."""
        here = self.steps.index(step) + 1
        known = {file for each in self.steps[:here] for file in each.files}
        return frozenset(file for each in self.steps[here:] for file in each.files) - known

    def _span(self) -> str:
        return f"{self.steps[0].number:02} to {self.steps[-1].number:02}" if self.steps else "none"


def find_root(start: Path | None = None) -> Path | None:
    """Return the root of the course that holds `start` (the working folder by default), if one does."""
    start = (start or Path.cwd()).resolve()
    return next((folder for folder in (start, *start.parents) if is_root(folder)), None)


def is_root(folder: Path) -> bool:
    """Whether `folder` is the root of a course."""
    return any((folder / "steps").glob("[0-9][0-9]-*/step.toml"))


def find_course(start: Path | None = None) -> Course:
    """Return the course that holds `start`; raise `CourseError` outside of any."""
    root = find_root(start)
    if root is None:
        raise CourseError(
            "No course here: run this inside a clone of Groundrules (the folder with steps/ in it)."
        )
    return Course(root)


def course_to_read() -> Course:
    """Return the course here or, outside of any, the one that this package was installed from.

    For commands that leave `exercises/` alone; raises `CourseError` if there is neither.
    """
    installed_from = Path(__file__).resolve().parents[3]
    if find_root() is None and is_root(installed_from):
        return Course(installed_from)
    return find_course()


def exercises_of(course: Course) -> Path:
    """Return the folder that the trainee writes in, after seeing to a command that was broken off.

    Raises `CourseError` if there is no application in it.
    """
    from groundrules.course.workspace import Workspace

    Workspace(course, say).mend()
    folder = course.root / EXERCISES
    if not (folder / "app").is_dir():
        raise CourseError(
            f"{EXERCISES}/app is missing: restore it with `git checkout {EXERCISES}`, or start "
            "again with `groundrules goto 1`."
        )
    return folder


def say(line: str) -> None:
    """Tell of something beside what was asked for."""
    print(line, file=sys.stderr, flush=True)


def application_folder(path: Path) -> Path:
    """Return the folder that holds the `app` package, for any of the ways to name it.

    `alice`, `alice/exercises` and `alice/exercises/app` all mean `alice/exercises`.
    Raises `CourseError` if there is no such folder.
    """
    path = path.resolve()
    if not path.is_dir():
        raise CourseError(f"{path} is not a folder: name the one that contains the app package.")
    candidates = [path, path / EXERCISES]
    if path.name == "app":
        candidates.insert(0, path.parent)
    for folder in candidates:
        if (folder / "app").is_dir():
            return folder
    raise CourseError(f"There is no app package in {path}: name the folder that holds app/.")


def _read(path: Path) -> Step:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        tasks = tuple(
            Task(task["id"], task["title"], tuple(task["files"]), task.get("learned", ""))
            for task in data.get("tasks", ())
        )
        return Step(
            folder=path.parent,
            number=int(path.parent.name[:2]),
            id=data["id"],
            title=data["title"],
            minutes=data["minutes"],
            summary=data["summary"],
            rules=tuple(data["rules"]),
            files=tuple(data["files"]),
            tasks=tasks,
        )
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CourseError(f"{path} is not valid TOML: {error}.") from None
    except KeyError as error:
        raise CourseError(f"{path} lacks the key {error}.") from None
