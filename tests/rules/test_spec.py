"""The rules and the team's clauses agree, and the clauses' own example keeps every rule."""

import re
from pathlib import Path

import pytest

from groundrules.course.steps import Course, Step
from groundrules.rules import check_project
from groundrules.rules.registry import all_rules
from groundrules.rules.rule import Rule

ROOT = Path(__file__).parents[2]
SPEC = ROOT / "docs" / "spec.md"
ROW = re.compile(
    r"^\| `([\w.-]+)` \|.*\| ((?:\[GR\d{3}\]\(rules/GR\d{3}\.md\)(?:, )?)+) \|$", re.MULTILINE
)

EXAMPLE = {
    "app/api/users.py": '''
from fastapi import APIRouter, Depends, HTTPException, status
from sqlalchemy.ext.asyncio import AsyncSession
from app.api.deps import get_db
from app.schemas.user import UserCreate, UserResponse
from app.services import user_service

router = APIRouter()

@router.post("/", response_model=UserResponse, status_code=status.HTTP_201_CREATED)
async def create_user(
    user_in: UserCreate,
    db: AsyncSession = Depends(get_db)
) -> UserResponse:
    """
    Create a new user.
    """
    user = await user_service.get_by_email(db, email=user_in.email)
    if user:
        raise HTTPException(
            status_code=status.HTTP_400_BAD_REQUEST,
            detail="The user with this email already exists in the system.",
        )
    user = await user_service.create(db, obj_in=user_in)
    return user
''',
    "app/api/deps.py": """
from collections.abc import AsyncIterator

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.database import async_session


async def get_db() -> AsyncIterator[AsyncSession]:
    async with async_session() as session:
        yield session
""",
    "app/core/database.py": """
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

engine = create_async_engine("postgresql+asyncpg://library@localhost/library")
async_session = async_sessionmaker(engine, expire_on_commit=False)
""",
    "app/models/base.py": """
from datetime import datetime

from sqlalchemy import DateTime, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), onupdate=func.now()
    )
""",
    "app/models/user.py": """
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
""",
    "app/schemas/user.py": """
from pydantic import BaseModel, ConfigDict, EmailStr


class UserCreate(BaseModel):
    email: EmailStr


class UserResponse(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    email: EmailStr
""",
    "app/services/user_service.py": """
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.user import User
from app.schemas.user import UserCreate


async def get_by_email(db: AsyncSession, *, email: str) -> User | None:
    return await db.scalar(select(User).where(User.email == email))


async def create(db: AsyncSession, *, obj_in: UserCreate) -> User:
    user = User(email=obj_in.email)
    db.add(user)
    await db.commit()
    return user
""",
    "pyproject.toml": '[project]\nname = "library"\nrequires-python = ">=3.11"\n',
}


def clauses() -> dict[str, list[str]]:
    rows = ROW.findall(SPEC.read_text("utf-8"))
    return {clause: re.findall(r"\[(GR\d{3})\]", rules) for clause, rules in rows}


def test_every_clause_names_the_rules_that_check_it() -> None:
    ids = re.findall(r"^\| `([\w.-]+)` \|", SPEC.read_text("utf-8"), re.MULTILINE)

    assert sorted(clauses()) == sorted(ids)
    assert len({code for rules in clauses().values() for code in rules}) == 21


@pytest.mark.parametrize("clause", clauses())
def test_every_clause_has_rules_a_page_a_step_and_a_test(clause: str) -> None:
    course = Course(ROOT)
    rules = {rule.code: rule for rule in all_rules() if rule.clause == clause}

    assert sorted(rules) == clauses()[clause]
    for code, rule in rules.items():
        page = (ROOT / rule.docs).read_text("utf-8")
        assert f"# {code} {rule.name}\n" in page
        (step,) = [each for each in course.steps if code in each.rules]
        assert not step.ready or _holds(step, code), f"no test of step {step.name} holds {code}"


def _holds(step: Step, code: str) -> bool:
    """Whether a step's suite checks a rule, by its code or along with all rules so far."""
    suite = [file.read_text("utf-8") for file in step.folder.glob("test_*.py")]
    by_name = any(f'must_keep("{code}"' in text for text in suite)
    return by_name or any("@rules_so_far" in text and "must_keep(rule" in text for text in suite)


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
def test_the_clause_of_a_rule_names_it(rule: Rule) -> None:
    assert rule.code in clauses()[rule.clause]


def test_the_example_of_the_rules_keeps_them_all(tmp_path: Path) -> None:
    for path, text in EXAMPLE.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")

    report = check_project(tmp_path, honour_ignores=False)

    assert [(each.rule, each.path, each.line) for each in report.findings] == []
    assert report.files == 7


def test_the_page_of_the_rules_shows_the_example() -> None:
    assert f'```python title="app/api/users.py"{EXAMPLE["app/api/users.py"]}```' in SPEC.read_text(
        "utf-8"
    )


def test_the_handler_of_the_example_is_seen(tmp_path: Path) -> None:
    broken = EXAMPLE["app/api/users.py"].replace("async def", "def").replace("await ", "")
    for path, text in {**EXAMPLE, "app/api/users.py": broken}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")

    report = check_project(tmp_path, honour_ignores=False)

    assert [(each.rule, each.path, each.line) for each in report.findings] == [
        ("GR202", "app/api/users.py", 11),
        ("GR203", "app/api/users.py", 18),
        ("GR203", "app/api/users.py", 24),
    ]
