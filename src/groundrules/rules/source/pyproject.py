"""The project's pyproject.toml: the nearest one at or above a folder."""

import os
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from groundrules.rules.source.files import Package
from groundrules.rules.source.loading import Broken, not_utf8, relative


@dataclass(frozen=True)
class PyProject:
    """One pyproject.toml: its text and what it holds; `error` says why it holds nothing."""

    path: Path
    text: str
    data: dict[str, Any]
    error: str = ""
    error_line: int = 1
    error_column: int = 1


@dataclass(frozen=True)
class Declaration:
    """The Python versions a project says it runs on, and where it says so."""

    key: str
    text: object
    poetry: bool
    section: str


def declared_python(pyproject: PyProject) -> Declaration | None:
    """Return the Python versions that a project file declares, None if it declares none."""
    project = table(pyproject.data, "project")
    if "requires-python" in project:
        return Declaration("requires-python", project["requires-python"], False, "project")
    poetry = table(pyproject.data, "tool", "poetry", "dependencies")
    if "python" in poetry:
        given = poetry["python"]
        text = given.get("version", given) if isinstance(given, dict) else given
        return Declaration("python", text, True, "tool.poetry.dependencies")
    return None


def pyprojects(folder: Path) -> Iterator[PyProject]:
    """Yield the pyproject.toml files at and above a folder, the nearest first."""
    here = Path(os.path.abspath(folder))  # noqa: PTH100  # links stay as the reader wrote them
    for each in (here, *here.parents):
        path = each / "pyproject.toml"
        if path.is_file():
            yield _read(path)


def broken_pyproject(package: Package) -> Broken | None:
    """Return what is wrong with the nearest pyproject.toml, None if it can be read."""
    nearest = next(pyprojects(package.folder), None)
    if nearest is None or not nearest.error:
        return None
    path = relative(nearest.path, package.root)
    return Broken(path, nearest.error_line, nearest.error_column, f"{path} {nearest.error}")


def table(data: object, *keys: str) -> dict[str, Any]:
    """Return the table below `keys`; empty where there is none."""
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}


def _read(path: Path) -> PyProject:
    try:
        text = path.read_text(encoding="utf-8-sig")
        return PyProject(path, text, tomllib.loads(text))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        return PyProject(path, "", {}, f"cannot be read: {reason}.")
    except UnicodeDecodeError:
        foreign = not_utf8(path.read_bytes()) or (1, 1)
        return PyProject(path, "", {}, "is not UTF-8: save it in that encoding.", *foreign)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        place = re.search(r" \(at line (\d+), column (\d+)\)", str(error))
        message = str(error)[: place.start()] if place else str(error)
        if place and message in ("Unclosed array", "Unclosed inline table"):
            message += "; is a comma missing before this place?"
        message = message if message.endswith("?") else f"{message}."
        line, column = map(int, place.groups()) if place else (text.count("\n") + 1, 1)
        return PyProject(path, text, {}, f"does not parse as TOML: {message}", line, column)
