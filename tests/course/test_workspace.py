"""What commands do to `exercises/`, and that nothing in it is ever lost."""

from pathlib import Path

import pytest

from groundrules.course.states import files_below, state_after, write_state
from tests.course.conftest import Copy


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files_below(folder)}


def test_goto_makes_the_exercises_what_they_are_when_a_step_begins(copy: Copy) -> None:
    (copy.exercises / "app" / "main.py").write_text("print('mine')\n")

    done = copy.run("goto", "1")

    state = state_after(copy.course, 0)
    assert done.returncode == 0, done.stderr
    assert contents(copy.exercises) == {file: path.read_bytes() for file, path in state.items()}
    assert "To restore it: groundrules undo" in done.stdout


@pytest.mark.parametrize("command", [("goto", "1"), ("reset", "01.3"), ("reset", "app/main.py")])
def test_undo_brings_everything_back(copy: Copy, command: tuple[str, str]) -> None:
    (copy.exercises / "app" / "main.py").write_text("print('mine')\n")
    (copy.exercises / "app" / "extra.py").write_text("EXTRA = 'mine too'\n")
    (copy.exercises / "notes.txt").write_text("remember\n")
    before = contents(copy.exercises)

    changed = copy.run(*command)
    between = contents(copy.exercises)
    undone = copy.run("undo")

    assert (changed.returncode, undone.returncode) == (0, 0), changed.stderr + undone.stderr
    assert between != before
    assert contents(copy.exercises) == before


def test_undo_goes_back_one_command_at_a_time(copy: Copy) -> None:
    before = contents(copy.exercises)
    for file in ("app/core/config.py", "app/main.py"):
        (copy.exercises / file).write_text("MINE = True\n")
    mine = contents(copy.exercises)
    copy.run("reset", "01.2")
    between = contents(copy.exercises)
    copy.run("reset", "01.3")

    states = []
    for _ in range(2):
        copy.run("undo")
        states.append(contents(copy.exercises))

    assert mine != before
    assert states == [between, mine]


def test_what_an_undo_takes_away_is_kept(copy: Copy) -> None:
    main = copy.exercises / "app" / "main.py"
    copy.run("reset", "app/main.py")
    main.write_text("print('written since')\n")

    undone = copy.run("undo")

    kept = undone.stdout.splitlines()[-1].removeprefix("The state until now is kept in ")
    assert (copy.root / kept / "app" / "main.py").read_text() == "print('written since')\n"
    assert "before reset app/main.py." in undone.stdout


def test_a_package_that_was_deleted_by_accident_comes_back(copy: Copy) -> None:
    package = copy.exercises / "app" / "api" / "__init__.py"
    text = package.read_text()
    package.unlink()

    done = copy.run("reset", "app/api/__init__.py")

    assert done.returncode == 0, done.stderr
    assert package.read_text() == text


def test_reset_of_a_later_task_leaves_what_an_earlier_one_wrote(copy: Copy) -> None:
    write_state(copy.course, 2, copy.exercises)
    before = contents(copy.exercises)

    copy.run("reset", "02.4")

    after = contents(copy.exercises)
    assert {file for file in before if before[file] != after[file]} == {"app/api/health.py"}


def test_reset_of_a_task_leaves_the_other_files_alone(copy: Copy) -> None:
    for file in ("app/main.py", "app/api/health.py", "app/api/router.py"):
        (copy.exercises / file).write_text("MINE = True\n")
    starter = copy.file("steps/01-setup/starter/app/api/health.py").read_text()

    done = copy.run("reset", "01.4")

    assert done.returncode == 0, done.stderr
    assert (copy.exercises / "app/main.py").read_text() == "MINE = True\n"
    assert (copy.exercises / "app/api/health.py").read_text() == starter


def test_a_file_is_named_as_the_lessons_do_or_by_its_path(copy: Copy) -> None:
    main = copy.exercises / "app" / "main.py"
    starter = copy.file("steps/01-setup/starter/app/main.py").read_text()
    for name in ("app/main.py", "exercises/app/main.py", str(main)):
        main.write_text("MINE = True\n")

        done = copy.run("reset", name)

        assert done.returncode == 0, done.stderr
        assert main.read_text() == starter


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (("undo",), "There is nothing left to undo in exercises/."),
        (("goto", "9"), "There is no step 09: the steps are 01 to 08."),
        (("goto", "3x"), "'3x' is not a step: name one like 03."),
        (("list", "x"), "'x' is not a step: name one like 03."),
        (("chekc",), "No such command 'chekc'. Did you mean 'check'? See `groundrules --help`."),
        (("goto", "8"), "Step 08 is in preparation and cannot be started yet."),
        (("reset", "01.9"), "Step 01 has no task 01.9. Its tasks: 01.1 to 01.5."),
        (("reset", "app/mian.py"), "No step has a file app/mian.py: did you mean app/main.py?"),
        (("reset", "01.5"), "Task 01.5 has no file of its own: name the file to reset."),
        (("reset", "1"), "'1' is not a task: name one like 01.2."),
        (
            ("reset", "app/elsewhere.py"),
            "No step has a file app/elsewhere.py: name one as the lessons do, like app/main.py.",
        ),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence_and_changes_nothing(
    copy: Copy, command: tuple[str, ...], sentence: str
) -> None:
    copy.file("steps/08-auth/README.md").unlink(missing_ok=True)
    before = contents(copy.root)

    refused = copy.run(*command)

    assert (refused.returncode, refused.stdout, refused.stderr) == (2, "", sentence + "\n")
    assert contents(copy.root) == before
