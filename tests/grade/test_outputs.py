"""What comes out of a grading run: files that others read, and that nothing handed in can spoil."""

import csv
import io
import json
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest

from groundrules.course.steps import Course
from groundrules.grade import grades
from groundrules.grade.alike import Pair, pairs_alike, prints_of
from groundrules.grade.feedback import as_html, as_markdown
from groundrules.grade.gradebook import gradebook
from groundrules.grade.grades import Grade, StepGrade, TaskGrade, grade_from
from groundrules.grade.junit import junit
from groundrules.grade.outputs import Run, file_names, write
from groundrules.grade.report import report
from groundrules.grade.results import results
from tests.testing.conftest import ROOT

EVIL = "<script>alert(1)</script>\n```\n](javascript:x) \033[2J\u202e\x00 =1+1"
SCHEMA = json.loads((ROOT / "docs" / "reference" / "grade.schema.json").read_text("utf-8"))
STEPS = Course(ROOT).steps[:2]


def graded(name: str, state: str = "not met", message: str = EVIL) -> Grade:
    steps = []
    for step in STEPS:
        tasks = tuple(
            TaskGrade(
                task.id,
                task.title,
                state,
                "" if state == "met" else message,
                None,
                ("no-default",) if state == "not met" else (),
                ("GR101",) if state == "not met" else (),
            )
            for task in step.tasks
        )
        steps.append(StepGrade(step.name, 3 if state == "met" else 1, 3, tasks))
    return Grade(name, grades.OK, 12.3, "", "d1", "c1", tuple(steps))


def run_of(*found: Grade, complete: bool = True) -> Run:
    pairs = (Pair("Ada", "<b>Bob</b>", 0.97),)
    return Run(STEPS, found, 7, "bubblewrap", "c1", "3.13.0", complete, {"Ada": 4}, pairs)


RUN = run_of(
    graded("Ada", "met"),
    graded("<b>Bob</b>"),
    graded("=HYPERLINK(1)"),
    Grade("Zed", grades.BROKEN, 0.0, f"{EVIL} is a link."),
)


def test_the_gradebook_computes_nothing_in_a_spreadsheet() -> None:
    names = ["=1", "+1", "-1", "@x", "\tx", 'Ada, "B"', "Zoë"]

    rows = [*csv.reader(io.StringIO(gradebook(run_of(*map(graded, names)))))]

    assert [row[0] for row in rows[1:]] == ["'=1", "'+1", "'-1", "'@x", "'\tx", 'Ada, "B"', "Zoë"]
    assert rows[0] == [
        "name",
        "01-setup",
        "02-database",
        "total",
        "status",
        "seconds",
        "digest",
        "course",
    ]
    assert {tuple(row[1:4]) for row in rows[1:]} == {("1", "1", "2")}


def test_without_a_verdict_there_are_no_points() -> None:
    row = [*csv.reader(io.StringIO(gradebook(RUN)))][-1]

    assert row[:5] == ["Zed", "", "", "", "broken"]


def test_the_results_are_as_their_schema_says() -> None:
    told = json.loads(results(RUN))

    jsonschema.Draft7Validator.check_schema(SCHEMA)
    jsonschema.validate(told, SCHEMA)
    assert [grade_from(each) for each in told["people"]] == [*RUN.grades]
    wrongs: list[dict[str, object]] = [
        {"total": None},
        {"status": "failed"},
        {"steps": []},
        {"more": 1},
    ]
    for wrong in wrongs:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**told, "people": [{**told["people"][0], **wrong}]}, SCHEMA)


def test_nothing_handed_in_becomes_markup_or_an_escape() -> None:
    pages = [report(RUN, {}), *(as_html(grade, RUN, {}) for grade in RUN.grades)]

    for page in pages:
        assert "<script>alert" not in page
        assert "<b>Bob" not in page
        assert not {"\033", "\x00", "\u202e"} & {*page}
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in pages[0]


def test_a_report_loads_nothing_from_anywhere() -> None:
    page = report(RUN, {})

    assert "default-src 'none'" in page
    assert not [word for word in ("http://", "https://", "src=", "url(", "@import") if word in page]


def test_markdown_keeps_what_was_printed_in_a_block() -> None:
    text = as_markdown(graded("*Ada* [x](y)"), RUN, {})

    assert text.startswith("# \\*Ada\\* \\[x\\](y)\n")
    blocks = text.split("\n````")
    assert all("<script>" not in block for block in blocks[::2])
    assert "\033" not in text


def test_feedback_has_the_sentence_that_is_not_met_and_a_way_to_a_hint() -> None:
    grade = graded("Ada", message="02.1 The database URL: wrong.")
    text = as_markdown(grade, RUN, {"02-database no-default": "It has no default."})

    assert "> It has no default." in text
    assert "Hint: `groundrules hint 02.1`" in text


def test_junit_can_be_read_whatever_was_printed() -> None:
    root = ElementTree.fromstring(junit(RUN).encode())

    suites = {suite.get("name"): suite for suite in root}
    tasks = sum(len(step.tasks) for step in STEPS)
    assert [len(suite) for suite in suites.values()] == [tasks, tasks, tasks, 1]
    assert suites["Ada"].get("failures") == "0"
    assert suites["Zed"].get("errors") == "1"


def test_files_are_called_by_letters_and_never_alike() -> None:
    names = ["../../etc", "a b", "A-b", "", "ä/ö", "x" * 300, "con:aux"]

    found = file_names(names)

    assert len({name.casefold() for name in found.values()}) == len(names)
    assert all("/" not in name and ":" not in name and len(name) < 70 for name in found.values())
    assert found == file_names(reversed(names))


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    file = tmp_path / "out" / "a.txt"
    write(file, "one")
    with pytest.raises(UnicodeEncodeError):
        write(file, "two\udc80")

    assert file.read_text() == "one"
    assert [path.name for path in file.parent.iterdir()] == ["a.txt"]
    assert sys.platform == "win32" or file.parent.stat().st_mode & 0o077 == 0


def test_a_report_of_three_hundred_is_made_quickly() -> None:
    many = run_of(
        *(replace(graded(f"Person {number}"), digest=str(number)) for number in range(300))
    )

    page = report(many, {})

    assert page.count('<th scope="row">') == 3 * 300
    assert len(page) < 3_000_000


SOURCE = """
def total{n}(prices: list[int]) -> int:
    result = {n}
    for price in prices:
        if price > {n} and price % 7 == result:
            result += price * {n} - len(prices)
        elif result:
            result //= max(price, {n} + 1)
    return result
"""


def test_renamed_code_is_alike_and_the_courses_is_nobodys(tmp_path: Path) -> None:
    for name in ("one", "other", "third"):
        (tmp_path / name).mkdir()
    text = "".join(SOURCE.format(n=number) for number in range(20))
    (tmp_path / "one" / "a.py").write_text(text)
    renamed = text.replace("price", "cost").replace("result", "answer")
    (tmp_path / "other" / "b.py").write_text(f"# mine\n{renamed}")
    (tmp_path / "third" / "a.py").write_text(text.replace("if price >", "while price <"))
    prints = {folder.name: prints_of(folder) for folder in tmp_path.iterdir()}

    pairs = pairs_alike(prints, frozenset())

    assert [(pair.one, pair.other) for pair in pairs] == [("one", "other")]
    assert pairs[0].share == 1
    assert pairs_alike(prints, prints["one"]) == ()
