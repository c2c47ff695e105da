"""`groundrules grade`: everybody gets a row, and a program never gets a point that it has not earned."""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import pytest

from groundrules.grade.cgroups import groups
from groundrules.grade.leftovers import delete_leftovers
from groundrules.locks import try_lock
from tests.grade.conftest import Class, Graded, needs_sandbox
from tests.testing.conftest import write_application

KILLS = 20 if os.environ.get("GROUNDRULES_ATTACKS") == "all" else 2
WRONG = '"""Words."""\n\n\ndef say() -> str:\n    return "no"\n'
ENDS = '"""Words."""\n\nimport os\n\nos._exit(0)\n'
pytestmark = [needs_sandbox, pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")]


def test_everybody_gets_a_row_and_whoever_has_no_verdict_gets_no_zero(class_: Class) -> None:
    class_.hand_in("Ada_1_assignsubmission_file_")
    class_.hand_in("bob", words=WRONG)
    class_.hand_in("=cmd", words=ENDS)
    (class_.folder / "empty").mkdir()
    (class_.folder / "notes").mkdir()
    (class_.folder / "notes" / "readme.txt").touch()
    (class_.folder / "torn.zip").write_bytes(b"PK\x03\x04 torn")

    run = class_.grade()

    assert run.status == 1
    assert run.statuses == {
        "Ada": "ok",
        "bob": "ok",
        "'=cmd": "ok",
        "empty": "nothing handed in",
        "notes": "no app found",
        "torn": "broken",
    }
    assert list(run.rows["Ada"]) == [
        *("name", "01-words", "total", "status", "seconds", "digest", "course")
    ]
    assert {name: row["total"] for name, row in run.rows.items() if row["status"] != "ok"} == {
        "empty": "",
        "notes": "",
        "torn": "",
    }
    tasks = {
        each["name"]: [task["state"] for step in each["steps"] for task in step["tasks"]]
        for each in run.results["people"]
    }
    assert tasks["Ada"] == ["met", "met"]
    assert tasks["bob"] == ["not met", "not met"]
    assert "met" not in tasks["=cmd"][0:1]
    assert len(run.out.splitlines()) == 9  # one for each, and the summary
    assert "Traceback" not in run.out + run.err


@pytest.mark.slow
def test_a_run_goes_on_where_it_was_and_repeats_one_person(class_: Class) -> None:
    ada, _ = class_.hand_in("ada"), class_.hand_in("bob")
    first = class_.grade("--seed=5").results
    (ada / "app/words.py").write_text(WRONG)

    resumed = class_.grade("--resume").results
    again = class_.grade("--again=bob").results

    before, after, last = (
        {each["name"]: each for each in run["people"]} for run in (first, resumed, again)
    )
    assert after["bob"] == before["bob"]
    assert after["ada"]["digest"] != before["ada"]["digest"]
    assert after["ada"]["steps"][0]["tasks"][0]["state"] == "not met"
    assert last["ada"] == after["ada"]
    assert last["bob"]["seconds"] != before["bob"]["seconds"]
    assert last["bob"]["steps"] == before["bob"]["steps"]
    assert again["seed"] == 5


@pytest.mark.slow
def test_only_one_person_is_graded_and_the_others_keep_their_grades(class_: Class) -> None:
    class_.hand_in("ada")
    class_.hand_in("bob")
    both = class_.grade().rows

    run = class_.grade("--only", "ADA")

    assert run.rows["bob"] == both["bob"]
    assert "bob" not in run.out


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_done(class_: Class) -> None:
    for name in ("ada", "bob", "cleo", "dora"):
        class_.hand_in(name)
    process = subprocess.Popen(
        class_.command("--jobs=1"),
        cwd=class_.clone.root,
        env={**os.environ, **class_.clone.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)

    kept = json.loads((class_.out / "results.json").read_text("utf-8"))

    assert process.returncode == 130
    assert "To go on, add --resume." in told
    assert "Traceback" not in told
    assert kept["complete"] is False
    assert kept["seed"] is None
    assert {each["status"] for each in kept["people"]} == {"ok"}
    assert len(kept["people"]) in (1, 2)
    assert first.startswith("[1/4")
    resumed = class_.grade("--resume")
    assert resumed.results["complete"] is True
    assert len(resumed.rows) == 4


@pytest.mark.slow
def test_a_submission_that_takes_too_long_is_given_up(class_: Class) -> None:
    slow = '"""Words."""\n\nimport time\n\ntime.sleep(1000)\n'
    class_.hand_in("slow", words=slow)

    began = time.monotonic()
    run = class_.grade("--timeout=3")

    assert run.statuses == {"slow": "timed out"}
    assert run.rows["slow"]["total"] == ""
    assert time.monotonic() - began < 30


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--steps=07",), "There is no step 07"),
        (("--steps=x",), "--steps takes 01-05"),
        (("--steps=05",), "Step 05 is not ready"),
        (("--only=Bobby",), "Nobody is called 'Bobby'. Did you mean bob?"),
    ],
)
def test_a_mistake_in_the_command_is_told_in_one_sentence(
    class_: Class, arguments: tuple[str, ...], told: str
) -> None:
    class_.hand_in("bob")

    run = class_.grade(*arguments)

    assert run.status == 2
    [line] = run.err.splitlines()
    assert told in line


