"""What silences a rule: comments, settings, and options; and that a suite honours none of them."""

from pathlib import Path

import pytest

from groundrules.rules import CheckError, UnusedIgnore, check_project

UNHINTED = "def total(prices) -> int:  {comment}\n    return sum(prices)\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "sums.py").write_text(UNHINTED.format(comment="# adds"))
    return tmp_path


def codes(project: Path, *, honour_ignores: bool = True) -> list[str]:
    return [each.rule for each in check_project(project, honour_ignores=honour_ignores).findings]


@pytest.mark.parametrize("listed", ["GR201", "GR204, GR201", "gr201"])
def test_a_comment_silences_a_rule_on_its_line(project: Path, listed: str) -> None:
    comment = f"# groundrules: ignore[{listed}]"
    (project / "app" / "sums.py").write_text(UNHINTED.format(comment=comment))

    assert codes(project) == []
    assert codes(project, honour_ignores=False) == ["GR201"]


def test_a_string_that_looks_like_such_a_comment_silences_nothing(project: Path) -> None:
    text = 'def f(x="# groundrules: ignore[GR201]") -> None: ...\n'
    (project / "app" / "sums.py").write_text(text)

    assert codes(project) == ["GR201"]


def test_a_comment_that_silences_nothing_is_reported_as_such(project: Path) -> None:
    comment = "# groundrules: ignore[GR201, GR204, GR999]"
    (project / "app" / "sums.py").write_text(UNHINTED.format(comment=comment))

    report = check_project(project)

    assert report.unused_ignores == (
        UnusedIgnore("app/sums.py", 1, "GR204"),
        UnusedIgnore("app/sums.py", 1, "GR999"),
    )


@pytest.mark.parametrize(
    "comment",
    [
        "# type: ignore[override]  # groundrules: ignore[GR201]",
        "# groundrules: ignore[GR201]  # type: ignore[override]",
        "# noqa: E501 # groundrules: ignore[GR201] # pragma: no cover",
        "# as the team agreed; groundrules: ignore[GR402], groundrules: ignore[GR201]",
        "#groundrules:ignore[ gr201 ]",
    ],
)
def test_an_ignore_counts_anywhere_in_a_comment(project: Path, comment: str) -> None:
    (project / "app" / "sums.py").write_text(UNHINTED.format(comment=comment))

    assert codes(project) == []


@pytest.mark.parametrize(
    "comment", ["# my-groundrules: ignore[GR201]", "# groundrules: ignore", "# ignore[GR201]"]
)
def test_what_is_no_ignore_silences_nothing(project: Path, comment: str) -> None:
    (project / "app" / "sums.py").write_text(UNHINTED.format(comment=comment))

    assert codes(project) == ["GR201"]


def test_a_comment_for_a_rule_that_is_not_checked_is_not_unused(project: Path) -> None:
    comment = "# groundrules: ignore[GR204]"
    (project / "app" / "sums.py").write_text(UNHINTED.format(comment=comment))

    assert check_project(project, select=["GR201"]).unused_ignores == ()


def test_settings_silence_a_rule_but_not_in_a_suite(project: Path) -> None:
    (project / "pyproject.toml").write_text('[tool.groundrules]\nignore = ["GR201"]\n')

    assert codes(project) == []
    assert codes(project, honour_ignores=False) == ["GR201"]


def test_settings_name_the_package(project: Path) -> None:
    (project / "app").rename(project / "service")
    (project / "pyproject.toml").write_text('[tool.groundrules]\npackage = "service"\n')

    assert check_project(project).package == "service"


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ('ignore = "GR201"', "must be a list of codes"),
        ("package = 1", "must be a string"),
        ("strict = true", "unknown key `strict`"),
        ('select = ["GR999"]', "no rule GR999"),
    ],
)
def test_a_wrong_setting_is_refused(project: Path, setting: str, said: str) -> None:
    (project / "pyproject.toml").write_text(f"[tool.groundrules]\n{setting}\n")

    with pytest.raises(CheckError, match=said):
        check_project(project)


def test_findings_of_excluded_files_are_left_out(project: Path) -> None:
    assert check_project(project, exclude={"app/sums.py"}).findings == ()
