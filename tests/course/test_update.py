"""`groundrules update`: a newer version of the course around a trainee's own work."""

import shutil
import subprocess
from pathlib import Path

import pytest

from groundrules.course.digests import write_digests
from groundrules.course.steps import Course
from tests.course.conftest import Copy
from tests.course.kills import Snapshot, snapshot
from tests.processes import GROUNDRULES

STEP = "steps/01-setup"
UNTOUCHED, TOUCHED, OWN = "app/api/health.py", "app/core/config.py", "app/notes.py"
MINE = '"""Settings."""\n\nMINE = True\n'
NEW_DEMAND = "- The title is not empty. <!-- demand: title-given -->\n"


def change(root: Path, file: str, *edits: tuple[str, str]) -> None:
    path = root / file
    text = path.read_text(encoding="utf-8")
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def newer(copy: Copy, tmp_path: Path) -> Path:
    """A newer version of the copy: two stubs, a demand and a rule are new, and files come and go."""
    root = tmp_path / "newer course"
    shutil.copytree(copy.root, root)
    for file in (UNTOUCHED, TOUCHED):
        text = (root / STEP / "starter" / file).read_text(encoding="utf-8")
        (root / STEP / "starter" / file).write_text(f"{text}\n# From the newer course.\n")
    marked = " <!-- demand: title -->\n"
    change(root, f"{STEP}/README.md", (marked, marked + NEW_DEMAND))
    change(root, f"{STEP}/step.toml", ("rules = [", 'rules = ["GR999", '))
    (root / STEP / "test_new.py").write_text("# New.\n")
    (root / STEP / "test_rules.py").unlink()
    (root / "steps/08-auth/hints.md").write_text("# Hints, newly written\n")
    write_digests(Course(root))
    return root


@pytest.fixture
def working(copy: Copy) -> Copy:
    """A trainee's copy: one stub written, a file added, notes beside a lesson."""
    for file, text in ((TOUCHED, MINE), (OWN, "NOTES = 1\n")):
        (copy.exercises / file).write_text(text)
    copy.file(f"{STEP}/my notes.md").write_text("Mine.\n")
    return copy


def without_saves(copy: Copy) -> Snapshot:
    kept = (b".groundrules", b"__pycache__")
    return {
        path: entry
        for path, entry in snapshot(copy.root).items()
        if not any(part in path.split(b"/") for part in kept)
    }


def test_stubs_are_renewed_and_work_stays_and_new_demands_are_told(
    working: Copy, newer: Path
) -> None:
    updated = working.run("update", str(newer))

    assert updated.returncode == 0, updated.stderr
    assert "From the newer course." in (working.exercises / UNTOUCHED).read_text()
    assert (working.exercises / TOUCHED).read_text() == MINE
    assert (working.exercises / OWN).read_text() == "NOTES = 1\n"
    assert working.file(f"{STEP}/my notes.md").read_text() == "Mine.\n"
    assert working.file(f"{STEP}/test_new.py").exists()
    assert not working.file(f"{STEP}/test_rules.py").exists()
    told = updated.stdout.splitlines()
    assert f"Replaced in exercises/, since you had not changed them: {UNTOUCHED}" in told
    assert f"Kept as you have them, though the course's own changed: {TOUCHED}" in told
    assert "  01.3 title-given: The title is not empty." in told
    assert "  01 GR999: groundrules rules GR999" in told
    assert working.run("update", str(newer)).stdout == "The course is up to date.\n"


def test_undo_brings_back_the_course_and_the_work(working: Copy, newer: Path) -> None:
    before = without_saves(working)

    working.run("update", str(newer))
    between = without_saves(working)
    undone = working.run("undo")

    assert undone.returncode == 0, undone.stderr
    assert between != before
    assert without_saves(working) == before


@pytest.mark.slow
def test_an_update_that_is_killed_is_taken_back(working: Copy, newer: Path) -> None:
    before = without_saves(working)
    killed = (
        "import os, signal, sys; from pathlib import Path; from groundrules.course import workspace\n"
        "bring = workspace.bring\n"
        "def broken_off(paths, source, folder):\n"
        "    if folder == Path.cwd():\n"
        "        bring(paths[: len(paths) // 2], source, folder)\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    bring(paths, source, folder)\n"
        "workspace.bring = broken_off\n"
        "from groundrules.cli import main; main()"
    )
    run = subprocess.run(
        [GROUNDRULES[0], "-c", killed, "update", newer], cwd=working.root, check=False
    )
    assert run.returncode == -9
    assert without_saves(working) != before

    told = working.run("hint", "01.1")

    assert "was interrupted: exercises/ and the course are back to their state" in told.stderr
    assert without_saves(working) == before


def test_a_git_remote_is_fetched(working: Copy, newer: Path) -> None:
    git = ["git", "-C", str(newer), "-c", "user.name=A", "-c", "user.email=a@example.org"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "Newer"]):
        subprocess.run([*git, *arguments], check=True, capture_output=True)

    updated = working.run("update", newer.as_uri())

    assert updated.returncode == 0, updated.stderr
    assert "From the newer course." in (working.exercises / UNTOUCHED).read_text()
    assert (working.exercises / TOUCHED).read_text() == MINE


def test_what_is_no_newer_course_is_one_sentence_and_nothing_changes(
    working: Copy, tmp_path: Path
) -> None:
    before = without_saves(working)
    for named, told in (
        ((), "This course has no git remote"),
        ((str(tmp_path),), "There is no course in"),
        ((str(working.root),), "That is this course itself"),
        (("nowhere.example:x/y.git",), "cannot be fetched"),
    ):
        refused = working.run("update", *named, GIT_SSH_COMMAND="false")
        assert refused.returncode == 2
        assert told in refused.stderr
        assert "Traceback" not in refused.stderr

    assert without_saves(working) == before
