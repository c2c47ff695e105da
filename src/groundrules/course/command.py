"""The commands of a trainee: start, status, hint, goto, reset, update and undo."""

import json
import os
import re
import shlex
import shutil
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

from groundrules.course.beginnings import Beginnings
from groundrules.course.digests import some_of
from groundrules.course.notices import notices
from groundrules.course.progress import Standing, keep_as_done, known_standings, standings
from groundrules.course.reliance import relying_on
from groundrules.course.steps import (
    EXERCISES,
    Course,
    CourseError,
    Step,
    Task,
    exercises_of,
    find_course,
    say,
)
from groundrules.course.workspace import Workspace
from groundrules.terminal import harmless, paint

WIDTH = 80
INDENT = "    "


def start() -> None:
    """Start PostgreSQL, show where the trainee stands, and end with the one thing to do next."""
    from groundrules import postgres

    course = find_course()
    exercises = exercises_of(course)
    server = postgres.ensure(course.root, say=say)
    print(f"PostgreSQL {server.version} is running.\n")
    _show_next(course, _found_out(course, exercises))


def status(as_json: bool) -> None:
    """Show where the trainee stands, without starting anything but the checks."""
    course = find_course()
    exercises = exercises_of(course)
    if as_json:
        found = standings(course, exercises, say)
        _tell_what_to_know(course, exercises, found)
        print(json.dumps(_as_data(course, found), indent=2))
        return
    _show_next(course, _found_out(course, exercises))


def list_tasks(name: str | None) -> None:
    """Print the steps, with the tasks of one of them: the next to do by default. Nothing is checked."""
    course = find_course()
    known = {each.step: each for each in known_standings(course, exercises_of(course))}
    unfinished = [step for step, each in known.items() if not each.done]
    opened = course.step_named(name) if name is not None else next(iter(unfinished), None)
    for step in course.steps:
        standing = known.get(step)
        print(_row(step, standing))
        for task in step.tasks if step is opened else ():
            done = standing is not None and task in standing.tasks_done
            print(f"       {paint('done', 'green') if done else '    '}  {task.id} {task.title}")


def hint(task_id: str | None, which: str) -> None:
    """Print one hint for a task, the next one to do by default, and how to get the one after it.

    A rule is explained instead, where its code is given.
    """
    from groundrules.course.lesson import filled, hints_of
    from groundrules.rules.explaining import explain_rule

    if task_id is not None and re.fullmatch(r"(GR)?\d{3}", task_id, re.IGNORECASE):
        explain_rule(task_id)
        return
    course = find_course()
    Workspace(course, say).mend()
    step, task = _task_to_do(course) if task_id is None else course.task(task_id)
    hints = hints_of(step, task)
    if not which.isdecimal() or not 1 <= int(which) <= len(hints):
        raise CourseError(f"Task {task.id} has {len(hints)} hints: 1 to {len(hints)}.")
    number = int(which)
    print(f"Hint {number} of {len(hints)} for {task.id} {task.title}\n")
    print(textwrap.indent(filled(hints[number - 1], WIDTH - len(INDENT)), INDENT))
    if number < len(hints):
        print(f"\nFor the next one: groundrules hint {task.id} {number + 1}")


def go_to(name: str) -> None:
    """Make `exercises/` what it is at the beginning of a step."""
    course = find_course()
    step = course.step_named(name)
    if not step.ready:
        raise CourseError(f"Step {step.number:02} is in preparation and cannot be started yet.")
    taken = Workspace(course, say).go_to(step.number, _typed())
    keep_as_done(course, course.root / EXERCISES, course.steps[: course.steps.index(step)])
    print(f"exercises/ is now at the beginning of step {step.number:02}, {step.title}.")
    print(f"Read {_path(step.lesson)}, and then type: groundrules watch")
    if taken:
        files = [_path(course.root / EXERCISES / file) for file in taken]
        print(f"Removed, since the course has no such files: {some_of(files, 10)}")
    _say_undo()


def reset(what: str | None) -> None:
    """Put a task's files, or one file, back to what they were."""
    if what is None:
        raise CourseError("Name a task, as in 01.2, or a file, as in app/main.py, to reset.")
    course = find_course()
    workspace = Workspace(course, say)
    workspace.mend()
    beginnings = Beginnings(course)
    left: list[str] = []
    if what[:1].isdigit():
        step, task = course.task(what)
        left = [file for file in task.files if file not in course.own_files(task)]
        versions = {file: beginnings.at_step(step, file) for file in course.own_files(task)}
    else:
        file = workspace.name_of(what)
        versions = {file: beginnings.first(file)}
    relying = {
        file: relying_on(workspace.folder, file, version.source)
        for file, version in versions.items()
    }
    workspace.reset({file: version.source for file, version in versions.items()}, _typed())
    for file, version in versions.items():
        print(f"{file}: {version.why}.")
        for name, missing in relying[file]:
            print(f"  Note: {harmless(name)} needs {missing}, which {file} now lacks.")
    for file in left:
        print(f"{file}: kept, because an earlier task of this step writes it as well.")
    _say_undo()


def update(source: str | None) -> None:
    """Replace the course with a newer one."""
    from groundrules.course.update import update as run

    run(source, _typed())


def undo() -> None:
    """Take back the last command that changed `exercises/`."""
    undone = Workspace(find_course(), say).undo(_typed())
    print(f"exercises/ is back to its state before {harmless(undone.command)}.")
    print(f"The state until now is kept in {_path(undone.kept)}")


def _typed() -> str:
    """Return the command as it was typed, without the program."""
    return shlex.join(sys.argv[1:])


