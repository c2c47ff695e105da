"""A second check answers at once, and never with what is no longer so."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from groundrules.rules import Report
from groundrules.rules.cache import folder, remembered

UNHINTED = "def total(prices) -> int:\n    return sum(prices)\n"
ANEW = Report("anew", "app", 1, ())


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "code" / "app").mkdir(parents=True)
    (tmp_path / "code" / "app" / "sums.py").write_text(UNHINTED)
    return tmp_path / "code"


def check(project: Path, *options: str) -> str:
    command = [sys.executable, "-m", "groundrules", "check"]
    done = subprocess.run(
        [*command, *options, str(project)], capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def asked_again(project: Path, *options: str) -> bool:
    """Whether a check of a project is made anew."""
    return remembered(project, None, options, lambda: ANEW) is ANEW


def test_a_second_check_says_what_the_first_one_said(project: Path) -> None:
    first = check(project)

    assert "GR201" in first
    assert len(list(folder().iterdir())) == 1
    assert check(project) == first == check(project, "--no-cache")


def test_without_a_cache_nothing_is_kept(project: Path) -> None:
    check(project, "--no-cache")

    assert not folder().exists()


CHANGES: dict[str, Callable[[Path], object]] = {
    "a file": lambda code: (code / "app" / "sums.py").write_text("x = 1\n"),
    "a new file": lambda code: (code / "app" / "more.py").touch(),
    "a file less": lambda code: (code / "app" / "sums.py").rename(code / "app" / "other.py"),
    "the project file": lambda code: (code / "pyproject.toml").touch(),
    "one above": lambda code: (code.parent / "pyproject.toml").write_text("[project]\n"),
    "a folder that is one of migrations": lambda code: (
        code / "app" / "more" / "script.py.mako"
    ).touch(),
    "where one stands": lambda code: os.chdir(code),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_is_noticed(
    project: Path, change: Callable[[Path], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.parent)
    (project / "app" / "more").mkdir()
    (project / "app" / "more" / "kept.py").touch()
    assert asked_again(project)
    assert not asked_again(project)

    change(project)

    assert asked_again(project)


def test_options_are_part_of_what_is_remembered(project: Path) -> None:
    assert asked_again(project)

    assert asked_again(project, "GR201")


def test_a_file_that_changes_during_the_check_is_not_remembered(project: Path) -> None:
    def checking() -> Report:
        (project / "app" / "sums.py").write_text("x = 2\n")
        return ANEW

    remembered(project, None, [], checking)

    assert asked_again(project)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"findings": 1}', b"\xff"])
def test_a_spoilt_cache_is_made_anew(project: Path, content: bytes) -> None:
    first = check(project)
    for file in folder().iterdir():
        file.write_bytes(content)

    assert check(project) == first == check(project)


def test_a_cache_that_cannot_be_written_is_no_error(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", os.devnull)

    assert "GR201" in check(project)


def test_checks_at_the_same_time_all_say_the_same(project: Path) -> None:
    command = [sys.executable, "-m", "groundrules", "check"]
    running = [subprocess.Popen([*command, str(project)], stdout=subprocess.PIPE) for _ in range(6)]

    assert len({each.communicate()[0] for each in running}) == 1
