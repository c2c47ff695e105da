"""`--app PATH`: which application is checked."""

import shutil
from pathlib import Path

import pytest

from tests.testing.conftest import Clone, write_application


@pytest.mark.parametrize(
    "named", ["alice", pytest.param("alice/exercises/app", marks=pytest.mark.slow)]
)
def test_the_first_line_says_what_is_checked(clone: Clone, named: str) -> None:
    run = clone.pytest("steps/01", "--app", named)

    assert run.lines[0] == f"Checking {Path('alice/exercises/app')}"
    assert run.status == 0, run


def test_the_trainees_own_work_is_checked_unless_another_is_named(clone: Clone) -> None:
    run = clone.pytest("steps/01")

    assert run.lines[0] == f"Checking {Path('exercises/app')}"
    assert run.status == 1


def test_a_folder_anywhere_else_is_checked_by_the_courses_settings(
    clone: Clone, tmp_path: Path
) -> None:
    elsewhere = Clone(tmp_path / "elsewhere")
    write_application(elsewhere, ".")
    elsewhere.write("pytest.ini", "[pytest]\naddopts = --no-such-option-is-known-here\n")
    elsewhere.file("pytest.ini").write_text(
        "[pytest]\nanyio_mode = strict\npython_functions = no\n"
    )

    run = clone.pytest("steps/01", "--app", str(elsewhere.root))

    assert run.status == 0, run
    assert "3 tests pass, in" in run.out


def test_the_settings_beside_the_work_are_not_the_suites(clone: Clone) -> None:
    clone.write("alice/exercises/pytest.ini", "[pytest]\npython_functions = no\n")

    run = clone.pytest("../../steps/01", "--app=app", below="alice/exercises")

    assert "3 tests pass, in" in run.out, run


def test_settings_beside_a_submission_load_none_of_its_code(clone: Clone) -> None:
    settings = "[pytest]\npythonpath = .\naddopts = -p evil\n"
    clone.write("alice/exercises/pytest.ini", settings)
    clone.write("alice/exercises/evil.py", "from pathlib import Path\nPath('loaded').touch()\n")
    clone.write("alice/exercises/conftest.py", "from pathlib import Path\nPath('loaded').touch()\n")

    run = clone.pytest("steps/01", "--app=alice/exercises")

    assert "3 tests pass, in" in run.out, run
    assert not clone.file("loaded").exists()


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ("nowhere", ["nowhere is not a folder"]),
        pytest.param("docs", ["no app package in", "docs"], marks=pytest.mark.slow),
        pytest.param("pyproject.toml", ["pyproject.toml is not a folder"], marks=pytest.mark.slow),
    ],
)
def test_what_is_no_application_is_refused(clone: Clone, named: str, words: list[str]) -> None:
    clone.pytest("steps/01", "--app", named).must_be_refused(*words)


def test_a_step_is_asked_for(clone: Clone) -> None:
    clone.pytest("--app", "alice").must_be_refused(
        "--app needs a step", "pytest steps/01 --app=PATH"
    )


@pytest.mark.parametrize("lost", ["exercises", "exercises/app"])
def test_lost_exercises_are_told_with_the_ways_to_have_them_back(clone: Clone, lost: str) -> None:
    shutil.rmtree(clone.file(lost))

    run = clone.pytest("steps/01")

    run.must_be_refused("exercises/app is missing", "git checkout exercises", "groundrules goto 1")
