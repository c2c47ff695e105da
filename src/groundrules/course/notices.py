"""What a trainee should know before a verdict: files in the wrong place, and a course that was changed."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from groundrules.course.beginnings import Beginnings
from groundrules.course.digests import LIST, changed, how_to_get_back, some_of
from groundrules.course.saves import Saves
from groundrules.course.states import files_below, state_after
from groundrules.course.steps import EXERCISES, Course, CourseError
from groundrules.terminal import harmless


def noticed_by_a_run(course: Course, application: Path, arguments: Sequence[str]) -> Iterator[str]:
    """Yield the notices to a run of suites, and keep the files that later steps go on with."""
    if _is_trainees(course, application):
        places = (course.step_of(Path(each.partition("::")[0]).resolve()) for each in arguments)
        numbers = [step.number for step in places if step is not None]
        if numbers:
            Beginnings(course).checked(max(numbers))
    yield from notices(course, application)


def notices(course: Course, application: Path) -> Iterator[str]:
    """Yield a line for each kind of thing that is not where, or what, it should be.

    Nothing is said about an application that is not this clone's `exercises/`.
    """
    if not _is_trainees(course, application):
        return
    for save in Saves(course.root / ".groundrules").unfinished():
        yield harmless(
            f"{save.command.typed} was interrupted, so {EXERCISES}/ may be between two states. "
            "To repair it: groundrules status"
        )
    misplaced = list(_misplaced(course))
    if misplaced:
        (found, wanted), *others = misplaced
        more = f" The same applies to {len(others)} others." if others else ""
        more = " The same applies to one more." if len(others) == 1 else more
        yield harmless(f"{found} is where nothing reads it: move it to {EXERCISES}/{wanted}.{more}")
    if (course.root / LIST).is_file():
        yield from _about_changes(course)


def _is_trainees(course: Course, application: Path) -> bool:
    return application.resolve() == (course.root / EXERCISES).resolve()


def _about_changes(course: Course) -> Iterator[str]:
    try:
        files = changed(course)
    except (OSError, CourseError):
        return
    if files:
        yield harmless(
            f"Changed from the course's version: {some_of(files)}. Your own work belongs in "
            f"{EXERCISES}/. {how_to_get_back(files)}"
        )


def _misplaced(course: Course) -> Iterator[tuple[str, str]]:
    """Yield each file that looks like one of an application, and the place where it would be read."""
    root, exercises = course.root, course.root / EXERCISES
    inside = {Path(file).parts[1] for file in state_after(course, 0) if file.startswith("app/")}
    packages = {name for name in inside if not name.endswith(".py")}
    places = [(root / name, name) for name in ("app", "migrations")]
    places += [(exercises / "app" / name, name) for name in ("app", "migrations")]
    places += [(exercises / EXERCISES, "")]
    places += [(root / name, f"app/{name}") for name in packages]
    places += [(exercises / name, f"app/{name}") for name in inside]
    for place, wanted in places:
        files = [place] if place.is_file() else files_below(place)
        for path in files:
            name = path.relative_to(place).as_posix()
            yield path.relative_to(root).as_posix(), f"{wanted}/{name}".strip("/.")
