"""What may be typed after `pytest`."""

import json

import pytest

from groundrules.testing.arguments import Arguments
from tests.testing.conftest import WORDS, Clone

COLLECT = ("--collect-only", "-q")
STEP_01 = [
    "steps/01-words/test_it.py::test_the_words_are_polite",
    "steps/01-words/test_it.py::test_the_words_are_few",
    "steps/01-words/test_it.py::test_the_program_says_them",
]
STEP_02 = ["steps/02-more/test_it.py::test_the_rule_holds[GR201]"]


@pytest.mark.parametrize(
    ("typed", "below"),
    [
        ("steps/01", "."),
        ("steps/01/", "."),
        ("steps/1", "."),
        ("./steps/01", "."),
        ("steps\\01\\", "."),
        ("01", "steps"),
        ("steps/01", "docs"),
        ("../steps/01", "docs"),
        ("steps/01", "steps/02-more"),
    ],
)
def test_a_number_is_completed_wherever_it_is_typed(clone: Clone, typed: str, below: str) -> None:
    arguments = Arguments(clone.root, clone.root / below)

    [completed] = arguments.complete([typed], lambda _: True)

    assert completed.rstrip("/") == str(clone.root / "steps" / "01-words")
    assert arguments.name_steps([typed])


@pytest.mark.parametrize(
    ("typed", "rest"),
    [
        ("steps/01/test_it.py", "/test_it.py"),
        ("steps/01::test_it", "::test_it"),
        ("steps\\01\\test_it.py::test_it[a\\b]", "/test_it.py::test_it[a\\b]"),
    ],
)
def test_what_follows_a_number_stays(clone: Clone, typed: str, rest: str) -> None:
    [completed] = Arguments(clone.root, clone.root).complete([typed], lambda _: True)

    assert completed == f"{clone.root / 'steps' / '01-words'}{rest}"


@pytest.mark.parametrize("typed", ["01", "docs/01", "tests/rules/1", "-k", "steps01", "nosteps/01"])
def test_a_number_elsewhere_is_left_alone(clone: Clone, typed: str) -> None:
    arguments = Arguments(clone.root, clone.root)

    assert arguments.complete([typed], lambda _: True) == [typed]
    assert not arguments.name_steps([typed])


@pytest.mark.parametrize(
    ("typed", "below"),
    [
        pytest.param(["steps/01"], ".", marks=pytest.mark.slow),
        (["01"], "steps"),
        (["--app", "../alice", "steps/01", "-p", "no:cacheprovider"], "docs"),
        pytest.param(
            ["-k", "test_it", "--app=alice", "steps\\01\\test_it.py"], ".", marks=pytest.mark.slow
        ),
    ],
)
def test_a_step_is_run_by_its_number(clone: Clone, typed: list[str], below: str) -> None:
    run = clone.pytest(*COLLECT, *typed, below=below)

    assert (run.status, run.tests) == (0, STEP_01), run


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        (["steps/01.1"], STEP_01[:2]),
        (["steps/1.2"], STEP_01[2:]),
        (["steps/01.2", "steps/02"], [*STEP_01[2:], *STEP_02]),
    ],
)
def test_a_task_is_checked_by_its_number(clone: Clone, typed: list[str], found: list[str]) -> None:
    run = clone.pytest(*COLLECT, *typed)

    assert (run.status, run.tests) == (0, found), run


def test_a_task_that_was_checked_alone_is_done_but_its_step_is_not(clone: Clone) -> None:
    clone.write("exercises/app/words.py", WORDS)

    run = clone.pytest("steps/01.1", "--groundrules-report=report.json")

    assert "Done: 01.1." in run.lines
    assert "Next: 01.2 The program; read steps/01-words/README.md" in run.lines
    report = json.loads(clone.file("report.json").read_text("utf-8"))
    assert (report["complete"], report["why"]) == (False, "only some of the tasks were checked")


def test_a_task_that_is_not_there_is_refused(clone: Clone) -> None:
    clone.pytest("steps/01.7").must_be_refused("Step 01 has no task 01.7")


def test_one_test_can_be_named_below_a_number(clone: Clone) -> None:
    run = clone.pytest(*COLLECT, "steps/01/test_it.py::test_the_words_are_few")

    assert run.tests == [STEP_01[1]]


@pytest.mark.parametrize(
    "typed", [["steps"], pytest.param(["steps/2", "steps/01-words"], marks=pytest.mark.slow)]
)
def test_several_steps_run_in_the_order_of_the_course(clone: Clone, typed: list[str]) -> None:
    run = clone.pytest(*COLLECT, *typed)

    assert run.tests == [*STEP_01, *STEP_02]


def test_the_folder_of_the_steps_holds_them_all(clone: Clone) -> None:
    assert clone.pytest(*COLLECT, below="steps").tests == [*STEP_01, *STEP_02]


def test_the_value_of_an_option_is_no_step(clone: Clone) -> None:
    run = clone.pytest(*COLLECT, "-k", "02", "01", below="steps")

    assert run.tests == []
    assert "3 deselected" in run.out


def test_a_step_that_is_not_there_is_refused(clone: Clone) -> None:
    clone.pytest("steps/09").must_be_refused("no step 09", "01 to 05")


@pytest.mark.parametrize(
    "typed",
    ["steps/05-later/", pytest.param("steps/5/test_it.py::test_it", marks=pytest.mark.slow)],
)
def test_a_step_in_preparation_is_refused(clone: Clone, typed: str) -> None:
    clone.pytest(typed).must_be_refused("Step 05 (Later) is in preparation")


def test_pytest_alone_among_the_exercises_says_what_to_type(clone: Clone) -> None:
    run = clone.pytest(below="exercises")

    assert run.lines[-2] == "To check your work, name a step: pytest steps/01"
    assert "no tests ran" in run.lines[-1]
