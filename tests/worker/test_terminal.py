"""`breakpoint()` in the application: with `-s` and a terminal, a trainee can look around there."""

import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from groundrules.course.states import write_state
from groundrules.course.steps import Course
from tests.worker.conftest import ROOT

pytestmark = pytest.mark.slow


def test_a_breakpoint_has_the_terminal(tmp_path: Path) -> None:
    write_state(Course(ROOT), 1, tmp_path)
    health = tmp_path / "app/api/health.py"
    source = health.read_text(encoding="utf-8")
    stop = r"\1word = 'sea' + 'shell'\n\1breakpoint()\n\1return "
    health.write_text(re.sub("( +)return ", stop, source), encoding="utf-8")

    shown = run_in_a_terminal(
        ["steps/01", "--app", str(tmp_path), "-s", "-k", "answers_that_the_application_is_up"],
        answers=["p word", "c", "c"],  # it asks twice
    )

    assert "'seashell'" in shown
    assert "1 test passes" in shown


def test_a_breakpoint_has_the_terminal_in_other_processes_of_the_application_too(
    tmp_path: Path,
) -> None:
    stop_before_the_return_of_create_app(tmp_path)

    shown = run_in_a_terminal(
        ["steps/01", "--app", str(tmp_path), "-s", "-k", "create_app_makes_an_application"],
        answers=["c", "c", "c"],
    )

    assert shown.count("(Pdb)") == 3
    assert "1 test passes" in shown


def test_leaving_the_debugger_is_a_sentence(tmp_path: Path) -> None:
    stop_before_the_return_of_create_app(tmp_path)

    shown = run_in_a_terminal(
        ["steps/01", "--app", str(tmp_path), "-s", "-k", "titled_library"], answers=["q"]
    )

    assert "The debugger was left with q" in shown
    assert "no terminal" not in shown


def stop_before_the_return_of_create_app(folder: Path) -> None:
    write_state(Course(ROOT), 1, folder)
    main = folder / "app/main.py"
    source = main.read_text(encoding="utf-8")
    main.write_text(source.replace("    return app", "    breakpoint()\n    return app"), "utf-8")


def run_in_a_terminal(arguments: list[str], answers: list[str]) -> str:
    """Run pytest in a terminal, give an answer at each prompt of pdb, and return what was shown."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=ROOT,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)),  # it becomes the session's
    )
    os.close(theirs)
    shown, told, deadline = "", 0, time.monotonic() + 20
    while time.monotonic() < deadline:
        if not select.select([ours], [], [], 0.5)[0]:
            continue
        try:
            shown += os.read(ours, 65536).decode(errors="replace")
        except OSError:  # how the end of a terminal is told
            break
        if shown.count("(Pdb)") > told and told < len(answers):
            os.write(ours, f"{answers[told]}\n".encode())
            told += 1
    process.kill()
    process.wait()
    os.close(ours)
    return shown
