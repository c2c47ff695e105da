"""Gradescope: the `results.json` of one submission, which its autograder shows to the student.

The format is that of Gradescope's autograder specifications. The archive that installs and runs this is in
`adapters/gradescope`.
"""

import json
from typing import Any

from groundrules.course.steps import CourseError
from groundrules.grade.exports import Asked, Exported
from groundrules.grade.feedback import summary_of
from groundrules.grade.grades import TROUBLE, Grade, StepGrade, TaskGrade

_LIMIT = 20_000  # characters of one test's output


def export(asked: Asked) -> Exported:
    """Return the result of the only submission; raise `CourseError` for several, or after trouble."""
    if len(asked.grades) != 1:
        raise CourseError(
            f"Gradescope grades one submission at a time, and this run has {len(asked.grades)}: grade each "
            "by itself."
        )
    [grade] = asked.grades
    if (
        grade.status == TROUBLE
    ):  # Gradescope then says that the autograder failed, which can be repeated
        raise CourseError(f"There is no result: {summary_of(grade)}")
    return Exported(json.dumps(_result(grade), indent=1, ensure_ascii=False))


def _result(grade: Grade) -> dict[str, Any]:
    tests = [_test(step, task) for step in grade.steps for task in step.tasks]
    return {
        "score": grade.total or 0,
        "execution_time": round(grade.seconds),
        "output": summary_of(grade),
        "output_format": "text",
        "test_output_format": "text",
        "visibility": "visible",
        "tests": [
            *(
                {
                    "name": f"Step {step.step[:2]}",
                    "number": step.step[:2],
                    "score": step.met,
                    "max_score": step.demands,
                    "status": "passed" if step.met == step.demands else "failed",
                    "output": f"{step.met} of {step.demands} requirements, {step.tasks_met} of "
                    f"{len(step.tasks)} tasks.",
                }
                for step in grade.steps
            ),
            *tests,
        ],
    }


def _test(step: StepGrade, task: TaskGrade) -> dict[str, Any]:
    output = task.message if task.message else task.state
    return {
        "name": f"{task.task} {task.title}",
        "number": f"{step.step[:2]}.{task.task.partition('.')[2]}",
        "status": "passed" if task.state == "met" else "failed",
        "output": output[:_LIMIT],
    }
