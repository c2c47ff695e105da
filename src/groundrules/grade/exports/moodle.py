"""Moodle: the grading worksheet of an assignment, filled in.

The assignment needs the feedback type "Offline grading worksheet". Its worksheet has a row for each person,
and is uploaded again where it was downloaded.
"""

from groundrules.grade.exports import Asked, Exported
from groundrules.grade.exports.sheets import (
    Roll,
    number_in,
    points,
    read_sheet,
    without_verdict,
    written,
)
from groundrules.grade.feedback import summary_of

_NAME, _GRADE, _MOST, _COMMENT, _ID = (
    "Full name",
    "Grade",
    "Maximum Grade",
    "Feedback comments",
    "Identifier",
)


def export(asked: Asked) -> Exported:
    """Return the worksheet with grades and a sentence of feedback; raise `CourseError` if it is none."""
    header, rows = read_sheet(asked.sheet, "Moodle", (_NAME, _GRADE))
    roll = Roll(asked.grades)
    for row in rows:
        number = row.get(_ID, "").rpartition(" ")[2]
        grade = roll.find(f"{row[_NAME]} ({number})", row[_NAME])
        if grade is None or grade.total is None:
            continue
        row[_GRADE] = points(grade, number_in(row.get(_MOST, "")) or 100)
        if _COMMENT in header:
            row[_COMMENT] = summary_of(grade)
    return Exported(written(header, rows), tuple(without_verdict(asked.grades)), roll.unknown)
