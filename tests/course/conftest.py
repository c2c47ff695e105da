"""Copies of the course in temporary folders, with their commands."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from groundrules import postgres
from groundrules.course.states import write_state
from groundrules.course.steps import Course

ROOT = Path(__file__).resolve().parents[2]
COURSE = Course(ROOT)
SERVER = cache(lambda: postgres.ensure(ROOT))
GROUNDRULES = (sys.executable, "-c", "from groundrules.cli import main; main()")


@dataclass(frozen=True)
class Copy:
    """A copy of the course, with fresh exercises."""

    root: Path

    @property
    def course(self) -> Course:
        return Course(self.root)

    @property
    def exercises(self) -> Path:
        return self.root / "exercises"

    def file(self, path: str) -> Path:
        return self.root / path

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `groundrules` there, with its output in no terminal."""
        return subprocess.run(
            [*GROUNDRULES, *arguments],
            cwd=self.root,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def pytest(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run pytest there."""
        return subprocess.run(
            [sys.executable, "-m", "pytest", *arguments],
            cwd=self.root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    """A copy of the course that a test may change."""
    root = tmp_path / "my course"
    for name in ("steps", "solution", "tests/wrong", "tests/right"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(ROOT / "pyproject.toml", root)
    write_state(COURSE, 0, root / "exercises")
    return Copy(root)


@pytest.fixture
def beginning(copy: Copy) -> Copy:
    """A copy of which only the first step is ready, so that its checks need no database."""
    for lesson in copy.file("steps").glob("0[2-8]-*/README.md"):
        lesson.unlink()
    return copy


@pytest.fixture(autouse=True)
def _one_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the copies' commands use the repository's own server, instead of starting one each."""
    monkeypatch.setenv("GROUNDRULES_DATABASE_URL", SERVER().dsn_for("postgres"))
