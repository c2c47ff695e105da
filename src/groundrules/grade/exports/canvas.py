"""Canvas: a gradebook to import, with the column of one assignment.

Canvas wants the columns that say who somebody is as it exported them. Columns that are left out stay as they
are there.
"""

from groundrules.course.steps import CourseError
from groundrules.grade.exports import Asked, Exported
from groundrules.grade.exports.sheets import (
    Roll,
    number_in,
    points,
    read_sheet,
    without_verdict,
    written,
)

_WHO = ("Student", "ID", "SIS User ID", "SIS Login ID", "Integration ID", "Root Account", "Section")
_POSSIBLE = "points possible"


def export(asked: Asked) -> Exported:
    """Return the gradebook with one assignment; raise `CourseError` if it lacks it."""
    header, rows = read_sheet(asked.sheet, "Canvas", ("Student", "ID", "Section"))
    column = _column(asked.column, [each for each in header if each not in _WHO])
    roll, kept, most = Roll(asked.grades), [], 100.0
    for row in rows:
        if row["Student"].strip().casefold() == _POSSIBLE:
            most = number_in(row[column]) or most
            kept.append(row)
            continue
        last, _, first = row["Student"].partition(",")
        grade = roll.find(row["Student"], f"{first} {last}", row.get("SIS Login ID", ""))
        if grade is not None and grade.total is not None:
            kept.append({**row, column: points(grade, most)})
    names = [each for each in header if each in _WHO]
    return Exported(
        written([*names, column], kept), tuple(without_verdict(asked.grades)), roll.unknown
    )


def _column(wanted: str, columns: list[str]) -> str:
    """Return the column of an assignment, which Canvas names after it, with a number in parentheses."""
    found = [each for each in columns if each == wanted or each.startswith(f"{wanted} (")]
    if wanted and len(found) == 1:
        return found[0]
    names = ", ".join(columns[:10]) or "none"
    raise CourseError(f"Name the assignment with --column, as one of: {names}.")
