"""What a team may set for single rules, and that a suite of the course honours none of it."""

from pathlib import Path

import pytest

from groundrules.rules import Finding, check_project

HANDLER = '''
from fastapi import APIRouter, HTTPException

router = APIRouter()


@router.get("/items")
async def list_items() -> None:
    """List."""
    raise HTTPException(status_code={code})
'''
MODEL = """
from datetime import datetime

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    created: Mapped[datetime] = mapped_column()


class Item(Base):
    __tablename__ = "items"

    id: Mapped[int] = mapped_column(primary_key=True)
"""
BRANCHES = "def f(a: int) -> int:\n" + "".join(
    f"    if a == {each}:\n        return {each}\n" for each in range(7)
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "app").mkdir()
    return tmp_path


def write(project: Path, path: str, text: str, settings: str = "") -> None:
    (project / "app" / path).parent.mkdir(parents=True, exist_ok=True)
    (project / "app" / path).write_text(text)
    (project / "pyproject.toml").write_text(f"[tool.groundrules]\n{settings}\n")


def found(project: Path, rule: str) -> list[Finding]:
    suite = check_project(project, package="app", honour_ignores=False, select=[rule])
    assert len(suite.findings) > 0, "a suite honours the option"
    return list(check_project(project, select=[rule]).findings)


def test_more_status_codes_may_be_agreed_on(project: Path) -> None:
    write(project, "api/items.py", HANDLER.format(code=409), "status-codes = [409, 422]")
    assert found(project, "GR502") == []

    write(project, "api/items.py", HANDLER.format(code=418), "status-codes = [422, 409]")
    (finding,) = found(project, "GR502")
    assert finding.fix.endswith("This project allows 409, 422 too.")


@pytest.mark.parametrize("folder", ["routers", "web/endpoints"])
def test_handlers_may_have_another_package(project: Path, folder: str) -> None:
    setting = f'folders = {{api = ["{folder}", "./more/"]}}'
    for each in (folder, "more", f"{folder}/v1"):
        write(project, f"{each}/items.py", HANDLER.format(code=404), setting)
    assert found(project, "GR303") == []

    write(project, "api/items.py", HANDLER.format(code=404), setting)
    write(project, f"{folder}_of_old/items.py", HANDLER.format(code=404), setting)
    first, second = check_project(project, select=["GR303"]).findings
    assert first.message.endswith(f"is defined outside app/{folder}/.")
    assert f"`{folder}` package" in first.fix
    assert {first.path, second.path} == {"app/api/items.py", f"app/{folder}_of_old/items.py"}


@pytest.mark.parametrize(
    ("rule", "name", "text"),
    [
        ("GR301", "models", MODEL),
        (
            "GR302",
            "schemas",
            HANDLER.format(code=404).replace("-> None", "-> 'Out'")
            + "\n\nfrom pydantic import BaseModel\n\n\nclass Out(BaseModel):\n    name: str\n",
        ),
        (
            "GR305",
            "core",
            "from pydantic_settings import BaseSettings\n\n\nclass S(BaseSettings): ...\n",
        ),
    ],
)
def test_the_other_packages_may_have_another_name(
    project: Path, rule: str, name: str, text: str
) -> None:
    write(project, "elsewhere/things.py", text, f'folders = {{{name} = ["elsewhere"]}}')
    assert found(project, rule) == []

    write(project, "other/things.py", text, f'folders = {{{name} = ["elsewhere"]}}')
    assert {each.path for each in found(project, rule)} == {"app/other/things.py"}
    for each in check_project(project, select=[rule]).findings:
        assert "app/elsewhere/" in each.message
        assert "`elsewhere` package" in each.fix


def test_the_complexity_is_the_teams(project: Path) -> None:
    write(project, "core/f.py", BRANCHES, "complexity = 9")
    assert found(project, "GR205") == []

    write(project, "core/f.py", BRANCHES, "complexity = 8")
    assert len(found(project, "GR205")) == 1


def test_timestamps_may_have_other_names(project: Path) -> None:
    write(project, "models/item.py", MODEL, 'timestamps = ["created"]')
    assert found(project, "GR402") == []

    for setting, what in (
        ('["created", "changed"]', "no `changed` column"),
        ('["made", "changed"]', "neither a `made` nor a `changed` column"),
        ('["a", "b", "c"]', "no `a` column"),
    ):
        write(project, "models/item.py", MODEL, f"timestamps = {setting}")
        assert {each.message for each in found(project, "GR402")} == {f"`Item` has {what}."}
