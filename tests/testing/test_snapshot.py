"""What is read of the judged folder: ordinary files of source below it, once, and nothing else."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from groundrules.testing.snapshot import take_snapshot
from tests.testing.conftest import WORDS, Clone

SECRET = "SECRET = 'of somebody else'\n"


def make_pipe(file: Path) -> None:
    os.mkfifo(file)


def link_to_a_device(file: Path) -> None:
    file.symlink_to("/dev/zero")


def make_huge(file: Path) -> None:
    with file.open("wb") as stream:
        stream.truncate(8 << 30)


def link_out(file: Path) -> None:
    secret = file.parents[4] / "secret.py"
    secret.write_text(SECRET)
    file.symlink_to(secret)


def link_through_a_link(file: Path) -> None:
    link_out(file.with_name("other.py"))
    file.symlink_to("other.py")


def link_to_nothing(file: Path) -> None:
    file.symlink_to("nothing.py")


def link_in_a_circle(file: Path) -> None:
    file.symlink_to(file.name)


def link_a_folder_out(file: Path) -> None:
    outside = file.parents[4] / "outside"
    outside.mkdir()
    (outside / "secret.py").write_text(SECRET)
    file.with_suffix("").symlink_to(outside)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (make_pipe, "app/odd.py is not a regular file"),
        (link_to_a_device, "app/odd.py is a link that leads out of the folder"),
        (make_huge, "app/odd.py is larger than 1 MiB"),
        (link_out, "app/odd.py is a link that leads out of the folder"),
        (link_through_a_link, "app/odd.py is a link that leads out of the folder"),
        (link_to_nothing, "app/odd.py is a link to a file that does not exist"),
        (link_in_a_circle, "app/odd.py is a link that leads back to itself"),
        (link_a_folder_out, "app/odd is a link that leads out of the folder"),
    ],
)
def test_what_is_no_source_fails_the_run_with_one_sentence(
    clone: Clone, make: Callable[[Path], None], words: str
) -> None:
    make(clone.file("alice/exercises/app/odd.py"))

    run = clone.pytest("steps/01", "--app=alice")

    assert run.status == 1, run
    assert "0 of 3 tests pass" in run.out
    assert " ".join(run.out.split()).count(words) == 1
    assert "of somebody else" not in run.out + run.err
    assert "Traceback" not in run.out + run.err


def test_the_project_file_is_read_with_the_same_care(clone: Clone, tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text("secret = 1")
    clone.file("alice/exercises/pyproject.toml").symlink_to(tmp_path / "other.toml")

    run = clone.pytest("steps/01", "--app=alice")

    assert "pyproject.toml is a link that leads out of the folder" in run.out


def test_links_within_the_folder_are_followed(clone: Clone) -> None:
    app = clone.file("alice/exercises/app")
    (app / "words.py").rename(app / "polite.py")
    (app / "words.py").symlink_to("polite.py")
    (app / "again").symlink_to(".")

    run = clone.pytest("steps/01", "--app=alice")

    assert "3 tests pass, in" in run.out, run


def test_a_name_that_a_terminal_would_obey_is_shown_harmlessly(clone: Clone) -> None:
    clone.file("alice/exercises/app/\033[2Jodd\n.py").symlink_to("/etc/hostname")

    run = clone.pytest("steps/01", "--app=alice")

    assert run.status == 1
    assert "\033" not in run.out
    assert "odd" in run.out


def test_a_name_that_is_no_text_does_no_harm(clone: Clone) -> None:
    folder = os.fsencode(clone.file("alice/exercises/app"))
    with open(folder + b"/na\xefve.py", "wb") as file:  # noqa: PTH123  # its name is bytes
        file.write(b"")

    run = clone.pytest("steps/01", "--app=alice")

    assert "3 tests pass, in" in run.out, run


def test_what_lies_beside_the_source_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "main.py").write_text(WORDS)
    (tmp_path / ".venv").mkdir()
    (tmp_path / "photos").mkdir()
    make_huge(tmp_path / "photos" / "big.py")

    snapshot = take_snapshot(tmp_path)

    assert snapshot.problem is None
    assert [path.name for path in snapshot.folder.rglob("*.py")] == ["main.py"]
    snapshot.close()
    assert not snapshot.folder.exists()


def test_more_than_anybody_writes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    for number in range(5_001):
        (tmp_path / "app" / f"m{number}.py").touch()

    snapshot = take_snapshot(tmp_path)
    snapshot.close()

    assert "more than 5,000 files" in str(snapshot.problem)


def test_a_change_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    file = tmp_path / "app" / "main.py"
    file.write_text(WORDS)
    snapshot = take_snapshot(tmp_path)
    assert snapshot.is_current()

    file.write_text(WORDS.replace("please", "now"))

    assert not snapshot.is_current()
    snapshot.close()


def test_nothing_is_left_of_the_copies(clone: Clone, tmp_path: Path) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()

    clone.pytest("steps/01", "--app=alice", environment={"TMPDIR": str(folder)})

    left = [each for each in folder.iterdir() if not each.name.startswith("pytest-of-")]
    shutil.rmtree(folder)
    assert left == []
