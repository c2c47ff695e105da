"""Whose submissions there are, by the names that platforms give."""

import sys
from pathlib import Path

import pytest

from groundrules.course.steps import CourseError
from groundrules.grade.submissions import find_submissions, left_out_of


def names(folder: Path) -> list[str]:
    return [each.name for each in find_submissions(folder)]


def folders(where: Path, *called: str) -> Path:
    for name in called:
        (where / name).mkdir(parents=True)
    return where


def test_a_folder_is_called_as_it_is(tmp_path: Path) -> None:
    assert names(folders(tmp_path, "Ada", "Grace Hopper", ".hidden", "__MACOSX")) == [
        "Ada",
        "Grace Hopper",
    ]


@pytest.mark.parametrize(
    "archive", ["ada.zip", "ada.tar", "ada.tar.gz", "ada.TGZ", "ada.tar.xz", "ada.bundle"]
)
def test_an_archive_loses_its_ending(tmp_path: Path, archive: str) -> None:
    (tmp_path / archive).touch()
    (tmp_path / "notes.txt").touch()

    assert names(tmp_path) == ["ada"]


@pytest.mark.parametrize(
    "handed_in", ["ada.rar", "ada.7z", "lovelaceada_12345_678910_main.py", "ada_LATE_1_2_app.docx"]
)
def test_who_hands_in_what_cannot_be_read_has_a_row(tmp_path: Path, handed_in: str) -> None:
    (tmp_path / handed_in).touch()
    folders(tmp_path, "Grace")

    assert len(names(tmp_path)) == 2
    assert left_out_of(tmp_path) == []


def test_files_that_are_no_submissions_are_named(tmp_path: Path) -> None:
    for name in ("notes.txt", "grades.csv", ".DS_Store", "submission_metadata.yml", "ada.zip"):
        (tmp_path / name).touch()

    assert left_out_of(tmp_path) == ["grades.csv", "notes.txt"]


def test_moodles_folders_have_a_persons_name(tmp_path: Path) -> None:
    folders(tmp_path, "Ada Lovelace_1234_assignsubmission_file_", "Åsa_7_assignsubmission_file")

    assert names(tmp_path) == ["Ada Lovelace", "Åsa"]


def test_two_people_of_one_name_keep_a_row_each(tmp_path: Path) -> None:
    folders(tmp_path, "Ada B_1_assignsubmission_file_", "ada b_2_assignsubmission_file_")

    assert names(tmp_path) == ["Ada B (1)", "ada b (2)"]


def test_canvas_puts_the_name_first(tmp_path: Path) -> None:
    for file in ("lovelaceada_12345_678910_archive.zip", "hoppergrace_LATE_12346_678911_a b.zip"):
        (tmp_path / file).touch()

    assert names(tmp_path) == ["hoppergrace", "lovelaceada"]


def test_gradescope_has_the_names_in_a_file(tmp_path: Path) -> None:
    folders(tmp_path, "submission_11", "submission_12", "submission_13")
    (tmp_path / "submission_metadata.yml").write_text(
        "---\n"
        "submission_11:\n  :submitters:\n  - :name: Ada Lovelace\n    :email: ada@example.org\n"
        "submission_12:\n  :submitters:\n  - :name: 'Grace'\n  - :name: Barbara\n"
    )

    assert names(tmp_path) == ["Ada Lovelace", "Grace & Barbara", "submission_13"]


def test_repositories_of_github_lose_the_assignments_name(tmp_path: Path) -> None:
    folders(tmp_path, *(f"step-05-{name}/.git" for name in ("adalovelace", "ada-b", "grace")))

    assert names(tmp_path) == ["ada-b", "adalovelace", "grace"]


def test_people_who_are_called_alike_keep_their_names(tmp_path: Path) -> None:
    assert names(folders(tmp_path, "ada-b", "ada-c")) == ["ada-b", "ada-c"]


@pytest.mark.parametrize("separator", [",", ";"])
def test_a_roster_has_a_row_for_whoever_handed_in_nothing(tmp_path: Path, separator: str) -> None:
    folders(tmp_path, "one")
    roster = tmp_path / "class.csv"
    text = "\ufeffName,Path\nAda,one\nGrace,\nBarbara,missing\n\n".replace(",", separator)
    roster.write_text(text, encoding="utf-8")

    assert [(each.name, each.source) for each in find_submissions(roster)] == [
        ("Ada", tmp_path / "one"),
        ("Barbara", None),
        ("Grace", None),
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Ada,one\n", "must begin with the line name,path"),
        ("name,path\n,one\n", "Line 2 of"),
        ("", "must begin with the line name,path"),
        ("name,path\n", "There is no submission in"),
    ],
)
def test_a_roster_that_cannot_be_read_is_told(tmp_path: Path, text: str, why: str) -> None:
    roster = tmp_path / "class.csv"
    roster.write_text(text)

    with pytest.raises(CourseError, match=why):
        find_submissions(roster)


@pytest.mark.skipif(sys.platform == "win32", reason="such a folder cannot be there")
def test_names_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    folders(tmp_path, "ada\033[31m\nb", "x" * 200)

    assert names(tmp_path) == ["ada\\x1b[31m\\x0ab", "x" * 80]


def test_a_folder_without_submissions_is_told(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="There is no submission"):
        find_submissions(tmp_path)
    with pytest.raises(CourseError, match="neither a folder nor a CSV file"):
        find_submissions(tmp_path / "missing")


def test_a_single_application_is_no_class(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "main.py").touch()

    with pytest.raises(CourseError, match="is one application: name the folder that contains"):
        find_submissions(tmp_path)


def test_a_folder_with_numbers_in_its_name_is_not_canvas(tmp_path: Path) -> None:
    assert names(folders(tmp_path, "team_1_2_final")) == ["team_1_2_final"]
