"""What goto, reset and undo keep, what they refuse to touch, and what becomes of those that are killed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from groundrules.course.lock import locked
from groundrules.course.states import state_after
from tests.course.conftest import Copy
from tests.course.kills import run, snapshot
from tests.processes import GROUNDRULES

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links, modes and bytes in names")


@pytest.mark.slow
def test_a_kill_at_any_moment_loses_nothing() -> None:
    seed = int(os.environ.get("GROUNDRULES_SEED", "1"))

    counted = run(kills=40, seed=seed)

    assert counted["killed"] == 40
    assert counted["broken off at work"] > 0


def test_links_modes_times_empty_folders_and_odd_names_come_back(copy: Copy) -> None:
    app = copy.exercises / "app"
    (app / "tool.sh").write_text("#!/bin/sh\n")
    (app / "tool.sh").chmod(0o750)
    os.utime(app / "tool.sh", ns=(1, 1_234_567_890_123_456_789))
    (app / "empty" / "er").mkdir(parents=True)
    (copy.root / "elsewhere").mkdir()
    (copy.root / "elsewhere" / "work.py").write_text("WORK = True\n")
    (app / "elsewhere").symlink_to(copy.root / "elsewhere")
    (app / "main.py").unlink()
    (app / "main.py").symlink_to("elsewhere/work.py")
    Path(os.fsdecode(os.fsencode(app) + b"/caf\xe9.py")).write_text("CAFE = 1\n")
    before, behind = snapshot(copy.exercises), snapshot(copy.root / "elsewhere")

    gone = copy.run("goto", "8")
    between = snapshot(copy.exercises)
    undone = copy.run("undo")

    assert (gone.returncode, undone.returncode) == (0, 0), gone.stderr + undone.stderr
    assert b"app/elsewhere" not in between
    assert between[b"app/main.py"][0] == "file"
    assert snapshot(copy.exercises) == before
    assert snapshot(copy.root / "elsewhere") == behind


def test_ctrl_c_takes_a_goto_back_and_says_so(copy: Copy) -> None:
    before = snapshot(copy.exercises)
    interrupted = (
        "import os, signal; from groundrules.course import workspace\n"
        "bring = workspace.bring\n"
        "def stopped(paths, source, folder):\n"
        "    bring(paths[: len(paths) // 2], source, folder)\n"
        "    workspace.bring = bring\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "workspace.bring = stopped\n"
        "from groundrules.cli import main; main()"
    )

    gone = subprocess.run(
        [sys.executable, "-c", interrupted, "goto", "8"],
        cwd=copy.root,
        capture_output=True,
        text=True,
        check=False,
    )

    assert gone.returncode == 130
    assert gone.stderr == "Stopped. exercises is as it was.\n"
    assert snapshot(copy.exercises) == before


def test_files_that_a_goto_need_not_change_keep_their_times(copy: Copy) -> None:
    before = snapshot(copy.exercises)

    copy.run("goto", "1")

    assert snapshot(copy.exercises) == before


@pytest.mark.parametrize("name", ["app", "app/api", "migrations"])
@pytest.mark.parametrize("command", [("goto", "5"), ("reset", "app/api/health.py")])
def test_work_behind_a_link_is_not_touched(copy: Copy, name: str, command: tuple[str, str]) -> None:
    if name == "migrations" and command[0] == "reset":
        pytest.skip("that file is not behind it")
    elsewhere = copy.root / "elsewhere"
    (copy.exercises / name).rename(elsewhere)
    (copy.exercises / name).symlink_to(elsewhere)
    before = snapshot(copy.exercises), snapshot(elsewhere)

    refused = copy.run(*command)

    assert refused.returncode == 2
    assert refused.stderr.startswith(f"exercises/{name} is a link to {elsewhere}")
    assert refused.stderr.count("\n") == 1
    assert (snapshot(copy.exercises), snapshot(elsewhere)) == before


def test_exercises_that_are_a_link_as_a_whole_are_saved_like_any(copy: Copy) -> None:
    elsewhere = copy.exercises.rename(copy.root / "my own")
    copy.exercises.symlink_to(elsewhere)
    (elsewhere / "app" / "mine.py").write_text("MINE = True\n")
    before = snapshot(elsewhere)

    gone = copy.run("goto", "5")
    undone = copy.run("undo")

    assert (gone.returncode, undone.returncode) == (0, 0), gone.stderr + undone.stderr
    assert snapshot(elsewhere) == before


def file_for_folder(exercises: Path) -> str:
    shutil.rmtree(exercises / "app/api")
    (exercises / "app/api").write_text("mine\n")
    return "exercises/app/api is a file, but the course needs a folder"


def folder_for_file(exercises: Path) -> str:
    (exercises / "app/main.py").unlink()
    (exercises / "app/main.py/inside").mkdir(parents=True)
    return "exercises/app/main.py is a folder, but the course needs a file"


def read_only_file(exercises: Path) -> str:
    (exercises / "app/main.py").write_text("MINE = True\n")
    (exercises / "app/main.py").chmod(0o444)
    return "exercises/app/main.py is read-only"


def read_only_file_of_ones_own(exercises: Path) -> str:
    (exercises / "app/mine.py").write_text("MINE = True\n")
    (exercises / "app/mine.py").chmod(0o400)
    return "exercises/app/mine.py is read-only"


def read_only_folder(exercises: Path) -> str:
    (exercises / "app/api/health.py").write_text("MINE = True\n")
    (exercises / "app/api").chmod(0o555)
    return "exercises/app/api is read-only"


@pytest.mark.parametrize(
    "prepare",
    [
        file_for_folder,
        folder_for_file,
        read_only_file,
        read_only_file_of_ones_own,
        read_only_folder,
    ],
)
def test_what_is_in_the_way_is_a_sentence_and_all_is_as_it_was(
    copy: Copy, prepare: Callable[[Path], str]
) -> None:
    sentence = prepare(copy.exercises)
    before = snapshot(copy.exercises)

    refused = copy.run("goto", "1")

    assert refused.returncode == 2, refused.stdout
    assert refused.stderr.startswith(sentence)
    assert refused.stderr.count("\n") == 1
    assert snapshot(copy.exercises) == before
    assert not list(copy.file(".groundrules/saves").glob("*"))


def test_an_undo_that_meets_a_read_only_file_leaves_all_as_it_was(copy: Copy) -> None:
    main = copy.exercises / "app/main.py"
    main.write_text("MINE = True\n")
    copy.run("goto", "3")
    main.chmod(0o444)
    before = snapshot(copy.exercises)

    refused = copy.run("undo")
    between = snapshot(copy.exercises)
    main.chmod(0o644)
    undone = copy.run("undo")

    assert refused.returncode == 2
    assert refused.stderr.startswith("exercises/app/main.py is read-only")
    assert between == before
    assert undone.returncode == 0, undone.stderr
    assert main.read_text() == "MINE = True\n"


def test_saves_are_in_the_order_of_the_commands_whatever_the_clock_says(copy: Copy) -> None:
    copy.run("goto", "2", TZ="Pacific/Kiritimati")
    copy.run("goto", "3", TZ="Pacific/Pago_Pago")

    undone = [copy.run("undo").stdout.splitlines()[0] for _ in range(2)]

    assert undone == [
        "exercises/ is back to its state before goto 3.",
        "exercises/ is back to its state before goto 2.",
    ]


def test_a_save_from_before_saves_had_numbers_can_be_undone(copy: Copy) -> None:
    save = copy.file(".groundrules/saves/20261101-013000-000000001-reset app core config.py")
    shutil.copytree(copy.exercises, save)
    (save / "app/core/config.py").write_text("OLD = True\n")
    (copy.exercises / "app/hollow").mkdir()

    newer = copy.run("goto", "2")
    undone = [copy.run("undo").stdout.splitlines()[0] for _ in range(2)]

    assert newer.returncode == 0, newer.stderr
    assert undone[1] == "exercises/ is back to its state before reset app/core/config.py."
    assert (copy.exercises / "app/core/config.py").read_text() == "OLD = True\n"
    assert (copy.exercises / "app/hollow").is_dir()


def test_half_written_saves_are_swept_by_the_next_command(copy: Copy) -> None:
    half = copy.file(".groundrules/saves/.000007")
    (half / "files" / "app").mkdir(parents=True)
    fresh = copy.exercises / ".groundrules-new"
    fresh.write_text("half")

    copy.run("hint", "01.1")

    assert not half.exists()
    assert not fresh.exists()


def test_what_was_written_since_a_goto_was_broken_off_is_kept(copy: Copy) -> None:
    main = copy.exercises / "app/main.py"
    main.write_text("BEFORE = True\n")
    copy.run("goto", "3")
    save = copy.file(".groundrules/saves/000001")
    save.joinpath("changes.json").write_text('["app/main.py"]')  # as a kill leaves it
    main.write_text("SINCE = True\n")

    next_command = copy.run("hint", "01.1")

    broken, kept = next_command.stderr.splitlines()
    assert broken == "goto 3 was interrupted: exercises/ is back to its state before that."
    assert main.read_text() == "BEFORE = True\n"
    place = copy.root / kept.removeprefix("The state until now is kept in ")
    assert (place / "app/main.py").read_text() == "SINCE = True\n"


def test_commands_wait_for_each_other(copy: Copy) -> None:
    main = copy.exercises / "app/main.py"
    main.write_text("MINE = True\n")
    running = [
        subprocess.Popen([*GROUNDRULES, "goto", number], cwd=copy.root, stdout=subprocess.DEVNULL)
        for number in ("2", "4", "6", "8")
    ]

    assert [each.wait() for each in running] == [0, 0, 0, 0]
    undone = [copy.run("undo").returncode for _ in running]

    assert undone == [0, 0, 0, 0]
    assert main.read_text() == "MINE = True\n"


@pytest.mark.slow
def test_a_command_that_never_lets_go_is_not_waited_for_for_ever(copy: Copy) -> None:
    before = snapshot(copy.exercises)

    with locked(copy.file(".groundrules/lock")):
        refused = copy.run("goto", "3")

    assert refused.stderr == (
        "Another command is changing exercises/: try again when it has finished.\n"
    )
    assert snapshot(copy.exercises) == before


def test_goto_says_which_files_it_takes_away(copy: Copy) -> None:
    (copy.exercises / "app/mine.py").write_text("MINE = True\n")
    (copy.exercises / "app/\x1b[31m.py").write_text("RED = True\n")

    gone = copy.run("goto", "2")

    assert (
        "Removed, since the course has no such files: exercises/app/\\x1b[31m.py, "
        "exercises/app/mine.py\n" in gone.stdout
    )


@pytest.mark.parametrize(
    "command", [("goto", "03"), ("reset", "app/core/config.py"), ("reset", "exercises/app/main.py")]
)
def test_undo_names_the_command_as_it_was_typed(copy: Copy, command: tuple[str, str]) -> None:
    copy.run(*command)

    undone = copy.run("undo")

    assert undone.stdout.startswith(
        f"exercises/ is back to its state before {' '.join(command)}.\n"
    )


@pytest.mark.parametrize("command", [("goto", "3"), ("reset", "01.2"), ("undo",), ("start",)])
def test_outside_any_clone_no_command_changes_the_one_it_was_installed_from(
    copy: Copy, tmp_path: Path, command: tuple[str, ...]
) -> None:
    package = Path(__file__).resolve().parents[2] / "src"
    shutil.copytree(package, copy.root / "src", ignore=shutil.ignore_patterns("__pycache__"))
    (copy.exercises / "app/core/config.py").write_text("MINE = True\n")
    before = snapshot(copy.exercises)
    outside = tmp_path / "outside"
    outside.mkdir()

    refused = subprocess.run(
        [*GROUNDRULES, *command],
        cwd=outside,
        env={**os.environ, "PYTHONPATH": str(copy.root / "src"), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert refused.returncode == 2
    assert refused.stderr.startswith("No course here:")
    assert snapshot(copy.exercises) == before


@pytest.mark.parametrize("command", [("undo",), ("goto", "2"), ("hint", "01.1"), ("rules",)])
def test_nobody_who_stops_reading_hears_of_a_broken_pipe(
    copy: Copy, command: tuple[str, ...]
) -> None:
    copy.run("goto", "3")
    reader, writer = os.pipe()
    os.close(reader)

    ended = subprocess.run(
        [*GROUNDRULES, *command],
        cwd=copy.root,
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)

    assert ended.stderr == ""
    if command == ("goto", "2"):
        state = state_after(copy.course, 1)
        assert (copy.exercises / "app/main.py").read_bytes() == state["app/main.py"].read_bytes()
