"""`groundrules watch` in a real terminal, on a real copy of the course."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from groundrules.course.states import state_after
from groundrules.course.steps import Course
from tests.watch.conftest import ROOT, WATCH, Terminal

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no pseudo-terminals"),
]
Open = Callable[..., Terminal]
EXAMPLES = ROOT / "docs/examples"


def finished(course: Course, file: str) -> str:
    return state_after(course, 1)[file].read_text(encoding="utf-8")


def save(course: Course, file: str, text: str) -> Path:
    """Save as editors do: write another file, and rename it."""
    path = course.root / "exercises" / file
    fresh = path.with_name(f"{path.name}.tmp")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
    return path


def test_a_save_is_checked_and_a_task_that_is_done_leads_to_the_next(
    course: Course, open_terminal: Open
) -> None:
    terminal = open_terminal()
    terminal.wait_for_text(">    to do  01.1 The project file")

    right = finished(course, "pyproject.toml")
    save(course, "pyproject.toml", right.replace("fastapi", "fastapy"))
    terminal.wait_for_text("01.1 The project file   5 of 6", "name neither fastapi")

    save(course, "pyproject.toml", right)
    terminal.wait_for_text(
        "01.1 is done. One file says what the project is called", ">    to do  01.2 Settings"
    )

    assert len(terminal.screen) == 24
    assert terminal.screen[-1].startswith("[h]int")


def test_what_is_half_typed_is_no_failure_and_the_keys_show_hints_and_the_lesson(
    course: Course, open_terminal: Open
) -> None:
    terminal = open_terminal("1.2")
    terminal.wait_for_text("01.2 Settings from the environment   to do")

    save(course, "app/core/config.py", "class Settings(\n")
    terminal.wait_for_text(
        "exercises/app/core/config.py:1 cannot be read yet: '(' was never closed."
    )

    terminal.press("h")
    terminal.wait_for_text("Hint 1 of 3 for 01.2")
    terminal.press("h")
    terminal.wait_for_text("Hint 2 of 3 for 01.2")
    terminal.press("l")
    terminal.wait_for_text("steps/01-setup/README.md:", "`get_settings()`")
    terminal.press("t1.4\n")
    terminal.wait_for_text("01.4 The health route   to do")
    terminal.press("d")
    terminal.wait_for_text("01.4 is not done.", "d again")
    terminal.press("d")
    terminal.wait_for_text("+++ steps/01-setup/draft/app/api/health.py")
    terminal.press("xr")
    terminal.wait_for_text("They are saved first", "r again")


def test_a_small_terminal_shows_the_same_and_a_larger_one_more(
    course: Course, open_terminal: Open
) -> None:
    terminal = open_terminal(columns=60, lines=15)
    terminal.wait_for_text("01.1 The project file   to do")
    assert len(terminal.screen) == 15
    assert max(map(len, terminal.screen)) <= 60
    assert terminal.screen[-1].endswith("[q]uit")

    terminal.resize(40, 10)
    terminal.wait_for(lambda: len(terminal.screen) == 10, "the smaller screen")
    assert max(map(len, terminal.screen)) <= 40

    terminal.resize(100, 30)
    terminal.wait_for(lambda: len(terminal.screen) == 30, "the larger screen")


@pytest.mark.parametrize("ending", ["q", "\x03", signal.SIGTERM])
def test_whatever_ends_it_leaves_the_terminal_whole(
    course: Course, open_terminal: Open, ending: str | signal.Signals
) -> None:
    terminal = open_terminal()
    terminal.wait_for_text("checking step 01")

    if isinstance(ending, str):
        terminal.press(ending)
    else:
        terminal.process.send_signal(ending)
    status = terminal.process.wait(20)

    assert status == (0 if isinstance(ending, str) else 128 + ending)
    assert terminal.settings() == terminal.before
    assert terminal.written.count("\x1b[?1049h") == terminal.written.count("\x1b[?1049l") == 1
    assert "Traceback" not in terminal.written
    assert not (course.root / ".groundrules" / "warm.json").exists()


def test_without_colors_there_are_none(
    course: Course, open_terminal: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    terminal = open_terminal()
    terminal.wait_for_text("01.1 The project file   to do")

    assert "m" not in {
        match[-1] for match in terminal.written.split("\x1b[")[1:] if match[:1] == "3"
    }
    assert "\x1b[1m" not in terminal.written


def test_a_save_during_a_check_begins_anew(course: Course, open_terminal: Open) -> None:
    terminal = open_terminal()
    terminal.wait_for_text("01.1 The project file   to do")
    right = finished(course, "pyproject.toml")

    for _ in range(5):
        save(course, "pyproject.toml", right.replace("fastapi", "fastapy"))
        terminal.wait_for_text("checking 01.1")
    save(course, "pyproject.toml", right)

    terminal.wait_for_text("01.1 is done", ">    to do  01.2")


def test_in_a_pipe_a_signal_leaves_nothing_behind(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GROUNDRULES_WARM", raising=False)
    warm = course.root / ".groundrules" / "warm.json"
    with subprocess.Popen(
        WATCH, cwd=course.root, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert warm.exists()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)

    assert process.returncode == 128 + signal.SIGTERM
    assert not warm.exists()


def test_in_a_pipe_each_change_is_one_plain_line(course: Course) -> None:
    with subprocess.Popen(
        [*WATCH, "--poll"], cwd=course.root, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline()]
        save(course, "pyproject.toml", finished(course, "pyproject.toml"))
        while lines[-1] and not lines[-1].startswith("Next: 01.2"):
            lines.append(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        lines += process.stdout.readlines()

    assert lines[0].startswith("01.1 to do  Write pyproject.toml Read  steps/01-setup/README.md:")
    assert "01.1 done\n" in lines
    assert "Next: 01.2 Settings from the environment\n" in lines
    assert "\x1b" not in "".join(lines)
    assert process.returncode == 0


def test_by_hand_a_save_waits_for_enter(course: Course, open_terminal: Open) -> None:
    terminal = open_terminal("--manual")
    terminal.wait_for_text("01.1 The project file   to do")

    save(course, "pyproject.toml", finished(course, "pyproject.toml"))
    time.sleep(2)
    assert "01.1 The project file   to do" in terminal.text

    terminal.press("\n")
    terminal.wait_for_text("01.1 is done")


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ("9.1", "There is no step 09"),
        ("1.9", "has no task"),
        ("setup", "neither a task nor a step"),
    ],
)
def test_what_is_not_there_is_one_sentence(course: Course, named: str, told: str) -> None:
    run = subprocess.run(
        [*WATCH, named], cwd=course.root, capture_output=True, text=True, check=False
    )

    assert run.returncode == 2
    assert told in run.stderr
    assert len(run.stderr.splitlines()) == 1


def test_the_frames_that_the_documentation_shows_are_those_of_a_session(
    course: Course, open_terminal: Open
) -> None:
    terminal = open_terminal()
    terminal.wait_for_text("Write pyproject.toml")
    right = finished(course, "pyproject.toml")

    save(course, "pyproject.toml", right.replace("fastapi", "fastapy"))
    terminal.wait_for_text("01.1 The project file   5 of 6", ">   5 of 6")
    wrong = frame(terminal)
    save(course, "pyproject.toml", right)
    terminal.wait_for_text("01.1 is done.", "Write app/core/config.py")
    done = frame(terminal)

    if os.environ.get("GROUNDRULES_RECORD"):
        (EXAMPLES / "watch-wrong.txt").write_text(wrong, encoding="utf-8")
        (EXAMPLES / "watch-done.txt").write_text(done, encoding="utf-8")
    assert wrong == (EXAMPLES / "watch-wrong.txt").read_text(encoding="utf-8")
    assert done == (EXAMPLES / "watch-done.txt").read_text(encoding="utf-8")


def frame(terminal: Terminal) -> str:
    """Return the screen without the empty lines above the keys, and without lines of lessons, which move."""
    *lines, keys = terminal.screen
    text = "\n".join(lines).rstrip()
    return re.sub(r"README\.md:\d+", "README.md", f"{text}\n\n{keys}\n")
