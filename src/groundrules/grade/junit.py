"""The results as JUnit XML: a suite for each person, a case for each task."""

import re
from xml.etree import ElementTree

from groundrules.grade.grades import OK, Grade
from groundrules.grade.outputs import Run

NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(run: Run) -> str:
    """Return the text of `junit.xml`."""
    root = ElementTree.Element("testsuites", name="groundrules grade")
    for grade in run.grades:
        _add_suite(root, grade)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, "unicode") + "\n"


def _add_suite(root: ElementTree.Element, grade: Grade) -> None:
    tasks = [(step.step, task) for step in grade.steps for task in step.tasks]
    suite = ElementTree.SubElement(
        root,
        "testsuite",
        name=_text(grade.name),
        tests=str(len(tasks) or 1),
        failures=str(sum(task.state != "met" for _, task in tasks)),
        errors=str(int(grade.status != OK)),
        time=f"{grade.seconds:.1f}",
    )
    for step, task in tasks:
        name = f"{task.task} {task.title}"
        case = ElementTree.SubElement(suite, "testcase", classname=step, name=name)
        if task.state != "met":
            failure = ElementTree.SubElement(case, "failure", message=task.state)
            failure.text = _text(task.message)
    if grade.status != OK:
        case = ElementTree.SubElement(suite, "testcase", classname="submission", name=grade.status)
        ElementTree.SubElement(case, "error", message=_text(grade.why or grade.status))


def _text(text: str) -> str:
    return NOT_XML.sub("\ufffd", text)
