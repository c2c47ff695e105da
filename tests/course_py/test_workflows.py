"""The workflows: what they use is pinned, and they test on every Python that the project supports."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PINNED = re.compile(r"uses: [\w.-]+(/[\w.-]+)+@[0-9a-f]{40}  # v\d+\.\d+\.\d+$")


@pytest.mark.parametrize("file", [*WORKFLOWS, ROOT / "action.yml"], ids=lambda file: file.name)
def test_every_action_is_pinned_by_commit(file: Path) -> None:
    used = [line for line in file.read_text("utf-8").splitlines() if "uses: " in line]

    assert used
    assert [line for line in used if not PINNED.search(line)] == []


def test_ci_tests_on_every_supported_python() -> None:
    ci: Any = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8"))
    matrix = ci["jobs"]["test"]["strategy"]["matrix"]
    [apart] = (
        step["with"]["python-version"]
        for step in ci["jobs"]["everything"]["steps"]
        if "python-version" in step.get("with", {})
    )
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    supported = re.findall(r"Python :: (3\.\d+)", "\n".join(project["classifiers"]))

    assert sorted({*matrix["python"], apart}) == sorted(supported)


def test_a_release_publishes_what_was_tested_without_a_secret() -> None:
    release: Any = yaml.safe_load(
        (ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8")
    )
    build, publish = release["jobs"]["build"], release["jobs"]["publish"]

    assert release["permissions"] == {"contents": "read"}
    assert build["permissions"]["attestations"] == "write"
    assert publish["permissions"] == {"id-token": "write"}
    assert (publish["needs"], publish["environment"]) == ("build", "pypi")
    assert not any("run" in step for step in publish["steps"])  # no code of ours has the token
    assert "secrets." not in str(release)
    runs = [step.get("run", "") for step in build["steps"]]
    order = [
        next(i for i, run in enumerate(runs) if each in run) for each in (".ci/run", "uv build")
    ]
    assert order == sorted(order)


def test_a_release_needs_the_tag_of_its_version(tmp_path: Path) -> None:
    release: Any = yaml.safe_load(
        (ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8")
    )
    (check,) = (
        each["run"] for each in release["jobs"]["build"]["steps"] if "CHECK" in each.get("run", "")
    )
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    (tmp_path / "python").symlink_to(sys.executable)

    def status(tag: str) -> int:
        environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "GITHUB_REF_NAME": tag}
        return subprocess.run(
            ["bash", "-ec", check], cwd=ROOT, env=environment, check=False
        ).returncode

    assert status(f"v{version}") == 0
    assert status("v99.0.0") == 1


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_what_a_workflow_runs_is_there(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    named = re.findall(
        r"(?:bash|python) ([\w./-]+(?:\.py|/run))|(tests/[\w/]+\.py)|-m (tests\.\w+)", text
    )

    assert named
    for script, test, module in named:
        path = ROOT / (script or test or module.replace(".", "/"))
        assert path.exists(), path
