"""pytest of another environment, which knows nothing of the course."""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.testing.conftest import ROOT

PACKAGES = ("_pytest", "iniconfig", "packaging", "pluggy", "py", "pygments", "pytest")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    root = tmp_path / "my course"
    for name in ("conftest.py", "pyproject.toml"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, root)
    shutil.copytree(ROOT / "steps" / "01-setup", root / "steps" / "01-setup")
    (root / "exercises").mkdir()
    return root


def run(folder: Path, packages: Path, argument: str) -> subprocess.CompletedProcess[str]:
    """Run a pytest that finds nothing but its own packages."""
    packages.mkdir()
    for name in PACKAGES:
        found = find_spec(name)
        assert found is not None
        assert found.origin is not None
        origin = Path(found.origin)
        origin = origin.parent if origin.name == "__init__.py" else origin
        (packages / origin.name).symlink_to(origin)
    return subprocess.run(
        [sys.executable, "-S", "-m", "pytest", argument],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(packages)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("below", "argument", "script"),
    [
        (".", "steps/01", ".venv/bin/activate"),
        ("exercises", "../steps/01", "../.venv/bin/activate"),
    ],
)
def test_the_environment_is_named_in_one_sentence(
    clone: Path, tmp_path: Path, below: str, argument: str, script: str
) -> None:
    (clone / ".venv" / "bin").mkdir(parents=True)
    activate = clone / ".venv" / "bin" / "activate"
    activate.write_text(f"VIRTUAL_ENV='{clone / '.venv'}'\n", encoding="utf-8")

    ended = run(clone / below, tmp_path / "packages", argument)

    assert ended.returncode == 4
    assert ended.stderr == (
        "ERROR: This is not the course's pytest, which is in its own environment. Type this, and then "
        f"try again: source '{script}'\n\n"
    )


def test_a_course_that_was_never_set_up_is_to_be_set_up(clone: Path, tmp_path: Path) -> None:
    ended = run(clone, tmp_path / "packages", "steps/01")

    assert ended.returncode == 4
    assert ended.stderr.startswith("ERROR: The course is not installed yet.")
    assert ended.stderr.endswith("python3 course.py start\n\n")
    assert len(ended.stderr.splitlines()) == 2


def test_a_course_that_was_moved_is_to_be_set_up_again(clone: Path, tmp_path: Path) -> None:
    (clone / ".venv" / "bin").mkdir(parents=True)
    activate = clone / ".venv" / "bin" / "activate"
    activate.write_text("VIRTUAL_ENV='/home/ada/old place/.venv'\n", encoding="utf-8")

    ended = run(clone, tmp_path / "packages", "steps/01")

    assert ended.returncode == 4
    assert ended.stderr.startswith("ERROR: The course was moved after it was installed.")
    assert "python3 course.py start" in ended.stderr
    assert len(ended.stderr.splitlines()) == 2
