"""`groundrules doctor`, and the files for editors."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from groundrules.course.states import write_state
from tests.course.conftest import ROOT, Copy

EDITORS = sorted([*ROOT.glob(".vscode/*.json"), *ROOT.glob(".devcontainer/*.json")])


@pytest.fixture
def activated(copy: Copy) -> dict[str, str]:
    """What is set where the environment of the copy is active."""
    programs = copy.root / ".venv" / "bin"
    programs.mkdir(parents=True)
    shutil.copy("/bin/sh", programs / "pytest")
    return {"PATH": f"{programs}:/usr/bin:/bin"}


def test_where_all_is_there_the_doctor_says_so(copy: Copy, activated: dict[str, str]) -> None:
    found = copy.run("doctor", **activated)

    assert found.returncode == 0, found.stdout
    assert "missing" not in found.stdout
    assert re.search(r"^     ok  PostgreSQL   15\.", found.stdout, re.MULTILINE)
    assert all(line.startswith("     ok  ") for line in found.stdout.splitlines())


def test_what_is_missing_is_told_with_how_to_get_it_and_how_it_was(
    copy: Copy, activated: dict[str, str]
) -> None:
    copy.run("doctor", **activated)
    shutil.rmtree(copy.exercises / "app")
    copy.file("solution/app/main.py").write_text("MINE = True\n")

    found = copy.run("doctor", **activated)

    assert found.returncode == 1
    assert "missing  exercises" in found.stdout
    assert "Type: git checkout exercises" in found.stdout
    assert "missing  lessons" in found.stdout
    assert f"When all was right last, exercises was: {copy.exercises}" in found.stdout


def test_without_its_environment_the_doctor_says_how_to_get_one(copy: Copy) -> None:
    found = copy.run("doctor")

    assert found.returncode == 1
    assert "missing  environment" in found.stdout
    assert "Type: python3 course.py start" in found.stdout


@pytest.mark.parametrize("file", EDITORS, ids=lambda file: str(file.relative_to(ROOT)))
def test_the_files_for_editors_are_valid(file: Path) -> None:
    assert json.loads(file.read_text(encoding="utf-8"))


def test_an_editor_finds_the_place_of_each_finding(tmp_path: Path) -> None:
    write_a_mistake(tmp_path)
    tasks = json.loads((ROOT / ".vscode" / "tasks.json").read_text(encoding="utf-8"))["tasks"]
    [matcher] = [task["problemMatcher"] for task in tasks if task["label"] == "check the rules"]
    place, message = (re.compile(each["regexp"]) for each in matcher["pattern"])

    checked = subprocess.run(
        [sys.executable, "-m", "groundrules", "check", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    lines = checked.stdout.splitlines()
    at = next(number for number, line in enumerate(lines) if place.search(line))
    found = place.search(lines[at])
    assert found is not None
    assert found.groups() == ("GR202", "app/main.py", "7")
    assert message.search(lines[at + 1])


@pytest.mark.slow
def test_a_type_checker_accepts_finished_work_from_the_top_of_the_clone(copy: Copy) -> None:
    write_state(copy.course, len(copy.course.steps), copy.exercises)

    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "exercises/app"],
        cwd=copy.root,
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stdout


def write_a_mistake(folder: Path) -> None:
    (folder / "app").mkdir()
    (folder / "app" / "main.py").write_text(
        '"""Words."""\n\nfrom fastapi import FastAPI\n\napp = FastAPI()\n@app.get("/words")\n'
        'def words() -> list[str]:\n    """List the words."""\n    return []\n'
    )
