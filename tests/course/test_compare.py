"""`groundrules compare`: the trainee's files beside the course's own, and what it gives away."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from groundrules.course import compare
from groundrules.course.states import write_state
from tests.course.conftest import Copy
from tests.processes import GROUNDRULES, run

HEALTH = "app/api/health.py"


@pytest.fixture
def done(beginning: Copy) -> Copy:
    """A copy of which the first step is done."""
    write_state(beginning.course, 1, beginning.exercises)
    return beginning


def run_in(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run([*GROUNDRULES, "compare", *arguments], cwd=folder)


def rewrite(copy: Copy, file: str, old: str, new: str) -> None:
    path = copy.exercises / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_what_is_the_same_is_said_in_a_sentence(done: Copy) -> None:
    whole, one = done.run("compare"), done.run("compare", HEALTH)

    assert whole.stdout == "Your files are the same as the course's, after step 01.\n"
    assert one.stdout == f"{HEALTH} is the same as the course's version after step 01.\n"


def test_each_file_that_differs_is_listed_with_its_lines(done: Copy) -> None:
    rewrite(done, HEALTH, '"""Report', '"""Say')
    long = f"app/core/{'very_' * 20}long.py"
    (done.exercises / long).write_text('"""Mine."""\n')
    (done.exercises / "app/core/__init__.py").write_text('"""Core."""\n')
    (done.exercises / "app/api/router.py").touch()

    told = done.run("compare")

    assert told.returncode == 0, told.stderr
    lines = {line.split()[0]: line.split()[1:] for line in told.stdout.splitlines()[2:-2]}
    assert lines[HEALTH] == ["+1", "-1"]
    assert lines["app/core/__init__.py"] == ["+1", "-1"]
    assert ["only", "yours"] in lines.values()
    assert len(lines) == 3
    assert all(len(line) <= 80 for line in told.stdout.splitlines())
    assert told.stdout.endswith(f"To see one: groundrules compare {HEALTH}\n")


def test_a_file_that_is_not_there_is_named(done: Copy) -> None:
    (done.exercises / "app/core/logging.py").unlink()

    told = done.run("compare")

    assert told.stdout.splitlines()[2].split() == ["app/core/logging.py", "not", "in", "yours"]


def test_one_file_is_shown_as_a_diff_wherever_one_is(done: Copy) -> None:
    rewrite(done, HEALTH, '"""Report', '"""Say')

    shown = [
        run_in(done.root, HEALTH),
        run_in(done.root, f"exercises/{HEALTH}"),
        run_in(done.exercises / "app" / "core", "../api/health.py"),
        run_in(done.root, str(done.exercises / HEALTH)),
    ]

    first, second, *lines = shown[0].stdout.splitlines()
    assert first == f"--- exercises/{HEALTH}"
    assert second == f"+++ steps/01-setup/draft/{HEALTH}"
    assert [line[:12] for line in lines if line.startswith(("+", "-"))] == [
        '-    """Say ',
        '+    """Repo',
    ]
    assert len({each.stdout for each in shown}) == 1, [each.stderr for each in shown]


def test_a_terminal_shows_it_in_colours(
    done: Copy, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rewrite(done, HEALTH, '"""Report', '"""Say')
    monkeypatch.setattr("groundrules.terminal.wants_colour", lambda: True)
    monkeypatch.chdir(done.root)

    compare.compare(HEALTH, force=False, as_json=False)

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("\x1b[1m---")
    assert any(line.startswith("\x1b[31m-") for line in lines)
    assert any(line.startswith("\x1b[32m+") for line in lines)


def test_a_step_to_come_is_not_given_away(done: Copy) -> None:
    refused, forced = (
        done.run("compare", "app/api/auth.py"),
        done.run("compare", "app/api/auth.py", "--force"),
    )
    of_now = done.run("compare", "app/main.py")

    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.splitlines()[-1] == (
        "app/api/auth.py is written in step 08, and a comparison would reveal the solution: "
        "finish that step first, or add --force."
    )
    assert forced.returncode == 0, forced.stderr
    assert "+++ solution/app/api/auth.py" in forced.stdout
    assert "same as the course's version after step 01" in of_now.stdout


def test_where_nothing_is_done_nothing_is_shown(beginning: Copy) -> None:
    refused = beginning.run("compare")

    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == (
        "There is nothing to compare yet: finish step 01 first, or add --force.\n"
    )


@pytest.mark.parametrize("name", ["app/nothing.py", "app", "../x"])
def test_a_file_that_nobody_has_is_one_sentence(done: Copy, name: str) -> None:
    refused = done.run("compare", name, "--force")

    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith(f"There is no file {name}: name one as the lessons do")


def test_programs_are_told_the_same(done: Copy) -> None:
    rewrite(done, HEALTH, '"""Report', '"""Say')

    whole = json.loads(done.run("compare", "--json").stdout)
    one = json.loads(done.run("compare", HEALTH, "--json").stdout)

    assert whole == {
        "version": 1,
        "after_step": 1,
        "files": [{"file": HEALTH, "more": 1, "fewer": 1, "only": None}],
    }
    assert (one["file"], one["diff"][0]) == (HEALTH, f"--- exercises/{HEALTH}")


def test_who_has_finished_every_step_is_told_what_to_do_with_it(done: Copy) -> None:
    for folder in done.file("steps").glob("0[2-8]-*"):
        shutil.rmtree(folder)

    told = done.run("start")

    assert "You have finished every step. The library is yours." in told.stdout
    assert "groundrules serve --app exercises" in told.stdout
    assert "groundrules compare" in told.stdout
