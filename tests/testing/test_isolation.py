"""Nothing of the judged folder gets into the process that judges it, however the command is typed."""

import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.testing.conftest import Clone, Run, write_application

PYTEST = Path(sys.executable).with_name("pytest.exe" if sys.platform == "win32" else "pytest")
NONE_PASSES = re.compile(r"^0 of \d+ tests pass,", re.MULTILINE)
PASS_ALL = """\
from pathlib import Path

import pytest

Path(__file__).with_name("loaded").touch()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    report.outcome = "passed"
    report.longrepr = None
    return report
"""
LOADED = """\
import sys
from pathlib import Path

if "_pytest.config" in sys.modules:  # not in the worker, which is to load what lies there
    Path(__file__).with_name("loaded").touch()
"""


@pytest.fixture
def hostile(clone: Clone) -> Clone:
    """The small course, and `mal`: untouched stubs beside a conftest that passes every test."""
    shutil.copytree(clone.file("exercises"), clone.file("mal"))
    clone.write("mal/conftest.py", PASS_ALL)
    clone.write("mal/tests/conftest.py", PASS_ALL)
    return clone


def run_script(
    clone: Clone, *arguments: str, below: str = ".", environment: Mapping[str, str] | None = None
) -> Run:
    """Run the program `pytest`, which puts no working folder on the path."""
    script = replace(clone, start=[str(PYTEST)])
    return script.pytest(*arguments, below=below, environment=environment)


def must_have_judged(run: Run, clone: Clone, folder: str = "mal") -> None:
    """Assert that the stubs were judged as such, and that nothing of the folder was loaded."""
    assert run.status == 1, run
    assert "0 of 3 tests pass" in run.out, run
    assert not list(clone.file(folder).rglob("loaded"))


@pytest.mark.parametrize("below", ["mal", "mal/app", ".", "docs"])
def test_no_conftest_of_the_judged_folder_is_loaded(hostile: Clone, below: str) -> None:
    steps, app = str(hostile.file("steps/01")), str(hostile.file("mal"))

    must_have_judged(run_script(hostile, steps, f"--app={app}", below=below), hostile)


@pytest.mark.parametrize(
    "typed",
    [
        ("steps/01", "--app=mal"),
        ("--app", "mal", "steps/01"),
        ("steps/01", "steps/01-words/test_it.py", "--app=mal"),
        ("--confcutdir=mal", "--rootdir=mal", "--app=mal", "steps/01"),
    ],
)
def test_nor_by_another_way_to_type_it(hostile: Clone, typed: tuple[str, ...]) -> None:
    must_have_judged(run_script(hostile, *typed), hostile)


def test_nor_from_within_the_exercises(hostile: Clone) -> None:
    hostile.write("exercises/conftest.py", PASS_ALL)

    must_have_judged(
        run_script(hostile, "steps/01", below="exercises"), hostile, folder="exercises"
    )


@pytest.mark.parametrize("typed", [(".",), ("steps", "."), ("..", "--app=../mal")])
def test_a_folder_that_holds_the_judged_one_is_not_searched(
    hostile: Clone, typed: tuple[str, ...]
) -> None:
    hostile.write("exercises/conftest.py", PASS_ALL)
    hostile.write("exercises/test_own.py", "def test_own():\n    pass\n")
    hostile.write("mal/test_own.py", "def test_own():\n    pass\n")

    run = run_script(hostile, *typed, below="docs" if typed[0] == ".." else ".")

    assert "Checking" in run.out
    assert "test_own" not in run.out
    assert not list(hostile.root.rglob("loaded"))


def test_tests_of_the_judged_folder_are_no_suite(hostile: Clone) -> None:
    hostile.write("mal/test_own.py", LOADED)

    run = run_script(hostile, "steps/01", "mal/test_own.py", "--app=mal")

    run.must_be_refused("mal/test_own.py", "is not part of a step")
    assert not list(hostile.root.rglob("loaded"))


@pytest.mark.parametrize("name", ["httpx2", "asyncpg", "anyio", "json", "_pytest"])
def test_a_module_that_is_named_as_one_of_ours_is_never_believed(hostile: Clone, name: str) -> None:
    hostile.write(f"mal/{name}.py", LOADED)
    steps = str(hostile.file("steps/01"))

    must_have_judged(run_script(hostile, steps, "--app=.", below="mal"), hostile)
    module = hostile.pytest(steps, "--app=.", below="mal")
    assert module.status != 0
    assert not module.out or NONE_PASSES.search(module.out)


def test_python_dash_m_loads_nothing_of_the_working_folder_either(hostile: Clone) -> None:
    must_have_judged(hostile.pytest(str(hostile.file("steps/01")), "--app=.", below="mal"), hostile)


