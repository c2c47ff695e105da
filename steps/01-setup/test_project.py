"""Task 01.1: the project file."""

from typing import Any

import pytest
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from groundrules.course.steps import Step
from groundrules.testing import task
from groundrules.testing.code import Code
from groundrules.testing.packages import by_environment, installed_by

FILE = "pyproject.toml"
# Where a backend that has no plugins may be told the version: keys of a table below [tool], or a file.
SOURCES = {
    "hatchling": (("hatch",), {"version", "metadata"}, ("hatch.toml",)),
    "setuptools": (("setuptools", "dynamic"), {"version"}, ("setup.cfg", "setup.py")),
}


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
def test_the_project_has_a_version(project: dict[str, Any], code: Code) -> None:
    if "version" in project.get("dynamic", []):
        assert _computes_version(code), (
            f"The version in {FILE} is `dynamic`, and no [build-system] computes it: write "
            'version = "0.1.0" in [project] instead.'
        )
        return
    assert "version" in project, f"{FILE} has no version in [project]."
    try:
        Version(project["version"])
    except (InvalidVersion, TypeError):
        raise AssertionError(
            f'{FILE} must set the version in [project] to a version number, such as "0.1.0"; it is '
            f"{project['version']!r}."
        ) from None


@task("01.1", "requires-python")
def test_the_project_asks_for_python_3_11(project: dict[str, Any], code: Code, step: Step) -> None:
    assert "requires-python" in project, f"{FILE} has no requires-python in [project]."
    code.must_keep("GR101", until=step, file=FILE)


@task("01.1", "dependencies")
@pytest.mark.parametrize("package", ["fastapi", "pydantic-settings", "uvicorn"])
def test_the_project_depends_on(package: str, project: dict[str, Any]) -> None:
    dependencies = project.get("dependencies")
    assert isinstance(dependencies, list), f"{FILE} has no list of dependencies in [project]."
    found = {_name_of(each) for each in dependencies} | installed_by(dependencies)
    assert package in found, (
        f"The dependencies in {FILE} name neither {package} nor a package that installs it."
    )
    for where, there in by_environment(dependencies, str(project.get("requires-python", ""))):
        assert package in {_name_of(each) for each in there} | installed_by(there), (
            f"By its marker, {package} in the dependencies of {FILE} is not installed {where}."
        )


def _name_of(requirement: object) -> str:
    """Return the normalized name of a requirement such as `FastAPI[standard]>=0.165; …`."""
    try:
        return canonicalize_name(Requirement(str(requirement)).name)
    except InvalidRequirement:
        raise AssertionError(
            f'{requirement!r} in the dependencies of {FILE} is not a requirement, such as "fastapi>=0.165".'
        ) from None


def _computes_version(code: Code) -> bool:
    """Whether a build computes the version, as far as that shows without one."""
    content = code.toml(FILE)
    system = content.get("build-system")
    if not isinstance(system, dict):
        return False
    backend = str(system.get("build-backend", "setuptools")).partition(".")[0]
    needed = {_name_of(each) for each in system.get("requires", [])} - {"wheel"}
    if backend not in SOURCES or needed - {backend}:
        return True
    tables, keys, files = SOURCES[backend]
    told = content.get("tool", {})
    for table in tables:
        told = told.get(table, {})
    return bool(told.keys() & keys) or any(map(code.has, files))
