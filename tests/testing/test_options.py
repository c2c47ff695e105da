"""pytest's own options, with a suite."""

import json
import xml.etree.ElementTree as ElementTree

import pytest

from tests.testing.conftest import WORDS, Clone, Run, small_course, write_application

RUDE = WORDS.replace("please", "now")


@pytest.fixture(scope="module")
def rude(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Clone:
    """The small course, with exercises that fail a test of each task of step 01."""
    made = small_course(tmp_path_factory.mktemp("rude") / "my course", environment)
    write_application(made, "exercises", RUDE)
    return made


@pytest.fixture(scope="module")
def reported(rude: Clone) -> Run:
    """A run that has written its reports."""
    return rude.pytest(
        "steps/01",
        "-v",
        "-rf",
        "--junitxml=report.xml",
        "--groundrules-report=verdict.json",
        environment={"COLUMNS": "200"},
    )


def test_exitfirst_stops_at_the_first_failure(rude: Clone) -> None:
    run = rude.pytest("steps/01", "-x")

    assert run.lines[1].startswith("0 of 1 tests pass, in")
    assert "Failing: 01.1 (0 of 2)." in run.lines
    assert "findings: -v" not in run.out


@pytest.mark.slow
def test_what_failed_last_can_be_run_again_alone_or_first(rude: Clone) -> None:
    rude.pytest("steps/01", "-q")

    last = rude.pytest("steps/01", "--lf", "-v")
    first = rude.pytest("steps/01", "--ff", "-v")

    assert "2 failed" in last.lines[-1]
    ran = [line.partition("::")[2].split(" ")[0] for line in first.lines if "%]" in line]
    assert ran[-1] == "test_the_words_are_few"


def test_a_part_of_a_task_is_not_told_to_be_the_whole(clone: Clone) -> None:
    chosen = clone.pytest("steps/01", "-k", "few", "--app=alice")
    named = clone.pytest("steps/01/test_it.py::test_the_words_are_few", "--app=alice")

    assert "Passing: 01.1 (1 of 2)." in chosen.lines
    assert "Passing: 01.1 (1 of 1)." in named.lines


def test_junit_has_each_failure_with_its_message(rude: Clone, reported: Run) -> None:
    suite = ElementTree.parse(rude.file("report.xml")).getroot()[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "2", "0")
    first, second = suite.iter("failure")
    assert first.get("message") == "app/words.py must say please."
    assert "Read  steps/01-words/README.md" in str(first.text)
    assert second.get("message") == "app.words.say() must return 'please'."


def test_the_verdict_is_written_as_json(rude: Clone, reported: Run) -> None:
    verdict = json.loads(rude.file("verdict.json").read_text(encoding="utf-8"))
    assert (verdict["version"], verdict["complete"], verdict["why"]) == (1, True, None)
    assert verdict["tasks"][0] == {
        "task": "01.1",
        "title": "The words",
        "step": "words",
        "tests": 2,
        "passed": 1,
        "failed": 1,
        "trouble": 0,
        "untouched": False,
        "place": None,
        "owner": None,
        "after": None,
    }
    assert [each["passed"] for each in verdict["tests"]] == [False, True, False]
    assert "must say please" in verdict["tests"][0]["message"]
    assert reported.status == 1


def test_a_report_that_cannot_be_written_is_refused(clone: Clone) -> None:
    run = clone.pytest("steps/01", "--groundrules-report", "nowhere/verdict.json")

    run.must_be_refused("nowhere/verdict.json", "a folder that exists")


@pytest.mark.parametrize("option", ["-s", "--tb=auto", "--groundrules-lanes=1"])
def test_with_any_option_the_first_failure_is_told_once(rude: Clone, option: str) -> None:
    run = rude.pytest("steps/01", option)

    assert run.out.count("app/words.py must say please.") == 1
    assert run.lines[-1] == "1 more finding: -v"


@pytest.mark.parametrize("option", ["-q", "-qq"])
def test_quietly_there_is_one_line_for_each_task(rude: Clone, option: str) -> None:
    run = rude.pytest("steps/01", option)

    assert [line for line in run.lines if line] == [
        "  1 of 2  01.1 The words",
        "  0 of 1  01.2 The program",
    ]


def test_in_full_each_failure_is_told_once(reported: Run) -> None:
    assert reported.lines[0].startswith("Checking ")
    assert [told[1].strip() for told in reported.wrong] == [
        "app/words.py must say please.",
        "app.words.say() must return 'please'.",
    ]
    assert reported.out.count("\n    app/words.py must say please.") == 1


@pytest.mark.slow
def test_the_short_style_shows_each_test_with_its_message(rude: Clone) -> None:
    run = rude.pytest("steps/01", "--tb=short")

    assert run.wrong == []
    assert "test_the_words_are_polite ____" in run.out
    assert "app/words.py must say please." in run.out
    assert "Traceback" not in run.out


def test_one_line_for_each_test_holds_the_message(reported: Run) -> None:
    told = [line for line in reported.lines if line.startswith("FAILED")]

    assert told[0].endswith("::test_the_words_are_polite - app/words.py must say please.")


@pytest.mark.slow
def test_no_message_is_told_if_none_is_wanted(rude: Clone) -> None:
    run = rude.pytest("steps/01", "--no-summary")

    assert "please" not in run.out
    assert "Failing: 01.1 (1 of 2) and 01.2 (0 of 1)." in run.lines


def test_the_debugger_has_nothing_to_show_of_what_is_not_begun(clone: Clone) -> None:
    run = clone.pytest("steps/01", "--pdb")

    assert "0 of 3 tests pass" in run.out
    assert "Pdb" not in run.out
