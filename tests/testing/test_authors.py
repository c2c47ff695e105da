"""Mistakes in a suite are told to its author."""

from pathlib import Path

import pytest

from tests.testing.conftest import EXTRA, Clone


@pytest.mark.parametrize(
    ("test", "words"),
    [
        ("def test_it(code): ...", ["test_it names no task", '@task("01.1")']),
        ('@task("01.7")\ndef test_it(code): ...', ["Step 01 has no task 01.7", "step.toml"]),
        pytest.param(
            '@task("02.1")\ndef test_it(code): ...',
            ["Step 01 has no task 02.1"],
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_test_without_a_task_of_its_step_is_refused(
    clone: Clone, test: str, words: list[str]
) -> None:
    clone.write("steps/01-words/test_new.py", f"from groundrules.testing import task\n\n\n{test}\n")

    run = clone.pytest("steps/01", "--app=alice")

    assert run.status == 4
    assert "Traceback" not in run.out + run.err
    for word in ["steps/01-words/test_new.py::test_it", *words]:
        assert word in run.out + run.err


def test_a_suite_that_breaks_shows_where(clone: Clone) -> None:
    clone.write(
        "steps/01-words/test_new.py",
        "from groundrules.testing import task\n\n\n"
        '@task("01.1")\ndef test_new(code):\n    code.nothing()\n',
    )

    run = clone.pytest("steps/01", "--app=alice")

    assert run.status == 1
    assert "test_new.py:6: AttributeError" in run.out


def test_a_rule_that_is_not_there_fails_its_test(clone: Clone) -> None:
    step = clone.file("steps/02-more/step.toml")
    step.write_text(step.read_text().replace("GR201", "GR999"))
    clone.write("alice/exercises/app/extra.py", EXTRA)

    run = clone.pytest("steps/02", "--app=alice")

    assert run.status == 1
    assert "There is no rule GR999." in run.out


def test_a_broken_step_file_is_named(clone: Clone) -> None:
    clone.write("steps/02-more/step.toml", "id = ")

    run = clone.pytest("steps/01", "--app=alice")

    run.must_be_refused(str(Path("02-more") / "step.toml"), "not valid TOML")
