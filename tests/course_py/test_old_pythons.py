"""A Python that is too old reads one sentence, and it says what to type instead."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.course_py.conftest import ROOT

OLD = ("2.7", "3.6", "3.7", "3.8", "3.9", "3.10")


def old_python(version: str) -> str:
    kept = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}"))
    found = str(kept[-1]) if kept else shutil.which(f"python{version}")
    if found is None:
        pytest.skip(f"Python {version} is not on this machine")
    return found


def start_with(python: str, path: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python, "course.py", "start"],
        cwd=ROOT,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("version", OLD)
def test_an_old_python_is_told_to_install_a_newer_one(version: str, tmp_path: Path) -> None:
    told = start_with(old_python(version), path=str(tmp_path))

    assert told.returncode == 1
    assert len(told.stderr.splitlines()) == 1
    assert f"and this is {version}." in told.stderr
    assert "Install Python 3.11 or newer" in told.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="links a program into a folder")
@pytest.mark.parametrize("version", OLD)
def test_an_old_python_names_a_newer_one_that_is_there(version: str, tmp_path: Path) -> None:
    (tmp_path / "python3.10").symlink_to(sys.executable)
    (tmp_path / "python3.12").symlink_to(sys.executable)

    told = start_with(old_python(version), path=str(tmp_path))

    assert told.stderr.endswith("Type this instead: python3.12 course.py start\n")


@pytest.mark.skipif(sys.platform == "win32", reason="writes a shell script")
def test_an_old_python_names_uv_when_only_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "uv").write_text("#!/bin/sh\nexit 0\n")
    (tmp_path / "uv").chmod(0o755)
    (tmp_path / "python3.12").write_text("#!/bin/sh\nexit 127\n")
    (tmp_path / "python3.12").chmod(0o755)

    told = start_with(old_python("3.10"), path=str(tmp_path))

    assert told.stderr.endswith("Type this instead: uv run groundrules start\n")
