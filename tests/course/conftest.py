"""Copies of the course in temporary folders, with their commands."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from groundrules import postgres
from groundrules.course.states import write_state
from groundrules.course.steps import Course
from tests.processes import GROUNDRULES, PYTEST, run

ROOT = Path(__file__).resolve().parents[2]
COURSE = Course(ROOT)
SERVER = cache(lambda: postgres.ensure(ROOT))


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
        return run([*GROUNDRULES, *arguments], cwd=self.root, env={**os.environ, **environment})

    def pytest(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run pytest there."""
        return run([*PYTEST, *arguments], cwd=self.root)


def copy_versions(root: Path) -> None:
    """Copy the versions of the first step, which is the only one whose are looked at in a copy."""
    for kind in ("wrong", "right"):
        (root / "tests" / kind).mkdir(parents=True)
        for version in (ROOT / "tests" / kind).glob("01-*.toml"):
            shutil.copy2(version, root / "tests" / kind)


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    """A copy of the course, without the versions, that a test may change."""
    root = tmp_path / "my course"
    for name in ("steps", "solution"):
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
