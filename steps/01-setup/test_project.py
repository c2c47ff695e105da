"""Task 01.1: the project file."""

import re
from typing import Any

import pytest

from groundrules.course.steps import Step
from groundrules.testing import task
from groundrules.testing.code import Code

FILE = "pyproject.toml"


@pytest.fixture
def project(code: Code) -> dict[str, Any]:
    project = code.toml(FILE).get("project")
    assert isinstance(project, dict), f"{FILE} has no [project] table."
    return project


@task("01.1", "project-name")
def test_the_project_is_called_library(project: dict[str, Any]) -> None:
    name = project.get("name")
    assert name == "library", f'{FILE} must set name = "library" in [project]; it is {name!r}.'


@task("01.1", "project-version")
def test_the_project_has_a_version(project: dict[str, Any]) -> None:
    dynamic = project.get("dynamic", [])
    assert "version" in project or "version" in dynamic, f"{FILE} has no version in [project]."


@task("01.1", "requires-python")
def test_the_project_asks_for_python_3_11(project: dict[str, Any], code: Code, step: Step) -> None:
    assert "requires-python" in project, f"{FILE} has no requires-python in [project]."
    code.must_keep("GR101", until=step, file=FILE)


@task("01.1", "dependencies")
@pytest.mark.parametrize("package", ["fastapi", "pydantic-settings", "uvicorn"])
def test_the_project_depends_on(package: str, project: dict[str, Any]) -> None:
    dependencies = project.get("dependencies")
    assert isinstance(dependencies, list), f"{FILE} has no list of dependencies in [project]."
    names = {_name_of(requirement) for requirement in dependencies}
    assert package in names, f"The dependencies in {FILE} do not name {package}."


def _name_of(requirement: object) -> str:
    """Return the normalised name of a requirement such as `FastAPI[standard]>=0.165; …`."""
    name = re.match(r"\s*([A-Za-z0-9._-]*)", str(requirement))
    assert name is not None
    return re.sub(r"[-_.]+", "-", name[1]).lower()
