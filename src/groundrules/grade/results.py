"""The results as JSON, for programs, and for the next run to go on from."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from groundrules.grade.grades import Grade, grade_from
from groundrules.grade.outputs import Run

VERSION = 1


def results(run: Run) -> str:
    """Return the text of `results.json`; `docs/reference/grade.schema.json` describes it."""
    return json.dumps(
        {
            "version": VERSION,
            "complete": run.complete,
            "seed": run.seed,
            "sandbox": run.sandbox,
            "course": run.course,
            "python": run.python,
            "steps": [
                {"step": step.name, "title": step.title, "tasks": [task.id for task in step.tasks]}
                for step in run.steps
            ],
            "alike": [asdict(pair) for pair in run.alike],
            "people": [grade.as_data() for grade in run.grades],
        },
        indent=1,
        ensure_ascii=False,
    )


def read_results(file: Path) -> list[Grade]:
    """Return the grades in a file of results; none where there is no such file, or another version's."""
    try:
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if found["version"] != VERSION:
            return []
        return [grade_from(each) for each in found["people"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []
