"""The rules and the team's clauses agree, and the clauses' own example keeps every rule."""

import re
from pathlib import Path

import pytest

from groundrules.rules import check_project
from groundrules.rules.registry import all_rules
from groundrules.rules.rule import Rule

SPEC = Path(__file__).parents[2] / "docs" / "spec.md"
ROW = re.compile(r"^\| `([\w.-]+)` \|.*\| ((?:GR\d{3}(?:, )?)+) \|$", re.MULTILINE)

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
    return {clause: rules.split(", ") for clause, rules in ROW.findall(SPEC.read_text("utf-8"))}


def test_every_clause_names_the_rules_that_check_it() -> None:
    ids = re.findall(r"^\| `([\w.-]+)` \|", SPEC.read_text("utf-8"), re.MULTILINE)

    assert sorted(clauses()) == sorted(ids)
    assert len({code for rules in clauses().values() for code in rules}) == 21


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


def test_the_handler_of_the_example_is_seen(tmp_path: Path) -> None:
    broken = EXAMPLE["app/api/users.py"].replace("async def", "def").replace("await ", "")
    for path, text in {**EXAMPLE, "app/api/users.py": broken}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")

    report = check_project(tmp_path, honour_ignores=False)

    assert [(each.rule, each.path, each.line) for each in report.findings] == [
        ("GR202", "app/api/users.py", 11)
    ]
