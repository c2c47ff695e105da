"""What a run looks like in a terminal, and how Ctrl-C ends it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from tests.testing.conftest import ENVIRONMENT, WORDS, Clone, write_application

SLEEP = """\
import asyncio
import os
from collections.abc import Callable
from pathlib import Path


async def say() -> str:
    Path("{pid}").write_text(str(os.getpid()))
    await asyncio.sleep(60)
"""
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")


@pytest.fixture
def rude(clone: Clone) -> Clone:
    write_application(clone, "exercises", WORDS.replace("please", "now"))
    return clone


def in_terminal(clone: Clone, *arguments: str, **environment: str) -> str:
    """Run pytest in a pseudo-terminal, and return what it wrote there."""
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        clone.command(*arguments),
        cwd=clone.root,
        env={**ENVIRONMENT, **clone.environment, "TERM": "xterm", "COLUMNS": "80", **environment},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    written = b""
    try:
        while data := os.read(ours, 65536):
            written += data
    except OSError:  # how Linux says that the other end is closed
        pass
    os.close(ours)
    process.wait(10)
    return written.decode()


def test_a_terminal_shows_headings_in_colour(rude: Clone) -> None:
    written = in_terminal(rude, "steps/01")
    quiet = in_terminal(rude, "steps/01", "-q")

    assert "\x1b[31m\x1b[1m01.1 The words\x1b[0m" in written
    assert "\x1b[31m  1 of 2\x1b[0m  01.1 The words" in quiet


@pytest.mark.parametrize("columns", ["80", "60"])
def test_a_terminal_shows_how_far_the_run_is_in_a_line_that_is_gone_at_its_end(
    rude: Clone, columns: str
) -> None:
    written = in_terminal(rude, "steps/01", COLUMNS=columns, NO_COLOR="1")

    shown = [line.split("\r")[-1] for line in written.replace("\r\n", "\n").split("\n")]
    assert "\r3 of 3 tests, 2 failed " in written
    assert not any("of 3 tests," in line for line in shown)
    assert all(len(line) <= int(columns) for line in shown)
    assert [line for line in shown if line][-1] == "1 more finding: -v"


@pytest.mark.slow
def test_a_terminal_that_wants_no_colour_gets_none(rude: Clone) -> None:
    written = in_terminal(rude, "steps/01", NO_COLOR="1")

    assert "\x1b[3" not in written
    assert "01.1 The words" in written


def test_an_output_without_lines_to_draw_points_at_the_place_all_the_same(clone: Clone) -> None:
    write_application(clone, "exercises")
    clone.write("exercises/app/extra.py", "def f(a): ...\n")

    run = clone.pytest("steps/02", environment={"PYTHONIOENCODING": "ascii"})

    at = run.lines.index("    1 | def f(a): ...")
    assert run.lines[at + 1] == "      |     ^"


def test_ctrl_c_ends_the_run_and_all_its_processes(clone: Clone) -> None:
    pid = clone.file("exercises/pid")
    write_application(clone, "exercises", "# please\n" + SLEEP.format(pid=pid))
    process = subprocess.Popen(
        clone.command("steps/01", "-k", "program"),
        cwd=clone.root,
        env={**ENVIRONMENT, **clone.environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    wait_until(pid.exists)

    os.killpg(process.pid, signal.SIGINT)
    out, _ = process.communicate(timeout=10)

    assert process.returncode == 2
    assert "Interrupted: stopped by Ctrl-C" in out
    assert "Traceback" not in out
    wait_until(lambda: not is_alive(int(pid.read_text())))


@pytest.mark.slow
def test_ctrl_c_within_a_suite_ends_the_run_cleanly_too(clone: Clone) -> None:
    clone.write(
        "steps/01-words/test_it.py",
        "import os\nimport signal\n\nfrom groundrules.testing import task\n\n\n"
        '@task("01.1")\nasync def test_it():\n    os.kill(os.getpid(), signal.SIGINT)\n',
    )

    run = clone.pytest("steps/01", "--app=alice")

    assert run.status == 2
    assert "Traceback" not in run.out + run.err


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
