"""Finding the application in what somebody handed in."""

from collections.abc import Iterator
from pathlib import Path

from groundrules.course.steps import EXERCISES, is_root
from groundrules.grade.reader import is_left_out, shown

DEPTH = 3
PARTS = ("api", "core", "models", "schemas", "services")  # packages of an application


class NotFound(Exception):
    """There is no application, or more than one; the text is one sentence that says so."""


def find_application(folder: Path) -> Path:
    """Return the folder that holds the `app` package, at most three folders deep.

    If the content of the package was handed in by itself, it is moved into such a folder first. In a clone of
    the course, it is `exercises`. Raises `NotFound` if there is none, or more than one.
    """
    level = [folder]
    for _ in range(DEPTH + 1):
        found = [each for each in level if _holds_application(each)]
        if len(found) > 1:
            places = " and ".join(_place(folder, each) for each in found[:3])
            raise NotFound(f"There is more than one application: {places}. Hand in one of them.")
        if found:
            return found[0]
        level = [inside for each in level for inside in _folders(each)]
    return _wrapped(folder)


def _wrapped(folder: Path) -> Path:
    level = [folder]
    for _ in range(DEPTH + 1):
        found = [each for each in level if _is_content(each)]
        if len(found) == 1:
            inside = found[0]
            holder = inside.with_name(f"{inside.name}-application")
            holder.mkdir()
            inside.rename(holder / "app")
            return holder
        level = [inside for each in level for inside in _folders(each)]
    raise NotFound("There is no folder named app that contains an application.")


def _holds_application(folder: Path) -> bool:
    app = folder / "app"
    return app.is_dir() and any(app.glob("**/*.py"))


def _is_content(folder: Path) -> bool:
    return (folder / "main.py").is_file() and any((folder / part).is_dir() for part in PARTS)


def _folders(folder: Path) -> Iterator[Path]:
    if is_root(folder):  # of a clone of the course, the exercises are meant
        yield from (each for each in [folder / EXERCISES] if each.is_dir())
        return
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name != "app" and not is_left_out((path.name,)):
            yield path


def _place(folder: Path, found: Path) -> str:
    return shown((found / "app").relative_to(folder).as_posix())
