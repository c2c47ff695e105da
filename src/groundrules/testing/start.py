"""Starting the process that imports the libraries, before pytest has imported what it needs itself."""

from contextlib import suppress
from pathlib import Path

from groundrules.course.steps import Course, CourseError, application_folder, exercises_of
from groundrules.testing.arguments import Arguments
from groundrules.testing.snapshot import Snapshot, take_snapshot
from groundrules.worker.launcher import BASE, MIGRATIONS, Launcher, imported_by, launcher
from groundrules.worker.sandbox import NoSandbox, Sandbox, find_sandbox
from groundrules.worker.warm import file_of

DATABASE_STEP = 2  # the step from which on the application has a database
MIGRATIONS_STEP = 4  # the step from which on migrations make its tables


def application_to_check(root: Path, working_folder: Path, named: str | None) -> Path:
    """Return the folder that holds the `app` package; raise `CourseError` if there is none."""
    if named:
        return application_folder(Path(working_folder, named))
    return application_folder(exercises_of(Course(root)))


def begin_early(
    arguments: Arguments, paths: list[str], named: str | None, meeting: Path | None
) -> tuple[Snapshot, Launcher] | None:
    """Read the source, and begin to import what the suites of these paths need.

    None if there is nothing to launch; whatever is wrong is told later.
    """
    try:
        folder = application_to_check(arguments.root, arguments.working_folder, named)
        numbers = [step.number for step in arguments.steps(paths)]
    except CourseError:
        return None
    if not numbers:
        return None
    source = take_snapshot(folder)
    return source, launcher_for(Course(arguments.root), source, max(numbers), meeting)


def launcher_for(
    course: Course, source: Snapshot, number: int, meeting: Path | None = None
) -> Launcher:
    """Return a launcher that imports what the suites up to the step `number` need.

    :param meeting: the folder that a sandbox for the application shares with this process, if there is to
        be one; raises `NoSandbox`.
    """
    shared = file_of(course.root)
    without = number < DATABASE_STEP and not has_database(course, source)
    sandbox = None if meeting is None else _sandbox(course, source, meeting, database=not without)
    if without:
        return launcher(BASE, shared=shared, sandbox=sandbox)
    preload = imported_by(source.folder)
    preload = (*preload, *(MIGRATIONS if number >= MIGRATIONS_STEP else ()))
    return launcher(preload, shared=shared, sandbox=sandbox)


def _sandbox(course: Course, source: Snapshot, meeting: Path, *, database: bool) -> Sandbox:
    from groundrules import postgres

    file = None
    if database:
        with suppress(postgres.PostgresError):  # whoever needs the database meets it again
            file = postgres.ensure(course.root).socket_file
    return Sandbox(find_sandbox(), source.original, meeting, file)


def must_be_without_network() -> None:
    """Raise `NoSandbox` if the databases' server is one that can only be reached by the network."""
    from groundrules.postgres.external import named
    from groundrules.postgres.server import VARIABLE

    external = named()
    if external is not None and external.socket_file is None:
        raise NoSandbox(
            f"The sandbox has no network, and {VARIABLE} names a server on it: unset it, and the course "
            "starts a server of its own."
        )


def has_database(course: Course, source: Snapshot) -> bool:
    """Whether the application has gone beyond the steps that need no database."""
    return any(
        (source.folder / file).exists() and not step.untouched(source.folder, file)
        for step in course.steps
        for file in step.files
        if step.number >= DATABASE_STEP and course.introduces(file) is step
    )
