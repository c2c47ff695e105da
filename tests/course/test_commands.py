"""`start`, `status` and `hint`: where a trainee stands, and what to do next."""

import json
import os
import shutil
import signal
import subprocess

import pytest

from groundrules.course.states import write_state
from tests.course.conftest import Copy
from tests.processes import GROUNDRULES

SETUP_DONE = "01 Setup         30 min  done\n"


def test_start_names_the_first_task_to_somebody_who_begins(beginning: Copy) -> None:
    started = beginning.run("start")

    assert started.returncode == 0, started.stderr
    assert started.stderr == ""
    assert started.stdout.startswith("PostgreSQL 15.")
    assert "Next: 01.1 The project file" in started.stdout
    assert "Read   steps/01-setup/README.md" in started.stdout
    assert "Write  exercises/pyproject.toml" in started.stdout
    assert "Check  pytest steps/01" in started.stdout


def test_it_tells_how_to_activate_the_environment_unless_it_is_active(beginning: Copy) -> None:
    programs = beginning.root / ".venv" / "bin"
    programs.mkdir(parents=True)
    shutil.copy("/bin/sh", programs / "pytest")

    outside = beginning.run("status", PATH="/usr/bin:/bin", SHELL="/bin/bash")
    fish = beginning.run("status", PATH="/usr/bin:/bin", SHELL="/usr/bin/fish")
    inside = beginning.run("status", PATH=f"{programs}:/usr/bin:/bin")
    with_uv = beginning.run("status", PATH=f"{programs}:/usr/bin:/bin", UV_RUN_RECURSION_DEPTH="1")

    assert outside.stdout.endswith("source .venv/bin/activate\n")
    assert fish.stdout.endswith("source .venv/bin/activate.fish\n")
    assert inside.stdout.endswith("Check  pytest steps/01\n")
    assert with_uv.stdout.endswith("With uv, type: uv run pytest steps/01\n")


def test_status_shows_the_first_thing_that_is_wrong(beginning: Copy) -> None:
    write_state(beginning.course, 1, beginning.exercises)
    (beginning.exercises / "app" / "core" / "config.py").write_text("def get_settings(:\n")

    status = beginning.run("status")

    assert status.returncode == 0, status.stderr
    assert "1 of 5 tasks done" in status.stdout
    assert "SyntaxError" in status.stdout
    assert "app/core/config.py:1" in status.stdout
    assert "Next: 01.2 Settings from the environment" in status.stdout
    assert all(len(line) <= 80 for line in status.stdout.splitlines())


def test_a_mistake_that_stops_other_tasks_is_told_where_it_is(beginning: Copy) -> None:
    write_state(beginning.course, 1, beginning.exercises)
    (beginning.exercises / "app" / "api" / "health.py").write_text("import nosuchmodule\n")

    status = beginning.run("status")
    hint = beginning.run("hint")

    assert "app/api/health.py:1  ModuleNotFoundError" in status.stdout
    assert "Next: 01.4 The health route" in status.stdout
    assert hint.stdout.startswith("Hint 1 of 3 for 01.4 The health route\n")


def test_a_verdict_is_kept_until_the_code_or_the_suite_changes(beginning: Copy) -> None:
    write_state(beginning.course, 1, beginning.exercises)
    said = [beginning.run("status") for _ in range(2)]
    (beginning.exercises / "app" / "api" / "health.py").write_text("from fastapi import nothing\n")
    after_code = beginning.run("status")
    shutil.copy2(
        beginning.file("steps/01-setup/draft/app/api/health.py"),
        beginning.exercises / "app" / "api" / "health.py",
    )
    suite = beginning.file("steps/01-setup/test_health.py")
    suite.write_text(suite.read_text() + "\n")
    after_suite = beginning.run("status")

    assert [each.stderr for each in said] == ["Checking step 01 …\n", ""]
    assert all(SETUP_DONE in each.stdout for each in said)
    assert after_code.stderr == "Checking step 01 …\n"
    assert "cannot import name 'nothing'" in after_code.stdout
    assert after_suite.stderr == "Checking step 01 …\n"
    assert SETUP_DONE in after_suite.stdout


