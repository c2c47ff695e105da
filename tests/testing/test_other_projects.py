"""The plugin leaves every run alone that is about no step."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.testing.conftest import ENVIRONMENT, ROOT, SUITE_02, Clone

CONFTEST = """\
import pytest


def pytest_addoption(parser):
    parser.addoption("--app", default="theirs")


@pytest.fixture
def app(request):
    return request.config.getoption("--app")


@pytest.fixture
def code():
    return "code"


@pytest.fixture
def step():
    return "step"
"""
TESTS = """\
def test_the_fixtures_are_ours(app, code, step):
    assert (app, code, step) == ("theirs", "code", "step")
"""


def write_project(project: Clone, folder: str = ".") -> None:
    project.write(f"{folder}/conftest.py", CONFTEST)
    project.write(f"{folder}/test_ours.py", TESTS)


@pytest.fixture
def project(tmp_path: Path) -> Clone:
    """A project that uses the same names, and even has folders of numbered steps."""
    made = Clone(tmp_path / "service")
    write_project(made)
    made.write("steps/01-first/test_ours.py", TESTS)
    return made


@pytest.mark.parametrize("typed", ["steps/01-first", pytest.param("steps", marks=pytest.mark.slow)])
def test_a_project_with_names_like_ours_runs_as_ever(project: Clone, typed: str) -> None:
    run = project.pytest(typed, "--app=theirs")

    assert "1 passed" in run.lines[-1], run
    assert "Checking" not in run.out


def test_a_project_beside_the_steps_runs_as_ever(clone: Clone) -> None:
    write_project(clone, "services/billing")
    clone.write("services/billing/pytest.ini", "[pytest]\n")

    inside = clone.pytest("--app=theirs", below="services/billing")
    outside = clone.pytest("services/billing")

    assert "1 passed" in inside.lines[-1], inside
    assert "1 passed" in outside.lines[-1], outside
    assert "Checking" not in inside.out + outside.out


def test_no_option_is_added_elsewhere(project: Clone, clone: Clone) -> None:
    project.file("conftest.py").unlink()

    assert "groundrules" not in project.pytest("--help", "test_ours.py").out.split("plugins:")[0]
    assert "--groundrules-report" in clone.pytest("--help", "steps/01").out


def test_a_suite_outside_of_any_step_is_not_run(project: Clone) -> None:
    project.write("steps/02-second/test_it.py", SUITE_02)

    run = project.pytest("steps/02-second")

    assert run.status != 0
    assert "INTERNALERROR" not in run.out + run.err


def test_nothing_is_imported_that_another_project_does_not_need(project: Clone) -> None:
    project.write(
        "test_loaded.py",
        "import sys\n\n\ndef test_loaded():\n"
        "    ours = {name for name in sys.modules if name.startswith('groundrules')}\n"
        "    assert ours == {'groundrules', 'groundrules.pytest_plugin'}\n",
    )

    assert "1 passed" in project.pytest("test_loaded.py").lines[-1]


def test_loading_the_plugin_takes_next_to_no_time(tmp_path: Path) -> None:
    measure = (
        "import time, pytest, subprocess, typing; began = time.perf_counter(); "
        "import groundrules.pytest_plugin; print((time.perf_counter() - began) * 1000)"
    )

    times = [
        float(
            subprocess.run(
                [sys.executable, "-c", measure],
                env=ENVIRONMENT,
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=True,
            ).stdout
        )
        for _ in range(3)
    ]

    assert min(times) < 5  # milliseconds


def test_the_projects_own_tests_say_what_to_type_without_their_tools(clone: Clone) -> None:
    clone.write("tests/test_ours.py", "def test_ours():\n    pass\n")
    shutil.copy(ROOT / "tests" / "conftest.py", clone.file("tests"))
    blocked = "import sys; sys.modules['yaml'] = None; import pytest; sys.exit(pytest.main())"

    run = subprocess.run(
        [sys.executable, "-c", blocked],
        cwd=clone.root,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == pytest.ExitCode.USAGE_ERROR
    [line] = [line for line in run.stderr.splitlines() if line]
    assert "python3 course.py test" in line
    assert "pytest steps/01" in line
