"""A verdict does not depend on the order in which functions, files and rules happen to be looked at."""

from itertools import permutations
from pathlib import Path

import pytest

from groundrules.rules import check_project
from groundrules.rules.cases import Case
from groundrules.rules.registry import all_rules

HEAD = """\
from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.book import Book
from app.services import library

router = APIRouter()

"""
HANDLER = """
@router.{verb}("/books")
async def {name}(db: AsyncSession):
    {does} library.{name}(db, 3)

"""
MODEL = """\
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    id: Mapped[int] = mapped_column(primary_key=True)


class Book(Base):
    __tablename__ = "books"
    title: Mapped[str]
"""
SERVICE_HEAD = """\
from app.models.book import Book

"""
# three functions that call each other, one of which does what the rule is about
TOUCHING = {
    "first": "async def first(db, left):\n    return await second(db, left)\n",
    "second": "async def second(db, left):\n    await third(db, left)\n    return left\n",
    "third": (
        "async def third(db, left):\n    if left:\n        await first(db, left - 1)\n"
        "    (await db.get(Book, 1)).title = 'x'\n    await db.commit()\n"
    ),
}
CREATING = {
    "first": "async def first(db, left):\n    return await second(db, left)\n",
    "second": (
        "async def second(db, left):\n    if left:\n        return await third(db, left)\n"
        "    book = Book(title='x')\n    db.add(book)\n    return book\n"
    ),
    "third": "async def third(db, left):\n    return await first(db, left - 1)\n",
}
SESSION = "from sqlalchemy.ext.asyncio import AsyncSession\n"
OPENING = {
    "first": "def first(db, left):\n    return second(db, left)\n",
    "second": (
        "def second(db, left):\n    if left:\n        return third(db, left)\n"
        "    return AsyncSession(db)\n"
    ),
    "third": "def third(db, left):\n    return first(db, left - 1)\n",
}


@pytest.mark.parametrize("handlers", list(permutations(("first", "second", "third"))))
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize(
    ("verb", "does", "rule", "functions"),
    [
        ("get", "await", "GR501", TOUCHING),
        ("post", "return await", "GR502", CREATING),
        ("get", "db =", "GR304", OPENING),
    ],
)
def test_functions_that_call_each_other_are_judged_alike_in_every_order(
    tmp_path: Path,
    handlers: tuple[str, ...],
    backwards: bool,
    verb: str,
    does: str,
    rule: str,
    functions: dict[str, str],
) -> None:
    order = sorted(functions, reverse=backwards)
    files = {
        "app/models/book.py": MODEL,
        "app/services/library.py": SERVICE_HEAD
        + SESSION
        + "\n".join(functions[each] for each in order),
        "app/api/books.py": HEAD
        + "".join(HANDLER.format(name=n, verb=verb, does=does) for n in handlers),
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")

    report = check_project(tmp_path, select=[rule])

    assert len(report.findings) == 3


BACKWARDS = [case for rule in all_rules() for case in rule.invalid]


@pytest.mark.parametrize("case", BACKWARDS, ids=lambda case: case.title)
def test_rules_asked_in_the_opposite_order_find_the_same(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path, text in case.files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    found = check_project(tmp_path).findings
    rules = tuple(reversed(all_rules()))
    monkeypatch.setattr("groundrules.rules.engine.all_rules", lambda: rules)

    assert check_project(tmp_path).findings == found
