"""How the application is deployed: containers, pinned packages and the environment they get."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.core.config import Settings

ROOT = Path(__file__).parents[2]
SOLUTION = ROOT / "solution"


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    """The services of docker-compose.yml."""
    services: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())[
        "services"
    ]
    return services


def test_the_database_is_postgresql_15(services: dict[str, dict[str, Any]]) -> None:
    assert services["postgres"]["image"] == "postgres:15"


def test_migrations_are_over_before_the_application_starts(
    services: dict[str, dict[str, Any]],
) -> None:
    assert services["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert services["migrate"]["command"] == ["alembic", "upgrade", "head"]
    assert services["api"]["depends_on"] == {
        "migrate": {"condition": "service_completed_successfully"}
    }


def test_the_application_can_be_scaled(services: dict[str, dict[str, Any]]) -> None:
    api = services["api"]

    assert "container_name" not in api
    [port] = api["ports"]
    first, last = re.fullmatch(r"127\.0\.0\.1:(\d+)-(\d+):8000", port).groups()  # type: ignore[union-attr]
    assert int(last) - int(first) >= 3


def test_no_secret_has_a_default(services: dict[str, dict[str, Any]]) -> None:
    for name in ("migrate", "api"):
        assert services[name]["environment"]["SECRET_KEY"] == "${SECRET_KEY:-}"


@pytest.mark.parametrize("name", ["migrate", "api"])
def test_containers_get_only_what_the_settings_know(
    services: dict[str, dict[str, Any]], name: str
) -> None:
    known = {field.upper() for field in Settings.model_fields}

    assert set(services[name]["environment"]) <= known


def test_the_example_environment_names_every_setting() -> None:
    named = re.findall("^([A-Z_]+)=", (SOLUTION / ".env.example").read_text(), re.MULTILINE)

    assert sorted(named) == sorted(field.upper() for field in Settings.model_fields)


def test_what_is_built_is_there(services: dict[str, dict[str, Any]]) -> None:
    for service in services.values():
        build = service.get("build")
        if isinstance(build, str):
            assert (ROOT / build / "Dockerfile").is_file()
        elif build:
            assert (ROOT / build["context"] / build["dockerfile"]).is_file()


def test_the_application_runs_as_an_ordinary_user_and_brings_only_what_it_needs() -> None:
    *_, last = (SOLUTION / "Dockerfile").read_text().split("\nFROM ")
    ignored = (SOLUTION / ".dockerignore").read_text().splitlines()

    assert re.search(r"\nUSER [1-9]\d+\n", last)
    assert "pip install" not in last
    assert ignored[0] == "*"
    assert all((SOLUTION / line[1:]).exists() for line in ignored if line.startswith("!"))


def test_the_pinned_packages_are_the_tested_ones() -> None:
    locked = {
        package["name"]: package["version"]
        for package in tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    }
    lines = (SOLUTION / "requirements.txt").read_text().splitlines()
    pinned = dict(line.split(" ;")[0].split("==") for line in lines if not line.startswith("#"))

    assert pinned == {name: locked[name] for name in pinned}
    project = tomllib.loads((SOLUTION / "pyproject.toml").read_text())["project"]
    assert {re.split(r"[>\[]", each)[0] for each in project["dependencies"]} <= set(pinned)
