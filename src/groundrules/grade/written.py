"""The files that come out of a grading run."""

from pathlib import Path

from groundrules.grade.feedback import as_html, as_markdown, sentences_of
from groundrules.grade.gradebook import gradebook
from groundrules.grade.grades import Grade
from groundrules.grade.junit import junit
from groundrules.grade.outputs import Run, file_names, write
from groundrules.grade.report import report
from groundrules.grade.results import results


class Written:
    """What has been written to a folder.

    :param out: the folder.
    """

    def __init__(self, out: Path) -> None:
        self._out = out
        self._feedback: dict[str, Grade] = {}
        self._sentences: dict[str, str] = {}

    def write(self, run: Run) -> None:
        """Write what a run has found by now; feedback only where it is another than before."""
        self._sentences = self._sentences or sentences_of(run.steps)
        write(self._out / "gradebook.csv", gradebook(run))
        write(self._out / "results.json", results(run))
        write(self._out / "junit.xml", junit(run))
        write(self._out / "report.html", report(run, self._sentences))
        files = file_names(grade.name for grade in run.grades)
        for grade in run.grades:
            if self._feedback.get(grade.name) != grade:
                file = self._out / "feedback" / files[grade.name]
                write(file.with_name(f"{file.name}.md"), as_markdown(grade, run, self._sentences))
                write(file.with_name(f"{file.name}.html"), as_html(grade, run, self._sentences))
                self._feedback[grade.name] = grade
