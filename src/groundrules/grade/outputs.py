"""Everything that a grading run writes, each file whole or not at all."""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from groundrules.course.steps import Step
from groundrules.grade.alike import Pair
from groundrules.grade.grades import Grade

FOLDER_MODE = 0o700  # grades are nobody else's business


@dataclass(frozen=True)
class Run:
    """What the outputs say of a run.

    :param grades: one for each person, in the order of the names.
    :param seed: where the tests' values came from; None while the run is not over.
    :param sandbox: how the code was confined, in a word: `bubblewrap`, or `none`.
    :param before: the totals of the run before, by name.
    :param alike: the pairs of submissions that are nearly identical.
    """

    steps: tuple[Step, ...]
    grades: tuple[Grade, ...]
    seed: int | None
    sandbox: str
    course: str
    python: str
    complete: bool
    before: Mapping[str, int | None]
    alike: tuple[Pair, ...] = ()


def write(path: Path, text: str) -> None:
    """Write a file, so that whoever reads it finds the old content or the new one, whole."""
    path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with fresh.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def file_names(names: Iterable[str]) -> dict[str, str]:
    """Return a name for the files of each person: letters, digits and hyphens, different for each."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in sorted(names):
        plain = re.sub(r"[^\w]+", "-", name).strip("-_")[:60] or "nameless"
        number, unique = 2, plain
        while unique.casefold() in taken:
            unique, number = f"{plain}-{number}", number + 1
        taken.add(unique.casefold())
        found[name] = unique
    return found
