"""Tests that run beside each other: the same verdict, in the same order, and nothing left behind."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from groundrules.course.states import write_state
from groundrules.course.steps import Course
from tests.testing.conftest import ENVIRONMENT, ROOT, Clone, Run
from tests.testing.test_terminals import wait_until

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
MANY = """\
import os
import signal
import time
from pathlib import Path

import pytest

from groundrules.testing import task, waits

NOTES = Path({notes!r})


@task("01.1")
@pytest.mark.parametrize("number", range(32))
def test_many(number, code):
    note(f"{{number}}")
    {does}


@task("01.1")
@waits
def test_the_last_of_all_that_waits(code):
    note("waits")


@task("01.2")
async def test_the_program_says_them(app):
    assert await app.words.say() == "please"


def note(text):
    with NOTES.open("a") as notes:
        notes.write(f"{{text}} {{os.getpid()}}\\n")
"""
LANES = "--groundrules-lanes=3"
KILLER = """\
from pathlib import Path

import pytest

from groundrules.worker.errors import MachineTrouble

KILLED = Path(__file__).with_name("killed")


@pytest.fixture(autouse=True)
def trouble(request):
    if "database" not in request.fixturenames:
        return
    request.getfixturevalue("database")  # which has a connection now
    number = len(list(KILLED.iterdir())) if KILLED.exists() else 0
    if number < 3:
        KILLED.mkdir(exist_ok=True)
        (KILLED / str(number)).touch()
        raise MachineTrouble("The plug was pulled.")
"""


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """What the tests of a suite have noted: a word and the process, in a line each."""
    return tmp_path / "notes"


def many(clone: Clone, notes: Path, does: str) -> Clone:
    """Give step 01 a suite of many tests that all do the same."""
    clone.write("steps/01-words/test_it.py", MANY.format(notes=str(notes), does=does))
    return clone


def noted(notes: Path) -> list[list[str]]:
    return [line.split() for line in notes.read_text(encoding="utf-8").splitlines()]


def without_times(run: Run) -> list[str]:
    return [line.rpartition(" in ")[0] or line for line in run.lines]


def test_all_are_run_once_in_several_processes(clone: Clone, notes: Path) -> None:
    run = many(clone, notes, "time.sleep(0.02)").pytest("steps/01", "--app=alice", LANES)

    assert run.status == 0, run
    assert "34 tests pass, in" in run.out
    assert sorted(word for word, _ in noted(notes)) == sorted([*map(str, range(32)), "waits"])
    assert len({process for _, process in noted(notes)}) == 3
    assert "waits" in [word for word, _ in noted(notes)[:3]]


@pytest.mark.slow
def test_the_verdict_is_the_same_as_one_after_the_other(course: Clone, finished: Clone) -> None:
    health = finished.file("app/api/health.py")
    health.write_text(health.read_text("utf-8").replace('"ok"', '"fine"'), encoding="utf-8")
    config = finished.file("app/core/config.py")
    config.write_text(config.read_text("utf-8").replace('"ERROR"', '"FAULT"'), encoding="utf-8")
    said: list[tuple[list[str], Any]] = []

    for lanes in ("1", "3"):
        report = finished.file("verdict.json")
        run = course.all_of(
            "steps/01",
            f"--app={finished.root}",
            f"--groundrules-lanes={lanes}",
            f"--groundrules-report={report}",
        )
        said.append((without_times(run), json.loads(report.read_text(encoding="utf-8"))))

    assert any("fine" in line for line in said[0][0])
    assert said[0] == said[1]


def test_who_only_collects_runs_nothing(clone: Clone, notes: Path) -> None:
    run = many(clone, notes, "pass").pytest("steps/01", "--app=alice", LANES, "--collect-only")

    assert run.status == 0, run
    assert not notes.exists()


def test_exitfirst_tells_of_the_first_failure_alone(clone: Clone, notes: Path) -> None:
    many(
        clone, notes, "time.sleep(0.01 * (31 - number)); assert number < 8, f'{number} is too much'"
    )

    run = clone.pytest("steps/01", "--app=alice", LANES, "-x")

    assert "8 of 9 tests pass" in run.out
    assert any("8 is too much" in line for line in run.lines)


def test_what_a_lost_process_was_at_is_run_again(clone: Clone, notes: Path) -> None:
    does = "NOTES.with_name('dead').exists() or number != 9 or end()"
    many(clone, notes, does)
    with clone.file("steps/01-words/test_it.py").open("a") as suite:
        suite.write(
            "\n\ndef end():\n    NOTES.with_name('dead').touch()\n"
            "    os.kill(os.getpid(), signal.SIGKILL)\n"
        )

    run = clone.pytest("steps/01", "--app=alice", LANES)

    assert run.status == 0, run
    assert "34 tests pass, in" in run.out
    assert [word for word, _ in noted(notes)].count("9") == 2


@pytest.mark.slow
def test_after_trouble_a_process_goes_on_with_a_database_of_its_own(
    course: Clone, tmp_path: Path
) -> None:
    finished = Clone(tmp_path / "bob")
    write_state(Course(ROOT), 3, finished.root)
    copied = Clone(tmp_path / "course", course.environment)
    shutil.copytree(course.root, copied.root)
    copied.write("steps/03-models/conftest.py", KILLER)

    run = copied.pytest("steps/03", f"--app={finished.root}", LANES)

    assert run.status == 0, run
    assert "To repeat" not in run.out
    assert (copied.root / "steps/03-models/killed").exists()


@pytest.mark.parametrize("option", ["-s", "--pdb", "--setup-show"])
def test_who_watches_has_one_process(clone: Clone, notes: Path, option: str) -> None:
    run = many(clone, notes, "pass").pytest("steps/01", "--app=alice", LANES, option)

    assert run.status == 0, run
    assert len({process for _, process in noted(notes)}) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_stopped_leaves_no_process(
    clone: Clone, notes: Path, number: signal.Signals
) -> None:
    many(clone, notes, "time.sleep(0.3)")
    with subprocess.Popen(
        clone.command("steps/01", "--app=alice", LANES),
        cwd=clone.root,
        env={**ENVIRONMENT, **clone.environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as run:
        wait_until(lambda: notes.exists() and len(noted(notes)) > 4)
        os.kill(run.pid, number)
        out, _ = run.communicate(timeout=20)

    processes = {int(process) for _, process in noted(notes)}
    assert len(processes) > 1
    wait_until(lambda: not any(map(is_alive, processes)))
    if number == signal.SIGINT:
        assert run.returncode == 2, out
        assert "Traceback" not in out


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
