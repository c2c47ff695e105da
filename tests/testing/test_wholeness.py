"""What a run says of itself: what it has not looked at, and what the machine kept it from."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from groundrules.course.states import write_state
from groundrules.course.steps import Course
from tests.testing.conftest import ENVIRONMENT, ROOT, WORDS, Clone, write_application

SLEEPY = WORDS.replace("def say", "import time\n\n\ndef say").replace(
    "    return", "    time.sleep(4)\n    return"
)


def verdict_of(clone: Clone) -> Any:
    return json.loads(clone.file("verdict.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("typed", "left_out"),
    [
        (("steps/01", "-k", "few"), "1 test of 01.1 and 01.2"),
        (("steps/01/test_it.py::test_the_program_says_them",), "01.1"),
        (("steps/01/test_it.py::test_the_words_are_few",), "1 test of 01.1 and 01.2"),
        (
            ("steps/01", "--deselect=steps/01-words/test_it.py::test_the_words_are_few"),
            "1 test of 01.1",
        ),
    ],
)
def test_a_part_says_what_was_not_looked_at(
    clone: Clone, typed: tuple[str, ...], left_out: str
) -> None:
    run = clone.pytest(*typed, "--app=alice", "--groundrules-report=verdict.json")

    assert run.status == 0, run
    assert f"Not checked: {left_out}. The whole step: pytest steps/01" in run.lines
    assert "Done:" not in run.out
    assert "Next:" not in run.out
    assert verdict_of(clone)["why"] == "only some of the tests ran"
    assert verdict_of(clone)["complete"] is False


def test_a_run_that_ends_at_the_first_failure_is_not_whole(clone: Clone) -> None:
    write_application(clone, "exercises", WORDS.replace("please", "now"))

    run = clone.pytest("steps/01", "-x", "--groundrules-report=verdict.json")

    assert "Not checked: 1 test of 01.1 and 01.2. The whole step: pytest steps/01" in run.lines
    assert "ended early" in verdict_of(clone)["why"]


@pytest.mark.parametrize("typed", [("--app=nowhere",), ("-p", "no_such_plugin"), ("--no-such",)])
def test_a_run_that_never_began_leaves_no_older_verdict(
    clone: Clone, typed: tuple[str, ...]
) -> None:
    clone.pytest("steps/01", "--app=alice", "--groundrules-report=verdict.json")
    assert verdict_of(clone)["complete"]

    clone.pytest("steps/01", *typed, "--groundrules-report=verdict.json")

    if typed != ("-p", "no_such_plugin"):  # there pytest ends before any plugin is asked
        assert verdict_of(clone)["complete"] is False
        assert "did not start" in verdict_of(clone)["why"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_was_stopped_says_so(clone: Clone, number: signal.Signals) -> None:
    write_application(clone, "exercises", SLEEPY)
    with subprocess.Popen(
        clone.command("steps/01", "-v", "--groundrules-report=verdict.json"),
        cwd=clone.root,
        env={**ENVIRONMENT, **clone.environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        assert process.stdout is not None
        while "collected" not in process.stdout.readline():
            pass
        time.sleep(1)
        process.send_signal(number)
        out = process.stdout.read()

    verdict = verdict_of(clone)
    assert verdict["complete"] is False
    assert verdict["why"] in (
        "the run was stopped before it ended",
        "the run did not start, or was killed",
    )
    assert "done" not in out
    assert ("Not checked: 01.2" in out) == (number == signal.SIGINT)


def test_code_that_changes_during_the_run_is_no_verdict(clone: Clone) -> None:
    changing = (
        WORDS + "\n\nfrom pathlib import Path\n\nPath(__file__).with_name('new.py').touch()\n"
    )
    write_application(clone, "exercises", changing)

    run = clone.pytest("steps/01", "--groundrules-report=verdict.json")

    assert run.status == 6
    assert "run it again" in run.out
    assert "Done:" not in run.out
    assert verdict_of(clone)["why"] == "the code was changed during the run"


def test_the_report_is_replaced_whole(clone: Clone) -> None:
    kept = clone.file("kept.json")
    clone.write("verdict.json", "old")
    os.link(clone.file("verdict.json"), kept)

    clone.pytest("steps/01", "--app=alice", "--groundrules-report=verdict.json")

    assert kept.read_text() == "old"
    assert verdict_of(clone)["complete"]
    assert not list(clone.root.glob(".verdict*"))


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """The real steps with a server of their own, and the finished application."""
    made = Clone(tmp_path_factory.mktemp("own") / "groundrules")
    shutil.copytree(
        ROOT / "steps", made.root / "steps", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy2(ROOT / "pyproject.toml", made.root)
    write_state(Course(ROOT), 3, made.root / "exercises")
    return made


def begin(clone: Clone, *typed: str) -> "subprocess.Popen[str]":
    without = {
        key: value for key, value in ENVIRONMENT.items() if key != "GROUNDRULES_DATABASE_URL"
    }
    return subprocess.Popen(
        clone.command(*typed, "-v", "--groundrules-report=verdict.json"),
        cwd=clone.root,
        env={**without, "COLUMNS": "80"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )


def kill_server(clone: Clone) -> None:
    from groundrules.postgres.place import place_of

    file = place_of(clone.root).pid_file
    os.kill(int(file.read_text().split()[0]), signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_database_that_was_killed_costs_no_verdict(own_server: Clone) -> None:
    with begin(own_server, "steps/03") as process:
        assert process.stdout is not None
        while "PASSED" not in process.stdout.readline():
            pass
        kill_server(own_server)
        out = process.stdout.read()

    assert process.returncode == 0, out
    assert verdict_of(own_server)["complete"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_database_that_stays_away_is_trouble_and_not_a_mistake(own_server: Clone) -> None:
    with begin(own_server, "steps/03") as process:
        assert process.stdout is not None
        while "PASSED" not in process.stdout.readline():
            pass
        place = own_server.root / "moved"
        kill_server(own_server)
        from groundrules.postgres.place import place_of

        data = place_of(own_server.root).data
        (data / "PG_VERSION").rename(place)
        out = process.stdout.read()
    place.rename(data / "PG_VERSION")

    verdict = verdict_of(own_server)
    assert process.returncode == 6, out
    assert "trouble  03." in out
    assert "and that says nothing about the code" in " ".join(out.split())
    assert "FAILED" not in out
    assert "Next:" not in out
    assert "the machine had trouble" in verdict["why"]
    assert all(each["passed"] or each["trouble"] for each in verdict["tests"])


def test_a_worker_that_was_killed_once_is_tried_again(clone: Clone) -> None:
    killing = WORDS.replace(
        "    return",
        "    flag = Path(__file__).with_suffix('.once')\n    if not flag.exists():\n        flag.touch()\n"
        "        os.kill(os.getpid(), 9)\n    return",
    ).replace("def say", "import os\nfrom pathlib import Path\n\n\ndef say")
    write_application(clone, "exercises", killing)

    run = clone.pytest("steps/01", "-k", "program")

    assert "1 test passes, in" in run.out, run


def test_code_that_kills_itself_is_wrong(clone: Clone) -> None:
    killing = WORDS.replace("    return", "    os.kill(os.getpid(), 9)\n    return")
    write_application(clone, "exercises", killing.replace("def say", "import os\n\n\ndef say"))

    run = clone.all_of("steps/01")

    assert run.status == 1, run
    assert "The process was killed during app.words.say()" in " ".join(run.out.split())


def test_what_explains_the_others_comes_first(own_server: Clone) -> None:
    health = own_server.file("exercises/app/api/health.py")
    before = health.read_text()
    health.write_text(before.replace("await ping(", "ping("))
    try:
        run = own_server.all_of("steps/02")
    finally:
        health.write_text(before)

    assert "GR203" in run.wrong[0][1], run
    [following] = [line for line in run.lines if line.startswith("Next:")]
    assert "app/api/health.py" in following


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGSTOP")
def test_a_judge_that_was_stopped_goes_on_and_accuses_nobody(own_server: Clone) -> None:
    with begin(own_server, "steps/02") as process:
        assert process.stdout is not None
        while "PASSED" not in process.stdout.readline():
            pass
        process.send_signal(signal.SIGSTOP)
        time.sleep(7)  # longer than any answer may take
        process.send_signal(signal.SIGCONT)
        out = process.stdout.read()

    assert process.returncode == 0, out


def test_a_test_whose_end_fails_is_counted_once(clone: Clone) -> None:
    clone.write(
        "steps/01-words/test_it.py",
        "import pytest\n\nfrom groundrules.testing import task\n\n\n"
        "@pytest.fixture\ndef odd():\n    yield\n    raise ValueError\n\n\n"
        '@task("01.1")\ndef test_it(odd):\n    pass\n',
    )

    run = clone.pytest("steps/01", "--app=alice", "--groundrules-report=verdict.json")

    assert run.status == 1
    assert "Failing: 01.1 (0 of 1)." in run.lines
    assert [test["passed"] for test in verdict_of(clone)["tests"]] == [False]