def test_what_a_run_of_pytest_found_needs_no_other_check(beginning: Copy) -> None:
    write_state(beginning.course, 1, beginning.exercises)

    part = beginning.pytest("steps/01.1")
    after_part = beginning.run("status")
    (beginning.exercises / "app" / "api" / "health.py").write_text("import nosuchmodule\n")
    whole = beginning.pytest("steps/01")
    after_whole = beginning.run("status")

    assert (part.returncode, whole.returncode) == (0, 1)
    assert after_part.stderr == "Checking step 01 …\n"
    assert "changed since it was checked" in after_part.stdout
    assert after_whole.stderr == ""
    assert "nosuchmodule" in after_whole.stdout


@pytest.mark.parametrize("left_out", ["--ignore=steps/01-setup/test_health.py", "-khealth", "-x"])
def test_a_run_that_left_something_out_is_not_kept(beginning: Copy, left_out: str) -> None:
    write_state(beginning.course, 1, beginning.exercises)
    (beginning.exercises / "pyproject.toml").write_text("")

    beginning.pytest("steps/01", left_out)

    assert not beginning.file(".groundrules/progress.json").exists()


def test_ctrl_c_stops_a_check_and_says_so(beginning: Copy) -> None:
    write_state(beginning.course, 1, beginning.exercises)
    beginning.file("steps/01-setup/conftest.py").write_text("import time\n\ntime.sleep(60)\n")

    with subprocess.Popen(
        [*GROUNDRULES, "status"],
        cwd=beginning.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "Checking step 01 …\n"
        os.killpg(process.pid, signal.SIGINT)
        shown, told = process.communicate(timeout=30)

    assert process.returncode == 130
    assert "01 Setup         30 min  changed since it was checked" in shown
    assert told == "\nStopped. What was checked until now is kept.\n"


def test_a_state_that_goto_made_needs_no_check(copy: Copy) -> None:
    went = copy.run("goto", "3")
    known = copy.run("status")
    (copy.exercises / "app" / "main.py").write_text("")
    copy.file("steps/02-database/README.md").unlink()
    changed = copy.run("status")

    assert "Read steps/03-models/README.md, and then type: groundrules watch" in went.stdout
    assert known.stderr == ""
    assert SETUP_DONE in known.stdout
    assert "Next: 03.1" in known.stdout
    assert changed.stderr.startswith("Checking step 01 …\n")


def test_the_list_of_tasks_says_what_is_known_and_checks_nothing(beginning: Copy) -> None:
    write_state(beginning.course, 1, beginning.exercises)
    (beginning.exercises / "app" / "api" / "health.py").write_text("import nosuchmodule\n")

    unknown = beginning.run("list")
    beginning.pytest("steps/01")
    known = beginning.run("list", "1")
    other = beginning.run("list", "2")

    assert unknown.stderr == known.stderr == ""
    assert "             01.1 The project file\n" in unknown.stdout
    assert "       done  01.1 The project file\n" in known.stdout
    assert "             01.4 The health route\n" in known.stdout
    assert "02.1 The database URL" in other.stdout
    assert "01.1" not in other.stdout


@pytest.mark.parametrize("typed", ["GR202", "gr202", "202"])
def test_a_hint_for_a_rule_explains_it(beginning: Copy, typed: str) -> None:
    assert beginning.run("hint", typed).stdout.startswith("GR202 ")
    assert beginning.run("rules", typed).stdout.startswith("GR202 ")


@pytest.mark.parametrize("kept", ["", "[]", '{"setup": 1}', "\0"])
def test_a_damaged_file_of_kept_verdicts_costs_no_more_than_a_run(
    beginning: Copy, kept: str
) -> None:
    write_state(beginning.course, 1, beginning.exercises)
    beginning.file(".groundrules").mkdir()
    beginning.file(".groundrules/progress.json").write_text(kept)

    status = beginning.run("status", "--json")

    assert status.returncode == 0, status.stderr
    assert json.loads(status.stdout)["steps"][0]["done"] is True


def test_who_has_done_all_that_is_ready_is_told(beginning: Copy) -> None:
    write_state(beginning.course, 1, beginning.exercises)

    status = beginning.run("status")

    assert status.stdout.endswith("You have finished every step that is ready.\n")


def test_status_tells_programs_the_same(beginning: Copy) -> None:
    told = json.loads(beginning.run("status", "--json").stdout)

    assert told["version"] == 1
    assert [step["id"] for step in told["steps"]][:2] == ["setup", "database"]
    assert told["steps"][0]["tasks"][0] == {
        "task": "01.1",
        "title": "The project file",
        "done": False,
        "message": "",
    }


def test_a_run_that_breaks_off_is_one_sentence(beginning: Copy) -> None:
    write_state(beginning.course, 1, beginning.exercises)
    beginning.file("steps/01-setup/conftest.py").write_text("import os; os._exit(7)\n")

    broken = beginning.run("status")

    assert broken.returncode == 2
    assert broken.stderr.splitlines()[-1].startswith("The check of step 01 failed")
    assert "Traceback" not in broken.stderr


def test_hints_say_more_each_time(beginning: Copy) -> None:
    first, second, last = (beginning.run("hint", "01.2", *number) for number in ([], ["2"], ["3"]))

    assert first.stdout.startswith("Hint 1 of 3 for 01.2 Settings from the environment\n")
    assert first.stdout.endswith("For the next one: groundrules hint 01.2 2\n")
    assert "Literal" in second.stdout
    assert "For the next one" not in last.stdout


def test_a_hint_fits_the_terminal_and_leaves_code_alone(beginning: Copy) -> None:
    first, last = (beginning.run("hint", "01.3", which).stdout for which in ("1", "3"))

    assert all(len(line) <= 80 for line in first.splitlines())
    assert "it reads the settings, creates the\n    application" in first
    assert '        application = FastAPI(title="…")\n        return …\n\n\n    app = …' in last


def test_without_a_task_the_next_one_to_do_has_its_hint(beginning: Copy) -> None:
    write_state(beginning.course, 1, beginning.exercises)
    health = beginning.exercises / "app" / "api" / "health.py"
    shutil.copy2(beginning.file("steps/01-setup/starter/app/api/health.py"), health)

    to_do = beginning.run("hint")

    assert to_do.stdout.startswith("Hint 1 of 3 for 01.4 The health route\n")


def test_reset_says_what_it_takes(beginning: Copy) -> None:
    refused = beginning.run("reset")

    assert refused.stderr == ("Name a task, as in 01.2, or a file, as in app/main.py, to reset.\n")
    assert refused.returncode == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("01.2", "last"), "Task 01.2 has 3 hints: 1 to 3."),
        (("01.9",), "Step 01 has no task 01.9. Its tasks: 01.1 to 01.5."),
        (("x",), "'x' is not a task: name one like 01.2."),
        (("01.2", "4"), "Task 01.2 has 3 hints: 1 to 3."),
        (("08.99",), "Step 08 has no task 08.99. Its tasks: 08.1 to 08.9."),
    ],
)
def test_a_hint_that_is_not_there_is_said_in_a_sentence(
    beginning: Copy, arguments: tuple[str, ...], sentence: str
) -> None:
    refused = beginning.run("hint", *arguments)

    assert (refused.returncode, refused.stdout, refused.stderr) == (2, "", sentence + "\n")


def test_the_course_itself_is_not_what_to_check(copy: Copy) -> None:
    refused = copy.run("check")

    assert refused.returncode == 2
    assert refused.stderr == (
        "This is the course itself. To check what you write: groundrules check exercises\n"
    )


@pytest.mark.parametrize("command", ["start", "status", "hint"])
def test_lost_exercises_are_one_sentence(beginning: Copy, command: str) -> None:
    shutil.rmtree(beginning.exercises)

    refused = beginning.run(command)

    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == (
        "exercises/app is missing: restore it with `git checkout exercises`, "
        "or start again with `groundrules goto 1`.\n"
    )