@pytest.mark.slow
def test_without_bubblewrap_it_refuses_unless_the_code_is_trusted(
    class_: Class, tmp_path: Path
) -> None:
    class_.hand_in("ada")
    (tmp_path / "empty").mkdir()
    class_.environment = {"PATH": str(tmp_path / "empty")}

    refused = class_.grade()
    trusted = class_.grade("--trust")

    assert refused.status == 2
    assert "needs bubblewrap" in refused.err
    assert "--trust" in refused.err
    assert trusted.statuses == {"ada": "ok"}
    assert trusted.results["sandbox"] == "none"
    assert "no sandbox" in trusted.err


@pytest.mark.slow
def test_an_archive_is_graded_as_its_folder_is(class_: Class) -> None:
    folder = class_.hand_in("ada")
    with zipfile.ZipFile(class_.folder / "zed.zip", "w") as archive:
        for path in folder.rglob("*.py"):
            archive.write(path, path.relative_to(class_.folder))

    rows = class_.grade().rows

    assert rows["ada"]["digest"] == rows["zed"]["digest"]
    assert rows["ada"]["total"] == rows["zed"]["total"]


@pytest.mark.slow
def test_trouble_of_the_machine_is_tried_again_and_is_never_a_zero(class_: Class) -> None:
    class_.hand_in("ada")
    class_.clone.write(
        "steps/01-words/test_it.py", "open('tries', 'a').write('x')\nraise OSError('no disk')\n"
    )

    run = class_.grade()

    assert run.status == 1
    assert run.statuses == {"ada": "trouble"}
    assert run.rows["ada"]["total"] == ""
    assert (class_.clone.root / "tries").read_text() == "xx"
    assert "says nothing about the code" in (class_.out / "feedback/ada.md").read_text("utf-8")


@pytest.mark.slow
def test_isolated_a_broken_step_does_not_fail_the_next(class_: Class) -> None:
    write_application(class_.clone, "solution")
    class_.clone.write("solution/app/later.py", "LATER = 1\n")
    class_.hand_in("ada", words='"""Write words."""\n', extra='"""More."""\n\nMORE = 1\n')

    together = class_.grade("--steps=1-2").results["people"][0]["steps"]
    isolated = class_.grade("--steps=1-2", "--isolate").results["people"][0]["steps"]

    assert [task["state"] for step in together for task in step["tasks"]][-1] == "not begun"
    assert [task["state"] for step in isolated for task in step["tasks"]][-1] == "met"
    assert [step["isolated"] for step in isolated] == [False, True]
    assert isolated[0] == together[0]


@pytest.mark.slow
def test_a_grade_is_explained_and_repeated(class_: Class) -> None:
    ada = class_.hand_in("ada", words=WRONG)
    class_.grade("--seed=7")

    same = class_.grade("--explain=Ada")
    (ada / "app/words.py").write_text(WRONG.replace('"no"', '"please"'))
    other = class_.grade("--explain=ada")

    assert same.status == 0, same.err
    assert "seed 7" in same.out
    assert "not met  01.1 " in same.out
    assert "must return 'please'" in same.out
    assert same.out.splitlines()[-1].startswith("Repeated: the same, in ")
    assert other.status == 1
    assert "The submission has changed since it was graded." in other.out
    assert "01.1 was not met and is met" in other.out


def test_a_name_of_nobody_cannot_be_explained(class_: Class) -> None:
    class_.hand_in("ada")

    assert "ada has no grade in" in class_.grade("--explain=ada").err


@pytest.mark.slow
def test_killed_at_any_moment_a_run_goes_on_and_comes_to_the_same(
    class_: Class, tmp_path: Path
) -> None:
    for number, words in enumerate((None, WRONG, ENDS, None)):
        class_.hand_in(f"person {number}", **({} if words is None else {"words": words}))
    temporary = Path(tempfile.mkdtemp(prefix="gr-", dir="/tmp"))
    class_.environment = {"TMPDIR": str(temporary)}
    whole = points(class_.grade("--jobs=1", "--seed=3"))
    class_.out = tmp_path / "killed"
    killed: list[int] = []

    for number in range(KILLS):
        process = subprocess.Popen(
            class_.command("--jobs=2", "--seed=3", *(["--resume"] if number else ())),
            cwd=class_.clone.root,
            env={**os.environ, **class_.clone.environment, **class_.environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(random.Random(number).uniform(0.5, 6))
        process.kill()
        process.wait()
        killed.append(process.pid)
        for file in class_.out.rglob("*.json"):
            json.loads(file.read_text("utf-8"))
    resumed = points(class_.grade("--jobs=2", "--seed=3", "--resume"))

    assert resumed == whole
    assert [*temporary.iterdir()] == []
    assert left_by(killed) == []
    temporary.rmdir()


def left_by(killed: list[int]) -> list[Path]:
    """Return the control groups that runs have left, but for those whose last processes are just ending."""
    for _ in range(50):
        found = [each for pid in killed for each in groups(f"groundrules-grade-{pid}-*")]
        if not found:
            break
        delete_leftovers()
        time.sleep(0.1)
    return found


def points(run: Graded) -> dict[str, dict[str, str]]:
    """Return the gradebook without the time that judging took."""
    assert run.results["complete"], run.err
    return {name: {**row, "seconds": ""} for name, row in run.rows.items()}


@pytest.mark.slow
def test_two_runs_do_not_write_to_one_folder(class_: Class) -> None:
    class_.hand_in("ada")
    class_.out.mkdir()
    with (class_.out / ".lock").open("w") as file:
        assert try_lock(file)

        run = class_.grade()

    assert run.status == 2
    assert "Another run writes to" in run.err
    assert not (class_.out / "gradebook.csv").exists()
