"""The files that come out of a grading run."""

from pathlib import Path

from groundrules.grade.gradebook import gradebook
from groundrules.grade.junit import junit
from groundrules.grade.outputs import Run, write
from groundrules.grade.results import results

FILES = {"gradebook.csv": gradebook, "results.json": results, "junit.xml": junit}


def write_all(run: Run, out: Path) -> None:
    """Write what a run has found by now."""
    for name, text_of in FILES.items():
        write(out / name, text_of(run))
