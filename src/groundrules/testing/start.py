"""Starting the process that imports the libraries, before pytest has imported what it needs itself."""

from pathlib import Path

from groundrules.course.steps import Course, CourseError, application_folder, exercises_of
from groundrules.testing.arguments import Arguments
from groundrules.worker.launcher import BASE, MIGRATIONS, Launcher, imported_by, launcher

DATABASE_STEP = 2  # the step from which on the application has a database
MIGRATIONS_STEP = 4  # the step from which on migrations make its tables


def application_to_check(root: Path, working_folder: Path, named: str | None) -> Path:
    """Return the folder that holds the `app` package; raise `CourseError` if there is none."""
    if named:
        return application_folder(Path(working_folder, named))
    return application_folder(exercises_of(Course(root)))


def early_launcher(arguments: Arguments, paths: list[str], named: str | None) -> Launcher | None:
    """Return a launcher that has begun to import what the suites of these paths need.

    None if there is nothing to launch; whatever is wrong is told later.
    """
    try:
        folder = application_to_check(arguments.root, arguments.working_folder, named)
        numbers = [step.number for step in arguments.steps(paths)]
        if not numbers:
            return None
        return launcher_for(Course(arguments.root), folder, max(numbers))
    except CourseError:
        return None


def launcher_for(course: Course, folder: Path, number: int) -> Launcher:
    """Return a launcher that imports what the suites up to the step `number` need."""
    if number < DATABASE_STEP and not has_database(course, folder):
        return launcher(BASE)
    return launcher((*imported_by(folder), *(MIGRATIONS if number >= MIGRATIONS_STEP else ())))


def has_database(course: Course, folder: Path) -> bool:
    """Whether the application has gone beyond the steps that need no database."""
    return any(
        (folder / file).exists() and not step.untouched(folder, file)
        for step in course.steps
        for file in step.files
        if step.number >= DATABASE_STEP and course.introduces(file) is step
    )
