"""A table that a platform gave: read, filled in, and written as it was."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

from groundrules.course.steps import CourseError
from groundrules.grade.grades import Grade
from groundrules.terminal import harmless

Table = list[dict[str, str]]


def read_sheet(path: Path | None, platform: str, columns: Sequence[str]) -> tuple[list[str], Table]:
    """Return the header and the rows of a CSV file; raise `CourseError` if it is not one of the platform."""
    if path is None:
        raise CourseError(
            f"{platform} needs --sheet: the CSV file that you downloaded there, to be filled in."
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""))
        rows = [{key: value or "" for key, value in row.items() if key} for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CourseError(f"{harmless(str(path))} cannot be read: {reason}.") from None
    header = [each for each in reader.fieldnames or [] if each]
    missing = [each for each in columns if each not in header]
    if missing:
        raise CourseError(
            f"{harmless(str(path))} has no column {missing[0]!r}: download it from {platform} again, as CSV."
        )
    return header, rows


def written(header: Sequence[str], rows: Table) -> str:
    """Return the text of a CSV file."""
    text = io.StringIO()
    writer = csv.DictWriter(text, header, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


class Roll:
    """The graded people, found by the names that a platform has for them."""

    def __init__(self, grades: Sequence[Grade]) -> None:
        self._grades = {_plain(grade.name): grade for grade in grades}
        self._found: set[str] = set()

    def find(self, *names: str) -> Grade | None:
        """Return the grade of who has one of these names, in whatever order and case it is written."""
        for name in names:
            key = _plain(name)
            if key and key in self._grades:
                self._found.add(key)
                return self._grades[key]
        return None

    @property
    def unknown(self) -> tuple[str, ...]:
        """The names of those whom nobody asked for."""
        left = self._grades.keys() - self._found
        return tuple(sorted(self._grades[key].name for key in left))


def points(grade: Grade, most: float) -> str:
    """Return the share of the demands that are met, as points of `most`, with two decimals at most."""
    demands = sum(step.demands for step in grade.steps)
    assert grade.total is not None
    share = grade.total / demands * most if demands else 0.0
    return f"{share:.2f}".rstrip("0").rstrip(".")


def number_in(text: str) -> float | None:
    """Return a positive number as a platform writes it, with a point or a comma; None for anything else."""
    match = re.fullmatch(r"\s*(\d+)(?:[.,](\d+))?\s*", text)
    value = float(f"{match[1]}.{match[2] or 0}") if match else 0.0
    return value or None


def without_verdict(grades: Sequence[Grade]) -> Iterator[str]:
    """Yield the names of those who have no verdict."""
    yield from (grade.name for grade in grades if grade.total is None)


def _plain(name: str) -> str:
    """Return the letters and digits of a name, as accents, order marks and capitals do not count."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(each for each in decomposed if each.isalnum())
