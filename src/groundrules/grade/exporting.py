"""What `groundrules export` does and prints."""

import sys
from collections.abc import Sequence
from pathlib import Path

from groundrules.course.steps import CourseError, say
from groundrules.grade.exports import PLATFORMS, Asked, exporter
from groundrules.grade.outputs import write
from groundrules.grade.results import read_results
from groundrules.terminal import harmless

_SHOWN = 10  # names in one line


def run(
    folder: Path, platform: str, sheet: Path | None, column: str, output_file: Path | None
) -> int:
    """Convert the grades in a folder, and return the exit status; raise `CourseError` if that fails."""
    if platform not in PLATFORMS:
        raise CourseError(f"There is no platform {platform!r}: use {', '.join(PLATFORMS)}.")
    grades = read_results(folder / "results.json")
    if not grades:
        raise CourseError(
            f"{harmless(str(folder))} has no results.json with grades: run `groundrules grade` first."
        )
    exported = exporter(platform)(Asked(grades, sheet, column))
    if output_file is None:
        sys.stdout.write(exported.text.rstrip("\n") + "\n")
    else:
        write(output_file.absolute(), exported.text)
        say(f"Written: {output_file}")
    if exported.without:
        say(f"Without a verdict, and so without a grade: {_listed(exported.without)}.")
    if exported.unknown:
        say(f"Graded, but not in {sheet}: {_listed(exported.unknown)}.")
    return 1 if exported.without or exported.unknown else 0


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(map(harmless, names[:_SHOWN])) + more