def test_a_module_that_python_has_loaded_before_ends_the_run(hostile: Clone) -> None:
    hostile.write("mal/colorsys.py", "")

    run = hostile.pytest("-p", "colorsys", str(hostile.file("steps/01")), "--app=.", below="mal")

    assert run.status == 4, run
    assert "no verdict of this run could be trusted" in run.err
    assert "Type: pytest" in run.err


@pytest.mark.parametrize("name", ["sitecustomize", "usercustomize"])
def test_what_python_runs_at_its_start_ends_the_run(hostile: Clone, name: str) -> None:
    hidden = "import sys\nsys.modules.pop(__name__, None)\n"
    hostile.write(f"mal/{name}.py", hidden)

    run = run_script(
        hostile, "steps/01", "--app=mal", environment={"PYTHONPATH": str(hostile.file("mal"))}
    )

    assert run.status == 4, run
    assert f"PYTHONPATH leads to mal/{name}.py" in run.err
    assert "unset PYTHONPATH" in run.err


def test_a_path_that_leads_into_the_judged_folder_is_left_out(hostile: Clone) -> None:
    for name in ("httpx2", "asyncpg", "groundrules"):
        hostile.write(f"mal/{name}.py", LOADED)

    run = run_script(
        hostile, "steps/01", "--app=mal", environment={"PYTHONPATH": str(hostile.file("mal"))}
    )

    assert run.status != 0
    assert not run.out or NONE_PASSES.search(run.out)


def test_a_path_of_ones_own_does_no_harm(clone: Clone) -> None:
    run = run_script(
        clone, "steps/01", "--app=alice", environment={"PYTHONPATH": "alice/exercises"}
    )

    assert "3 tests pass, in" in run.out, run


@pytest.mark.parametrize("settings", ["pytest.ini", "pytest.toml", "tox.ini", "setup.cfg"])
def test_no_settings_of_the_judged_folder_count(hostile: Clone, settings: str) -> None:
    write_settings(hostile, settings, python_functions="no", testpaths="app")

    must_have_judged(run_script(hostile, "../steps/01", "--app=.", below="mal"), hostile)


@pytest.mark.parametrize("settings", ["pytest.ini", "pytest.toml", "tox.ini", "setup.cfg"])
def test_a_plugin_that_such_settings_have_loaded_ends_the_run(
    hostile: Clone, settings: str
) -> None:
    write_settings(hostile, settings, addopts="-p evil", pythonpath=".")
    hostile.write("mal/evil.py", "")

    run = run_script(hostile, "../steps/01", "--app=.", below="mal")

    run.must_be_refused("evil.py", "no verdict of this run could be trusted")


def write_settings(hostile: Clone, file: str, **values: str) -> None:
    section = "tool:pytest" if file == "setup.cfg" else "pytest"
    quote = "'" if file == "pytest.toml" else ""
    lines = [f"{name} = {quote}{value}{quote}" for name, value in values.items()]
    if quote:
        lines = [line.replace("= ", "= [") + "]" for line in lines]
        lines = [line.replace("'-p evil'", "'-p', 'evil'") for line in lines]
    hostile.write(f"mal/{file}", "\n".join([f"[{section}]", *lines, ""]))


def test_settings_that_are_named_are_refused_if_they_are_the_judged_ones(hostile: Clone) -> None:
    hostile.write("mal/pytest.ini", "[pytest]\n")

    run = run_script(hostile, "-c", "mal/pytest.ini", "steps/01", "--app=mal")

    run.must_be_refused("mal/pytest.ini", "leave out -c")


def test_steps_that_came_with_the_judged_folder_are_none(hostile: Clone) -> None:
    shutil.copytree(hostile.file("steps"), hostile.file("mal/steps"))
    hostile.file("mal/steps/01-words/test_it.py").write_text("def test_it():\n    pass\n")

    inside = run_script(hostile, "steps/01", "--app=.", below="mal")
    outside = run_script(hostile, "--app", "mal", "steps/01")

    inside.must_be_refused("belong to the folder that is checked")
    must_have_judged(outside, hostile)


def test_what_the_tool_keeps_is_not_taken_from_the_judged_folder(
    hostile: Clone, tmp_path: Path
) -> None:
    elsewhere = Clone(tmp_path / "handed in", hostile.environment)
    write_application(elsewhere, ".", words='"""Words."""\n')
    elsewhere.write(".groundrules/progress.json", "{}")
    elsewhere.write(".env", "GROUNDRULES_DATABASE_URL=postgresql://nobody@nowhere/none\n")

    run = run_script(
        Clone(elsewhere.root, hostile.environment), str(hostile.file("steps/01")), "--app=."
    )

    assert "01.1 The words" in run.out
    assert run.status == 1
