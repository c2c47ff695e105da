"""Grades in the form that a platform takes in: a module for each platform.

A module has one function, `export(asked: Asked) -> Exported`. It reads nothing but what it is given, and it
never turns a missing verdict into a zero: whoever has none is left out and named in `Exported.without`. To
add a platform, add a module and its name to `PLATFORMS`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import cast

from groundrules.grade.grades import Grade

PLATFORMS = ("moodle", "canvas", "gradescope", "github")


@dataclass(frozen=True)
class Asked:
    """What is to be exported.

    :param grades: those of the run.
    :param sheet: the table that the platform gave, to be filled in; None without one.
    :param column: the name of the assignment in that table, where there are several.
    """

    grades: Sequence[Grade]
    sheet: Path | None = None
    column: str = ""


@dataclass(frozen=True)
class Exported:
    """What a platform takes in.

    :param text: the content of the file.
    :param without: the names of those who have no verdict, and so no grade in it.
    :param unknown: the names of those who are graded, but not in the table that the platform gave.
    """

    text: str
    without: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def exporter(platform: str) -> Callable[[Asked], Exported]:
    """Return the function that exports for one of `PLATFORMS`."""
    module = import_module(f"{__name__}.{platform}")
    return cast("Callable[[Asked], Exported]", module.export)
