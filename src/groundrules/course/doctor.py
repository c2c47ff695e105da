"""`groundrules doctor`: what is there of what the course needs, what is missing, and how to get it."""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from groundrules import postgres
from groundrules.course.digests import LIST, changed, some_of
from groundrules.course.steps import EXERCISES, Course, CourseError, find_course
from groundrules.terminal import harmless, paint
from groundrules.worker.launcher import ALL
from groundrules.worker.warm import file_of, others_server

LIBRARIES = ("fastapi", "sqlalchemy", "asyncpg", "pydantic", "pytest")
DISK_LEAST = 500 << 20  # bytes


@dataclass(frozen=True)
class Found:
    """What was found of one thing that the course needs.

    :param what: as in `PostgreSQL`.
    :param told: its version or place, or what is wrong.
    :param remedy: how to get it; empty if it is there.
    """

    what: str
    told: str
    remedy: str = ""


def doctor() -> int:
    """Print a table of what the course needs; return 1 if something is missing, and otherwise 0.

    Where something is missing, the last state in which all was there is printed too.
    """
    course = find_course()
    found = list(_all_of(course))
    missing = [each for each in found if each.remedy]
    for each in found:
        mark = paint("missing", "red") if each.remedy else paint("     ok", "green")
        print(f"{mark}  {each.what:<12} {harmless(each.told)}")
        if each.remedy:
            print(f"{'':23}{each.remedy}")
    kept = course.root / ".groundrules" / "doctor.json"
    if not missing:
        _keep(kept, found)
        return 0
    before = _kept(kept)
    for each in missing:
        if each.what in before:
            print(f"\nWhen all was right last, {each.what} was: {harmless(before[each.what])}")
    return 1


def _all_of(course: Course) -> Iterator[Found]:
    yield _python()
    yield _environment(course)
    yield _libraries()
    yield _postgres(course)
    yield _exercises(course)
    yield _course_files(course)
    yield _disk()
    others = others_server(file_of(course.root), ALL)
    yield Found("watch", "is running" if others is not None else "is not running, which is fine")


def _python() -> Found:
    told = f"{sys.version.split()[0]} in {sys.prefix}"
    remedy = "" if sys.version_info >= (3, 11) else "Install Python 3.11 or newer."
    return Found("Python", told, remedy)


def _environment(course: Course) -> Found:
    environment = course.root / ".venv"
    if not environment.is_dir():
        return Found("environment", f"{environment} is not there", "Type: python3 course.py start")
    known = shutil.which("pytest")
    if known is None or not Path(known).parents[1].samefile(environment):
        script = "Scripts\\activate" if sys.platform == "win32" else "bin/activate"
        typed = os.path.relpath(environment / script)
        return Found(
            "environment",
            f"pytest is {'not found' if known is None else known}",
            f"Type: {typed if sys.platform == 'win32' else f'source {typed!r}'}",
        )
    return Found("environment", str(environment))


def _libraries() -> Found:
    missing = [name for name in LIBRARIES if find_spec(name) is None]
    if missing:
        return Found("libraries", f"{some_of(missing)} not found", "Type: python3 course.py start")
    return Found("libraries", ", ".join(f"{name} {version(name)}" for name in LIBRARIES[:3]))


def _postgres(course: Course) -> Found:
    try:
        server = postgres.find(course.root)
    except postgres.PostgresError as error:
        return Found("PostgreSQL", str(error), "See: groundrules db --help")
    if server is None:
        return Found("PostgreSQL", "is not running", "Type: groundrules db start")
    return Found("PostgreSQL", f"{server.version} at {server.host}, port {server.port}")


def _exercises(course: Course) -> Found:
    folder = course.root / EXERCISES
    if not (folder / "app").is_dir():
        return Found(
            "exercises", f"{folder / 'app'} is not there", f"Type: git checkout {EXERCISES}"
        )
    if not os.access(folder / "app", os.W_OK):
        return Found(
            "exercises", f"{folder} cannot be written", "Make it yours: chown, or chmod u+w"
        )
    return Found("exercises", str(folder))


def _course_files(course: Course) -> Found:
    if not (course.root / LIST).is_file():
        return Found("lessons", f"{LIST} is not there", f"Type: git checkout {LIST}")
    try:
        files = changed(course)
    except (OSError, CourseError) as error:
        return Found("lessons", str(error), "Type: git checkout steps solution")
    if files:
        return Found("lessons", f"changed: {some_of(files)}", "Type: git checkout steps solution")
    return Found("lessons", f"{len(course.ready_steps)} steps, as they came")


def _disk() -> Found:
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    told = f"{free >> 20:,} MiB free in {folder}"
    return Found("disk", told, "" if free > DISK_LEAST else "Free some space there.")


def _keep(file: Path, found: list[Found]) -> None:
    try:
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps({each.what: each.told for each in found}), encoding="utf-8")
    except OSError:
        pass  # the next time there is nothing to compare with


def _kept(file: Path) -> dict[str, str]:
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(what): str(told) for what, told in kept.items()} if isinstance(kept, dict) else {}
