"""The gradebook: a CSV file with a line for each person."""

import csv
import io

from groundrules.grade.outputs import Run

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # with what a spreadsheet begins to compute


def gradebook(run: Run) -> str:
    """Return the text of `gradebook.csv`.

    Points are demands met; a person without a verdict has none, rather than zero.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [step.name for step in run.steps]
    writer.writerow(["name", *names, "total", "status", "seconds", "digest", "course"])
    for grade in run.grades:
        points = {step.step: step.met for step in grade.steps}
        writer.writerow(
            [
                safe(grade.name),
                *(points.get(name, "") for name in names),
                "" if grade.total is None else grade.total,
                grade.status,
                round(grade.seconds),
                grade.digest,
                grade.course,
            ]
        )
    return text.getvalue()


def safe(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text
