"""Files in the wrong place, and a course that was changed, are noticed."""

from pathlib import Path

import pytest

from groundrules.course.digests import LIST, REFRESH, is_current
from tests.course.conftest import COURSE, Copy


def test_the_list_of_digests_is_current() -> None:
    assert is_current(COURSE), f"{LIST} is not what is there: run `{REFRESH}`, and commit it."


def check(copy: Copy) -> str:
    return copy.pytest("steps/01", "--collect-only").stdout


@pytest.mark.parametrize(
    ("file", "belongs"),
    [
        ("app/core/config.py", "exercises/app/core/config.py"),
        ("exercises/core/config.py", "exercises/app/core/config.py"),
        ("exercises/main.py", "exercises/app/main.py"),
        ("exercises/exercises/app/main.py", "exercises/app/main.py"),
        ("exercises/app/app/main.py", "exercises/app/main.py"),
        ("services/loan_service.py", "exercises/app/services/loan_service.py"),
        ("migrations/env.py", "exercises/migrations/env.py"),
    ],
)
def test_a_file_in_the_wrong_place_is_noticed(beginning: Copy, file: str, belongs: str) -> None:
    wrong = beginning.file(file)
    wrong.parent.mkdir(parents=True, exist_ok=True)
    wrong.write_text("MINE = True\n")
    line = f"{file} is where nothing reads it: move it to {belongs}."

    assert line in beginning.run("start").stderr.splitlines()
    assert line in check(beginning).splitlines()


@pytest.mark.parametrize("file", ["solution/app/main.py", "solution/app/mine.py"])
def test_work_in_the_solution_is_noticed(beginning: Copy, file: str) -> None:
    beginning.file(file).write_text("MINE = True\n")
    line = f"Changed from the course's version: {file}. Your own work belongs in exercises/."

    assert line in beginning.run("start").stderr
    assert line in check(beginning)


def test_nothing_is_said_of_a_course_as_it_was_written(beginning: Copy) -> None:
    assert beginning.run("status").stderr == ""
    assert "lies where" not in check(beginning)
    assert "Not as" not in check(beginning)


def test_somebody_elses_folder_is_no_business_of_this_clones(
    beginning: Copy, tmp_path: Path
) -> None:
    beginning.file("app").mkdir()
    beginning.file("app/main.py").write_text("MINE = True\n")
    (tmp_path / "alice" / "app").mkdir(parents=True)

    done = beginning.pytest("steps/01", f"--app={tmp_path}/alice")

    assert "lies where" not in done.stdout