def _tell_what_to_know(course: Course, exercises: Path, found: Sequence[Standing]) -> None:
    for line in notices(course, exercises):
        say(line)
    unfinished = next((each for each in found if not each.done), None)
    if unfinished is not None:
        Beginnings(course).reached(unfinished.step.number)


def _task_to_do(course: Course) -> tuple[Step, Task]:
    """Return the first task that is not done; raise `CourseError` if all are."""
    for each in standings(course, exercises_of(course), say):
        if each.next_task is not None:
            return each.step, each.next_task
    raise CourseError("You have finished every step that is ready: name a task, as in 01.2.")


def _found_out(course: Course, exercises: Path) -> list[Standing]:
    """Show at once what is known, then check what is not, with a line for each step as it ends."""
    found = known_standings(course, exercises)
    _show(course, found)
    stale = [each.step for each in found if not each.known]
    try:
        for step in stale:
            for each in standings(course, exercises, say, [step]):
                if each.step is step:
                    print(_row(step, each), flush=True)
    except KeyboardInterrupt:
        say("\nStopped. What was checked until now is kept.")
        raise
    if stale:
        print()
        found = known_standings(course, exercises)
    _tell_what_to_know(course, exercises, found)
    return found


def _say_undo() -> None:
    print("Your work is saved. To restore it: groundrules undo")


def _show(course: Course, found: Sequence[Standing]) -> None:
    by_step = {each.step.id: each for each in found}
    for step in course.steps:
        print(_row(step, by_step.get(step.id)))
    print(flush=True)


def _row(step: Step, standing: Standing | None) -> str:
    return f"  {step.number:02} {step.title:<12} {step.minutes:3} min  {_mark(standing)}"


def _mark(standing: Standing | None) -> str:
    if standing is None:
        return "in preparation"
    if not standing.known:
        return "changed since it was checked"
    if standing.done:
        return paint("done", "green")
    if not standing.results:
        return "to do"
    tasks = f"{len(standing.tasks_done)} of {len(standing.step.tasks)} tasks done"
    return paint(tasks, "yellow")


def _show_next(course: Course, found: Sequence[Standing]) -> None:
    unfinished = next((each for each in found if not each.done), None)
    if unfinished is None:
        if len(course.steps) > len(found):
            print("You have finished every step that is ready.")
        else:
            _celebrate()
        return
    step, task = unfinished.step, unfinished.next_task
    assert task is not None, f"step {step.name} has no tasks"
    print(paint(f"Step {step.number:02}, {step.title}", "bold"))
    print(textwrap.fill(step.summary, WIDTH) + "\n")
    message = unfinished.message_for(task)
    if message:
        print(_filled(message) + "\n")
    print(paint(f"Next: {task.id} {task.title}", "bold"))
    print(f"  Read   {_path(step.lesson)}")
    print(f"  Write  {_files(course, task.files)}")
    print(f"  Check  pytest steps/{step.number:02}")
    _say_how_to_activate(course, step)


def _celebrate() -> None:
    print(paint("You have finished every step. The library is yours.", "bold"))
    print(
        "It passes every test and follows every rule of the course.\n\n  Use it      groundrules "
        "serve --app exercises\n  Compare it  groundrules compare, with the course's version\n  "
        "Go on       groundrules check PATH, on a project of yours"
    )


def _filled(message: str) -> str:
    """Return a message that is one long line in several; one that has lines already stays."""
    if "\n" in message:
        return message
    return textwrap.fill(
        message, WIDTH, subsequent_indent=INDENT, break_long_words=False, break_on_hyphens=False
    )


def _files(course: Course, files: Sequence[str]) -> str:
    shown = [_path(course.root / EXERCISES / file) for file in files]
    return "\n         ".join(shown if len(shown) <= 3 else [_path(course.root / EXERCISES)])


def _say_how_to_activate(course: Course, step: Step) -> None:
    environment = course.root / ".venv"
    if "UV_RUN_RECURSION_DEPTH" in os.environ:
        print(f"\nWith uv, type: uv run pytest steps/{step.number:02}")
        return
    known = shutil.which("pytest")
    if known and environment.exists() and Path(known).parents[1].samefile(environment):
        return
    print("\nTo make pytest and groundrules available in this terminal, type once:")
    print(f"  {_activation(environment)}")


def _activation(environment: Path) -> str:
    if sys.platform == "win32":
        return str(Path(_path(environment)) / "Scripts" / "activate")
    shell = Path(os.environ.get("SHELL", "")).name
    suffix = {"fish": ".fish", "csh": ".csh", "tcsh": ".csh"}.get(shell, "")
    script = f"{_path(environment)}/bin/activate{suffix}"
    return f"source '{script}'" if " " in script else f"source {script}"


def _path(path: Path) -> str:
    """Return a path as it is typed from the working folder."""
    return harmless(os.path.relpath(path))


def _as_data(course: Course, found: Sequence[Standing]) -> dict[str, object]:
    by_step = {each.step.id: each for each in found}
    steps = []
    for step in course.steps:
        standing = by_step.get(step.id)
        steps.append(
            {
                "step": step.number,
                "id": step.id,
                "title": step.title,
                "ready": step.ready,
                "done": standing is not None and standing.done,
                "tasks": [
                    {
                        "task": task.id,
                        "title": task.title,
                        "done": standing is not None and task in standing.tasks_done,
                        "message": standing.message_for(task) if standing else "",
                    }
                    for task in step.tasks
                ],
            }
        )
    return {"version": 1, "steps": steps}
