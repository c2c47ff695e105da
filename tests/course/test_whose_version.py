"""Whose version of a file a reset brings back, and what it says about that."""

import shutil

from groundrules.course.beginnings import Beginnings
from groundrules.course.digests import write_digests
from groundrules.course.states import state_after, write_state
from tests.course.conftest import Copy

CONFIG = "app/core/config.py"
MINE = """\
class Settings:
    my_own_address: str = ""


def get_settings() -> Settings:
    return Settings()
"""


def test_a_task_gives_back_the_file_as_the_trainee_had_it(copy: Copy) -> None:
    write_state(copy.course, 7, copy.exercises)
    config = copy.exercises / CONFIG
    config.write_text(MINE)
    Beginnings(copy.course).reached(8)
    config.write_text(MINE + "SPOILT = True\n")
    Beginnings(copy.course).reached(8)

    done = copy.run("reset", "08.1")

    assert config.read_text() == MINE
    assert f"{CONFIG}: as you had it when step 08 began.\n" in done.stdout


def test_the_file_of_the_last_check_counts_until_the_step_is_checked(copy: Copy) -> None:
    write_state(copy.course, 7, copy.exercises)
    config = copy.exercises / CONFIG
    config.write_text(MINE)
    Beginnings(copy.course).checked(1)
    config.write_text("SPOILT = True\n")

    done = copy.run("reset", "08.1")

    assert config.read_text() == MINE
    assert f"{CONFIG}: as you had it at the last check before step 08.\n" in done.stdout


def test_a_run_of_a_suite_keeps_what_the_next_steps_go_on_with(beginning: Copy) -> None:
    config = beginning.exercises / CONFIG

    def check(step: str) -> None:
        beginning.pytest(f"steps/{step}", "--collect-only", "-q")

    check("02")  # only to look at it
    write_state(beginning.course, 1, beginning.exercises)
    config.write_text(MINE)
    check("01")
    check("02")
    config.write_text("SPOILT = True\n")
    check("01")
    check("02")

    done = beginning.run("reset", "02.1")

    assert config.read_text() == MINE, done.stdout + done.stderr


def test_where_it_is_not_known_the_courses_comes_with_a_warning(copy: Copy) -> None:
    write_state(copy.course, 7, copy.exercises)
    (copy.exercises / CONFIG).write_text(MINE)
    database = copy.exercises / "app/core/database.py"
    database.write_text(
        "from app.core.config import get_settings\n\nURL = get_settings().my_own_address\n"
    )

    done = copy.run("reset", "08.1")

    course = state_after(copy.course, 7)[CONFIG].read_bytes()
    assert (copy.exercises / CONFIG).read_bytes() == course
    assert (
        f"{CONFIG}: the course's version for the beginning of step 08, since yours of that "
        "time is unknown." in done.stdout
    )
    assert (
        f"  Note: app/core/database.py needs my_own_address, which {CONFIG} now lacks.\n"
        in done.stdout
    )


def test_after_a_goto_a_file_comes_back_as_that_step_begins_with_it(copy: Copy) -> None:
    copy.run("goto", "8")
    config = copy.exercises / CONFIG
    config.write_text("SPOILT = True\n")

    by_file = copy.run("reset", CONFIG)
    as_file = config.read_bytes()
    config.write_text("SPOILT = True\n")
    copy.run("reset", "08.1")

    course = state_after(copy.course, 7)[CONFIG].read_bytes()
    assert as_file == course
    assert f"{CONFIG}: as at the beginning of step 08, where goto started.\n" in by_file.stdout
    assert config.read_bytes() == course


def test_once_a_goto_is_undone_the_trainees_own_beginnings_count_again(copy: Copy) -> None:
    write_state(copy.course, 7, copy.exercises)
    (copy.exercises / CONFIG).write_text(MINE)
    Beginnings(copy.course).reached(8)
    copy.run("goto", "3")
    copy.run("undo")
    (copy.exercises / CONFIG).write_text("SPOILT = True\n")

    copy.run("reset", "08.1")

    assert (copy.exercises / CONFIG).read_text() == MINE


def test_a_file_that_the_course_lost_or_changed_is_never_built_on(copy: Copy) -> None:
    changed = copy.file("solution/app/models/user.py")
    changed.write_text(changed.read_text() + "SPOILT = True\n")
    (copy.exercises / "app/main.py").write_text("MINE = True\n")

    refused = copy.run("goto", "5")
    untouched = copy.run("goto", "2")
    write_digests(copy.course)
    meant = copy.run("goto", "5")

    assert refused.returncode == 2
    assert refused.stderr.startswith(
        "solution/app/models/user.py was changed or deleted, so your work cannot be built on it. "
        "To restore the course's version: git stash push -u solution"
    )
    assert untouched.returncode == 0, untouched.stderr
    assert meant.returncode == 0, meant.stderr


def test_a_draft_that_is_missing_is_named(copy: Copy) -> None:
    shutil.rmtree(copy.file("steps/01-setup/draft"))

    refused = copy.run("goto", "2")

    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert "steps/01-setup/draft/app/api/health.py" in refused.stderr


def test_what_a_reset_keeps_of_a_task_is_said(beginning: Copy) -> None:
    beginning.run("goto", "2")

    done = beginning.run("reset", "02.4")

    assert "app/api/health.py: " in done.stdout
    assert (
        "app/core/database.py: kept, because an earlier task of this step writes it as well.\n"
        in done.stdout
    )
