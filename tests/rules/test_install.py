"""The tool as a team installs it: small, from a wheel or an sdist, into an environment of its own."""

import json
import os
import subprocess
import sys
import tomllib
import venv
from importlib import util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_check_needs_two_packages_and_the_course_is_an_extra() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))

    names = {each.partition(">")[0] for each in project["project"]["dependencies"]}
    assert names == {"packaging", "typer"}
    assert any(
        each.startswith("fastapi") for each in project["project"]["optional-dependencies"]["course"]
    )
    assert "groundrules[course]" in project["dependency-groups"]["dev"]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    uv = next(iter(ROOT.glob(".tools/uv-*/bin/uv")), None)
    if uv is None or util.find_spec("ensurepip") is None:
        pytest.skip("This needs the uv of course.py, and a Python with ensurepip.")
    folder = tmp_path_factory.mktemp("built")
    subprocess.run([uv, "build", "--quiet", "--out-dir", folder, ROOT], check=True)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["*.whl", "*.tar.gz"])
def test_it_installs_and_runs_in_an_environment_of_its_own(
    built: Path, kind: str, tmp_path: Path
) -> None:
    venv.create(tmp_path / "python", with_pip=True)
    python = tmp_path / "python" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    (archive,) = built.glob(kind)
    pip = [str(python), "-m", "pip"]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}

    def run(*args: str, cwd: Path = tmp_path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            args, capture_output=True, text=True, env=environment, cwd=cwd, check=False
        )

    def groundrules(*args: str, cwd: Path = tmp_path) -> subprocess.CompletedProcess[str]:
        return run(str(python.with_name("groundrules")), *args, cwd=cwd)

    assert run(*pip, "install", "--quiet", str(archive)).returncode == 0
    listed = {each["name"] for each in json.loads(run(*pip, "list", "--format=json").stdout)}
    assert not listed & {"fastapi", "SQLAlchemy", "sqlalchemy", "pytest", "asyncpg", "uvicorn"}
    assert len(listed) < 20
    assert run(*pip, "check").returncode == 0

    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "sums.py").write_text("def total(prices) -> int: ...\n")
    done = groundrules("check")
    assert done.returncode == 1
    assert "Docs  groundrules rules GR201" in done.stdout
    assert groundrules("rules", "GR201").returncode == 0
    assert groundrules("baseline").returncode == groundrules("check").returncode == 0
    assert groundrules("--version").stdout.startswith("groundrules ")
    done = groundrules("start")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)

    course = groundrules("serve", cwd=ROOT)
    assert (course.returncode, len(course.stderr.splitlines())) == (2, 1)
    assert "`python3 course.py start`, which installs them" in course.stderr


@pytest.mark.slow
def test_the_pytest_plugin_loads_nothing_outside_a_clone(tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text(
        "import sys\n\n\ndef test_one():\n"
        "    loaded = {each for each in sys.modules if each.startswith('groundrules')}\n"
        "    assert loaded == {'groundrules', 'groundrules.pytest_plugin'}\n"
    )

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "."],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )

    assert done.returncode == 0, done.stdout
