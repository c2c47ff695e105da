"""A failure names the demand that is broken, and where its sentence is."""

import json
from pathlib import Path

import pytest

from groundrules.course.demands import Demand
from groundrules.course.steps import Course
from groundrules.testing.failures import Words, explain
from groundrules.testing.snapshot import Snapshot
from groundrules.worker.errors import Raised
from groundrules.worker.protocol import Failure, Frame
from tests.testing.conftest import Clone, write_application

COURSE = Course(Path(__file__).resolve().parents[2])
LESSON = """# A lesson

## 01.1 The words

- The words are polite. <!-- demand: polite -->
- The words are short. <!-- demand: short -->
"""
SUITE = """\
from groundrules.testing import demand, task


@task("01.1", "polite", "short", "unknown")
def test_the_words(code):
    text = (code.folder / "app" / "words.py").read_text()
    with demand({inside!r}):
        assert len(text) < 9, "app/words.py must be short."
"""


def with_demands(clone: Clone, inside: str = "short") -> None:
    write_application(clone, "exercises")
    clone.write("steps/01-words/README.md", LESSON)
    clone.write("steps/01-words/test_new.py", SUITE.format(inside=inside))


def test_the_demand_of_the_part_that_failed_is_named_with_its_line(clone: Clone) -> None:
    with_demands(clone)

    [told] = clone.all_of("steps/01/test_new.py").wrong

    assert told == [
        "01.1 The words",
        "    app/words.py must be short.",
        "    Read  01.1 short, at steps/01-words/README.md:6",
        "    Hint  groundrules hint 01.1",
        "    Test  test_the_words",
    ]


def test_a_part_whose_demand_no_lesson_has_is_about_all_of_the_test(clone: Clone) -> None:
    with_demands(clone, inside="unknown")

    [told] = clone.all_of("steps/01/test_new.py").wrong

    assert "    Read  01.1 polite or 01.1 short, at steps/01-words/README.md:5" in told


def test_the_report_has_the_broken_demands_with_their_sentences(clone: Clone) -> None:
    with_demands(clone)

    clone.pytest("steps/01/test_new.py", "--groundrules-report=verdict.json")

    report = json.loads(clone.file("verdict.json").read_text())
    assert [test["demands"] for test in report["tests"]] == [["short"]]
    assert report["demands"] == [
        {
            "scope": "01.1",
            "name": "short",
            "text": "The words are short.",
            "place": "steps/01-words/README.md:6",
        }
    ]


def test_a_test_that_passes_is_reported_with_the_demands_it_holds(clone: Clone) -> None:
    with_demands(clone)
    suite = clone.file("steps/01-words/test_new.py")
    suite.write_text(suite.read_text().replace("< 9", "< 999"))

    clone.pytest("steps/01/test_new.py", "--groundrules-report=verdict.json")

    report = json.loads(clone.file("verdict.json").read_text())
    assert [test["demands"] for test in report["tests"]] == [["polite", "short"]]
    assert report["demands"] == []


def test_as_many_demands_are_named_as_the_line_holds() -> None:
    demands = [
        Demand("01.2", f"a-rather-long-name-{number}", "", "steps/01-setup/README.md:1")
        for number in range(3)
    ]
    task = COURSE.task("01.2")[1]

    words = explain(AssertionError("No."), COURSE, task, None, Snapshot(Path(), Path()), demands)

    assert isinstance(words, Words)
    assert words.lines[1] == "    Read  01.2 a-rather-long-name-0, at steps/01-setup/README.md:1"


@pytest.mark.parametrize(
    ("line", "heading"),
    [(3, "01.4 The health route"), (6, "01.2 Settings from the environment")],
)
def test_only_what_fails_at_the_import_is_laid_to_the_task_of_the_file(
    tmp_path: Path, line: int, heading: str
) -> None:
    (tmp_path / "app" / "api").mkdir(parents=True)
    source = '"""Health."""\n\nA = 1 / 0\n\ndef read():\n    return 1 / 0\n'
    (tmp_path / "app" / "api" / "health.py").write_text(source)
    raised = Raised(
        Failure("ZeroDivisionError", "", (), (Frame("app/api/health.py", line, "1 / 0"),))
    )

    words = explain(raised, COURSE, COURSE.task("01.2")[1], None, Snapshot(tmp_path, tmp_path), ())

    assert isinstance(words, Words)
    assert words.heading == heading
    assert words.place == f"app/api/health.py:{line}"
