"""GitHub Actions: an annotation for each task that is not met, at the line that it is about.

The workflow `.github/workflows/grade.yml` prints them where a push is graded.
"""

from groundrules.grade.exports import Asked, Exported
from groundrules.grade.exports.sheets import without_verdict
from groundrules.grade.feedback import summary_of
from groundrules.grade.grades import OK, Grade, TaskGrade


def export(asked: Asked) -> Exported:
    """Return the workflow commands, a line each."""
    lines = [line for grade in asked.grades for line in _lines(grade)]
    return Exported("\n".join(lines), tuple(without_verdict(asked.grades)))


def _lines(grade: Grade) -> list[str]:
    if grade.status != OK:
        return [f"::error title={_property(grade.status)}::{_data(summary_of(grade))}"]
    open_ones = [task for step in grade.steps for task in step.tasks if task.state == "not met"]
    told = [_annotation(task) for task in open_ones]
    return [*told, f"::notice title=Grade::{_data(summary_of(grade))}"]


def _annotation(task: TaskGrade) -> str:
    file, _, line = (task.place or "").rpartition(":")
    where = f"file={_property(file)},line={line}," if file and line.isdigit() else ""
    return f"::error {where}title={_property(f'{task.task} {task.title}')}::{_data(task.message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
