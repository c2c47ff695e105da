"""How long all rules take on many files, against a bare parse and walk of the same files.

`python benchmarks/rules/speed.py [FILES]` prints one line for each measurement, the best of three.
"""

import ast
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from groundrules.rules import check_project

ROUNDS = 3

API = '''"""Routes of {name}."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, status
from sqlalchemy.ext.asyncio import AsyncSession

from app.api.deps import get_db
from app.schemas.{name} import {Name}Create, {Name}Response
from app.services import {name}_service

router = APIRouter(prefix="/{name}", tags=["{name}"])
Db = Annotated[AsyncSession, Depends(get_db)]


@router.post("/", response_model={Name}Response, status_code=status.HTTP_201_CREATED)
async def create_{name}(given: {Name}Create, db: Db) -> {Name}Response:
    """Create one."""
    if await {name}_service.get_by_name(db, name=given.name):
        raise HTTPException(status_code=status.HTTP_400_BAD_REQUEST, detail="It exists already.")
    return {Name}Response.model_validate(await {name}_service.create(db, obj_in=given))


@router.get("/{{item_id}}")
async def read_{name}(item_id: int, db: Db) -> {Name}Response:
    """Return one."""
    found = await {name}_service.get(db, item_id)
    if found is None:
        raise HTTPException(status_code=status.HTTP_404_NOT_FOUND, detail="There is none.")
    return {Name}Response.model_validate(found)
'''

SERVICE = '''"""What can be done with {name}."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.{name} import {Name}
from app.schemas.{name} import {Name}Create


async def get(db: AsyncSession, item_id: int) -> {Name} | None:
    return await db.get({Name}, item_id)


async def get_by_name(db: AsyncSession, *, name: str) -> {Name} | None:
    return await db.scalar(select({Name}).where({Name}.name == name))


async def create(db: AsyncSession, *, obj_in: {Name}Create) -> {Name}:
    """Create one, unless its name is taken."""
    row = {Name}(**obj_in.model_dump(), slug="-".join(part.lower() for part in obj_in.name.split()))
    for number in range(3):
        if row.slug.endswith(str(number)) and not await get_by_name(db, name=row.slug):
            row.slug += "-"
    db.add(row)
    await db.commit()
    return row
'''

MODEL = '''"""{Name}."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base


class {Name}(Base):
    """One {name}."""

    __tablename__ = "{name}"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    slug: Mapped[str] = mapped_column(String(90), index=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("{name}.id"))
    parent: Mapped["{Name} | None"] = relationship(remote_side=[id])
    seen_at: Mapped[datetime | None]
'''

SCHEMA = '''"""What goes in and out of {name}."""

from pydantic import BaseModel, ConfigDict, Field, field_validator


class {Name}Create(BaseModel):
    name: str = Field(min_length=1, max_length=80)

    @field_validator("name")
    @classmethod
    def stripped(cls, value: str) -> str:
        return value.strip()


class {Name}Response(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    slug: str
'''

KINDS = {
    "api/{name}.py": API,
    "services/{name}_service.py": SERVICE,
    "models/{name}.py": MODEL,
    "schemas/{name}.py": SCHEMA,
}


def generate(folder: Path, count: int) -> None:
    for number in range(count // len(KINDS)):
        name = f"thing{number}"
        for path, text in KINDS.items():
            file = folder / "app" / path.format(name=name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text.format(name=name, Name=name.capitalize()))


def parse_and_walk(folder: Path) -> None:
    for file in folder.rglob("*.py"):
        for _ in ast.walk(ast.parse(file.read_bytes())):
            pass


def check(folder: Path) -> None:
    report = check_project(folder)
    if report.findings:
        raise SystemExit(f"The generated code should be clean, but: {report.findings[0]}")


def seconds(action: Callable[[Path], None], folder: Path) -> float:
    begun = time.perf_counter()
    action(folder)
    return time.perf_counter() - begun


def main() -> None:
    count = int(sys.argv[1]) if sys.argv[1:] else 1000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generate(folder, count)
        bare, ours = float("inf"), float("inf")
        for _ in range(ROUNDS):
            bare = min(bare, seconds(parse_and_walk, folder))
            ours = min(ours, seconds(check, folder))
    print(f"{count} files, parse and walk  {bare:6.2f} s")
    print(f"{count} files, all rules       {ours:6.2f} s  {ours / bare:.2f} times")


if __name__ == "__main__":
    main()
