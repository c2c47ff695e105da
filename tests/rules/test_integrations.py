"""What holds a team's own service to the rules: the hook for pre-commit and the action for GitHub."""

import dataclasses
import json
import os
import subprocess
import sys
import tomllib
import venv
from importlib import util
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from groundrules.rules.report.entries import Entry, Key
from groundrules.terminal import Format

ROOT = Path(__file__).parents[2]


def read(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text("utf-8"))


def scripts() -> dict[str, str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return dict(project["scripts"])


def test_the_hook_runs_a_command_that_the_package_installs() -> None:
    (hook,) = read(".pre-commit-hooks.yaml")

    program, command = hook["entry"].split()
    assert (hook["id"], hook["language"], hook["pass_filenames"]) == (
        "groundrules",
        "python",
        False,
    )
    assert program in scripts()
    done = subprocess.run(
        [sys.executable, "-m", "groundrules", command, "--help"],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0


def test_the_action_gives_each_input_to_its_step_by_a_variable() -> None:
    action = read("action.yml")

    setup, check, upload = action["runs"]["steps"]
    assert (action["runs"]["using"], check["shell"]) == ("composite", "bash")
    given = {*setup["with"].values(), *check["env"].values()}
    assert given == {
        f"${{{{ inputs.{name} }}}}" for name in action["inputs"] if name != "code-scanning"
    }
    assert "${{" not in check["run"]
    assert "inputs.code-scanning == 'true'" in upload["if"]


def test_the_template_for_gitlab_checks_and_reports(tmp_path: Path) -> None:
    (job,) = yaml.safe_load((ROOT / "docs" / "examples" / "gitlab-ci.yml").read_text()).values()
    (tmp_path / "backend" / "app").mkdir(parents=True)
    (tmp_path / "backend" / "app" / "sums.py").write_text(
        "def total(prices) -> int:\n    return 0\n"
    )
    (script,) = job["script"]
    program = tmp_path / "groundrules"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m groundrules "$@"\n')
    program.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"

    done = subprocess.run(
        ["sh", "-ec", script], cwd=tmp_path, env={**os.environ, "PATH": path}, check=False
    )

    assert done.returncode == 1
    report = json.loads((tmp_path / job["artifacts"]["reports"]["codequality"]).read_text("utf-8"))
    assert [each["check_name"] for each in report] == ["GR201"]
    assert job["artifacts"]["when"] == "always"


def test_the_documentation_shows_every_input_setting_and_format() -> None:
    examples = [each for each in (ROOT / "docs" / "examples").iterdir() if each.is_file()]
    page = "".join(path.read_text("utf-8") for path in (ROOT / "docs" / "own-code.md", *examples))

    formats = [f"`{each}`" for each in get_args(Format) if each != "text"]
    shown = (*read("action.yml")["inputs"], "[tool.groundrules]", "select", "ignore", *formats)
    assert [each for each in shown if each not in page] == []


def test_the_reference_lists_every_setting_and_every_key_of_a_baseline() -> None:
    reference = ROOT / "docs" / "reference"
    schema = json.loads((reference / "groundrules.schema.json").read_text("utf-8"))
    keys = [
        *schema["properties"],
        *(field.name for field in dataclasses.fields(Entry)),
        *Key._fields,
    ]
    page = (reference / "settings.md").read_text("utf-8")

    assert [
        each for each in keys if f"| `{each}` |" not in page and each not in ("key", "line")
    ] == []


def test_the_commands_of_the_guide_bring_a_red_service_to_green(tmp_path: Path) -> None:
    """Each command is run as printed, in order, where a service is."""
    guide = (ROOT / "docs" / "guides" / "adopting.md").read_text("utf-8")
    commands = [line for line in guide.splitlines() if line.startswith("groundrules ")]
    (tmp_path / "backend" / "app").mkdir(parents=True)
    (tmp_path / "backend" / "pyproject.toml").touch()
    code = tmp_path / "backend" / "app" / "sums.py"
    code.write_text("def total(prices) -> int:\n    return 0\n")

    def run(command: str) -> int:
        words = [
            sys.executable,
            "-m",
            "groundrules",
            *command.split()[1:],
        ]
        return subprocess.run(words, capture_output=True, cwd=tmp_path, check=False).returncode

    assert [run(each) for each in commands] == [1, 0, 0]
    code.write_text(code.read_text() + "\n\ndef new(prices): ...\n")
    assert run(commands[-1]) == 1


@pytest.fixture
def python(tmp_path: Path) -> Path:
    if util.find_spec("ensurepip") is None:
        pytest.skip("This Python has no ensurepip, so it cannot install anything.")
    venv.create(tmp_path / "python", with_pip=True)
    return tmp_path / "python" / "bin"


@pytest.mark.slow
def test_the_action_checks_with_what_it_installs_alone(python: Path, tmp_path: Path) -> None:
    service = tmp_path / "my service"
    (service / "app").mkdir(parents=True)
    (service / "app" / "sums.py").write_text("def total(prices) -> int:\n    return 0\n")
    (service / "shop").mkdir()
    (service / "shop" / "sums.py").write_text("def total() -> int:\n    return 0\n")
    command = read("action.yml")["runs"]["steps"][1]["run"]
    written = {name: tmp_path / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    given = {
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_ACTION_PATH": str(ROOT),
        "CHECKED": str(service),
        **{name: str(path) for name, path in written.items()},
    }

    def run(package: str) -> subprocess.CompletedProcess[bytes]:
        path = f"{python}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, **given, "PATH": path, "PACKAGE": package}
        shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", command]
        return subprocess.run(shell, capture_output=True, env=environment, check=False)

    found, clean = run(""), run("shop")

    assert found.stdout.decode().startswith("::error file=")
    assert "1  GR201  type-hints" in written["GITHUB_STEP_SUMMARY"].read_text("utf-8")
    sarif = written["GITHUB_OUTPUT"].read_text("utf-8").splitlines()[0].removeprefix("sarif=")
    assert json.loads(Path(sarif).read_text("utf-8"))["runs"]
    assert (found.returncode, clean.returncode, clean.stdout) == (1, 0, b"")
    assert not list((tmp_path / "groundrules").glob("fastapi"))
