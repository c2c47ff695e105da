"""How long all rules take, against a bare parse and walk, and against other checkers.

`python benchmarks/rules/speed.py [FILES …]` generates as many files as each number says, 1000 and 10000
unless told, and prints one line for each measurement: the best of three, of pylint the only one. Another
checker that is not installed beside this Python or on the PATH is skipped.

Only the last column can be compared between machines: times of the bare parse and walk in the same run,
of processor time, so that others' work on the machine counts for little. The aim is 2. The start of the
command is the median of many, with compiled modules, as after the first run of an installed package.
"""

import ast
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from groundrules.rules import check_project

COMMAND = [sys.executable, "-c", "from groundrules.cli import main; main()", "check"]
ROUNDS = 3
STARTS = 15
PYLINT_FILES = 1000  # it would take many minutes for more

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


def ruff(folder: Path) -> None:
    command = [found("ruff"), "check", "--isolated", "--no-cache", "--select=ALL", "--quiet"]
    subprocess.run([*command, folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def pylint(folder: Path) -> None:
    subprocess.run([found("pylint"), folder / "app"], stdout=subprocess.DEVNULL)


def start_up(folder: Path) -> tuple[float, float]:
    """Return the medians of the processor's time and of the clock's, in seconds."""
    command = [*COMMAND, "--no-cache"]
    with tempfile.TemporaryDirectory() as compiled:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled, "PYTHONDONTWRITEBYTECODE": ""}
        taken = [_run([*command, str(folder)], environment) for _ in range(STARTS + 1)][1:]
    busy, elapsed = zip(*taken, strict=True)
    return statistics.median(busy), statistics.median(elapsed)


def again(folder: Path) -> None:
    """Check a folder that has not changed since it was checked."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder.parent / "cache")}
    subprocess.run([*COMMAND, str(folder)], stdout=subprocess.DEVNULL, env=environment, check=True)


def _run(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    begun, busy = time.perf_counter(), _busy()
    subprocess.run(command, stdout=subprocess.DEVNULL, env=environment, check=True)
    return _busy() - busy, time.perf_counter() - begun


def found(tool: str) -> str:
    beside = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return shutil.which(tool, path=beside) or ""


def seconds(action: Callable[[Path], None], folder: Path, rounds: int = ROUNDS) -> float:
    best = float("inf")
    for _ in range(rounds):
        begun = _busy()
        action(folder)
        best = min(best, _busy() - begun)
    return best


def _busy() -> float:
    """Return the processor time that this process and its children have taken."""
    used = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def measure(count: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "project"
        generate(folder, count)
        bare = seconds(parse_and_walk, folder)
        show(count, "parse and walk", bare, bare)
        show(count, "all rules", seconds(check, folder), bare)
        again(folder)
        show(count, "all rules, again", seconds(again, folder), bare)
        if found("ruff"):
            show(count, "ruff, all its rules", seconds(ruff, folder), bare)
        if not found("pylint"):
            print("pylint is not installed here, so it is not measured.")
        elif count <= PYLINT_FILES:
            show(count, "pylint", seconds(pylint, folder, rounds=1), bare)


def show(count: int, what: str, taken: float, bare: float) -> None:
    rate = f"{count / taken:8.0f} files a second"
    print(
        f"{count:6} files  {what:20} {taken:7.2f} s {rate}  {taken / bare:6.2f} times", flush=True
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        generate(Path(name), 20)
        busy, elapsed = start_up(Path(name))
        print(
            f"20 files, `groundrules check` from start to end  {busy:.2f} s, {elapsed:.2f} s elapsed"
        )
    for count in [int(each) for each in sys.argv[1:]] or [1000, 10_000]:
        measure(count)


if __name__ == "__main__":
    main()
