"""What an application imports must be brought by the packages that its project file names."""

from pathlib import Path

import pytest

from groundrules.testing.packages import undeclared


def found(folder: Path, source: str, *dependencies: object) -> list[tuple[str, str, str]]:
    (folder / "app").mkdir()
    (folder / "app" / "main.py").write_text(source, encoding="utf-8")
    return list(undeclared(folder, dependencies))


@pytest.mark.parametrize(
    ("source", "module", "package"),
    [
        ("import fastapi", "fastapi", "fastapi"),
        ("from sqlalchemy.ext import asyncio", "sqlalchemy", "sqlalchemy"),
        ("def later():\n    import jose.jwt", "jose", "python-jose"),
    ],
)
def test_what_nothing_brings_is_told_with_its_package(
    tmp_path: Path, source: str, module: str, package: str
) -> None:
    assert found(tmp_path, source, "uvicorn") == [("app/main.py", module, package)]


@pytest.mark.parametrize(
    ("source", "dependency"),
    [
        pytest.param("import fastapi", "FastAPI[standard] >= 0.100", id="another spelling"),
        pytest.param("import jose", "python_jose", id="a package named otherwise"),
        pytest.param("import starlette.status, pydantic", "fastapi", id="what a package needs"),
        pytest.param("import greenlet", "sqlalchemy[asyncio]", id="what an extra needs"),
        pytest.param("import asyncio, tomllib", "uvicorn", id="the standard library"),
        pytest.param("from app.core import config", "uvicorn", id="the application"),
        pytest.param("from . import main", "uvicorn", id="its own package"),
        pytest.param("import tools", "uvicorn", id="a module beside it"),
        pytest.param("import not_installed_anywhere", "uvicorn", id="what is not there"),
        pytest.param(
            "try:\n    import fastapi\nexcept ImportError:\n    fastapi = None",
            "uvicorn",
            id="may fail",
        ),
        pytest.param(
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import fastapi",
            "uvicorn",
            id="for type checkers",
        ),
        pytest.param("import fastapi (", "uvicorn", id="what is no Python"),
    ],
)
def test_what_is_brought_or_needs_no_package_is_left_alone(
    tmp_path: Path, source: str, dependency: str
) -> None:
    (tmp_path / "tools.py").touch()

    assert found(tmp_path, source, dependency) == []


def test_what_is_no_requirement_brings_nothing(tmp_path: Path) -> None:
    told = found(tmp_path, "import fastapi", "fast api!", 5, None)

    assert told == [("app/main.py", "fastapi", "fastapi")]


def test_migrations_are_looked_at_too(tmp_path: Path) -> None:
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "env.py").write_text("import alembic\n", encoding="utf-8")
    (tmp_path / "alembic.ini").touch()

    assert found(tmp_path, "") == [("migrations/env.py", "alembic", "alembic")]
