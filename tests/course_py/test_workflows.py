"""The workflows: what they use is pinned, and they test on every Python that the project supports."""

import re
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
