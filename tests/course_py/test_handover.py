"""Once the environment is there, `course.py` gets out of the way."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.course_py.conftest import NO_NETWORK, ROOT, Clone


def test_alone_it_teaches_its_commands(clone: Clone) -> None:
    alone, asked = clone.run(), clone.run("--help")

    assert (alone.returncode, alone.stdout) == (0, asked.stdout)
    assert "course.py start" in alone.stdout
    assert "course.py test" in alone.stdout
    assert not clone.venv.exists()


def test_it_needs_nothing_that_is_not_in_the_standard_library(clone: Clone) -> None:
    modules = [f"groundrules.bootstrap.{name}" for name in ("command", "environment", "installer")]
    code = f"import sys; sys.path.insert(0, 'src'); import {', '.join(modules)}"

    imported = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], cwd=clone.folder, capture_output=True, check=False
    )

    assert imported.returncode == 0, imported.stderr


def test_a_second_run_needs_neither_network_nor_uv_and_adds_no_word(ready_clone: Clone) -> None:
    again = ready_clone.run("groundrules", "--help", environ={"PATH": os.defpath, **NO_NETWORK})

    assert (again.returncode, again.stderr) == (0, "")
    assert "Usage: groundrules" in again.stdout


def test_it_works_from_any_folder(ready_clone: Clone, tmp_path: Path) -> None:
    elsewhere = ready_clone.run("groundrules", "--help", cwd=tmp_path)

    assert elsewhere.returncode == 0
    assert not list(tmp_path.iterdir())


def test_pytest_gets_its_arguments_input_and_exit_status_through(
    ready_clone: Clone, tmp_path: Path
) -> None:
    test = tmp_path / "test two words.py"
    test.write_text(
        "import sys\ndef test_it():\n    print(sys.stdin.read())\n    assert False, 'so be it'\n"
    )

    ran = ready_clone.run(
        "pytest", "-s", "-p", "no:groundrules", str(test), cwd=tmp_path, stdin="typed in"
    )

    assert ran.returncode == 1
    assert "typed in" in ran.stdout
    assert "so be it" in ran.stdout


def test_any_other_word_goes_to_groundrules(ready_clone: Clone) -> None:
    ran = ready_clone.run("no-such-command")

    assert ran.returncode == 2
    assert "no-such-command" in ran.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no exec")
def test_the_program_takes_its_place_so_that_signals_reach_it(
    ready_clone: Clone, tmp_path: Path
) -> None:
    pid = tmp_path / "pid"
    test = tmp_path / "test_wait.py"
    told = f"pathlib.Path({str(pid)!r}).write_text(str(os.getpid()))"
    killed = "os.kill(os.getpid(), signal.SIGTERM)"
    test.write_text(f"import os, pathlib, signal\ndef test_it():\n    {told}\n    {killed}\n")

    running = ready_clone.start("pytest", str(test))
    running.communicate(timeout=60)

    assert running.returncode == -signal.SIGTERM
    assert pid.read_text() == str(running.pid)


def test_tests_run_without_the_slow_ones_unless_all_are_asked_for(
    clone: Clone, tmp_path: Path
) -> None:
    for old in sorted((clone.folder / "tests").rglob("*.py")):
        old.unlink()
    quick = "def test_quick(): pass\n"
    slow = "@pytest.mark.slow\ndef test_slow(): pass\n"
    (clone.folder / "tests" / "test_two.py").write_text(f"import pytest\n{quick}{slow}")

    everything = clone.run("test", "--all", "-q", cwd=tmp_path)  # the slow ones need more packages
    everyday = clone.run("test", "-q", cwd=tmp_path)

    assert "1 passed, 1 deselected" in everyday.stdout, everyday.stdout + everyday.stderr
    assert "2 passed" in everything.stdout
    assert "Installing" not in everyday.stderr


def test_what_it_installs_is_what_the_lock_says(ready_clone: Clone) -> None:
    code = (
        "import importlib.metadata as m, json;"
        "print(json.dumps({d.name.lower(): d.version for d in m.distributions()}))"
    )
    python = ready_clone.venv / ("Scripts/python" if os.name == "nt" else "bin/python")

    told = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=True)

    installed = json.loads(told.stdout)
    locked = (ROOT / "uv.lock").read_text(encoding="utf-8")
    assert {"fastapi", "pytest", "sqlalchemy"} <= set(installed)
    assert "mypy" not in installed
    for name, version in installed.items():
        assert f'name = "{name.replace("_", "-")}"\nversion = "{version}"' in locked
