"""`--since REV` reports what is new since a commit, wherever old code has moved."""

import subprocess
import sys
from pathlib import Path

import pytest

OLD = "def total(prices) -> int:\n    return sum(prices)\n"


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A service in a folder of a repository, with one commit."""
    folder = tmp_path / "repository" / "back end"
    (folder / "app").mkdir(parents=True)
    (folder / "pyproject.toml").touch()
    (folder / "app" / "sums.py").write_text(OLD)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    git("init", "-q", "..")
    commit()
    git("tag", "first")
    return folder


def git(*args: str) -> str:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.com"]
    return subprocess.run(
        ["git", *identity, *args], capture_output=True, text=True, check=True
    ).stdout


def commit() -> None:
    git("add", "-A")
    git("commit", "-q", "-m", "more")


def check(*args: str) -> tuple[int, list[str], str]:
    command = [sys.executable, "-m", "groundrules", "check"]
    done = subprocess.run(
        [*command, "--format", "concise", *args], capture_output=True, text=True, check=False
    )
    return (
        done.returncode,
        [line.partition(": ")[0] for line in done.stdout.splitlines()],
        done.stderr,
    )


def test_only_what_is_new_is_reported(service: Path) -> None:
    (service / "app" / "sums.py").write_text("LIMIT = 1\n\n\n" + OLD)
    assert check("--since", "HEAD") == (0, [], "")

    (service / "app" / "more.py").write_text(OLD)
    assert check("--since=first") == (1, ["app/more.py:1:5"], "")
    commit()
    assert check("--since", "first")[1] == ["app/more.py:1:5"]
    assert check("--since", "HEAD")[1] == []
    assert len(check()[1]) == 2


def test_a_renamed_file_is_not_new(service: Path) -> None:
    (service / "app" / "sums.py").rename(service / "app" / "größe.py")
    git("add", "-A")

    assert check("--since", "first") == (0, [], "")


def test_what_is_fixed_since_is_no_error(service: Path) -> None:
    (service / "app" / "sums.py").write_text("x = 1\n")

    assert check("--since", "first") == (0, [], "")


def test_the_repository_stays_as_it_is(service: Path) -> None:
    (service / "app" / "staged.py").write_text(OLD)
    git("add", "-A")
    (service / "app" / "staged.py").write_text("x = 1\n")
    before = git("status", "--porcelain"), git("diff"), git("diff", "--cached")

    check("--since", "first")

    assert (git("status", "--porcelain"), git("diff"), git("diff", "--cached")) == before


def test_a_package_that_came_later_is_new(service: Path) -> None:
    (service / "app").rename(service / "shop")
    (service / "pyproject.toml").write_text('[tool.groundrules]\npackage = "shop"\n')
    (service / "shop" / "more.py").write_text(OLD)
    commit()

    assert "shop/more.py:1:5" in check("--since", "first")[1]


def test_what_is_no_commit_is_one_sentence(service: Path) -> None:
    for each in ("missing", "--help", "HEAD:back end", "\x1b[2J"):
        status, out, err = check(f"--since={each}")
        assert (status, out, len(err.splitlines())) == (2, [], 1)
        assert "has no commit" in err
    (service.parent / ".git").rename(service.parent / "gone")
    assert "is not in a git repository." in check("--since", "HEAD")[2]
