"""Random edits of a service under a baseline: no false alarm, and no miss.

Each edit is what people and formatters do all day. Those that change nothing that a rule looks at must change
no finding; a new violation must be the only finding, and a fixed one must be the only entry that is reported.
"""

import ast
import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from groundrules.rules import Report, check_project
from groundrules.rules.report.baseline import Baseline
from groundrules.rules.report.entries import FILE, write_entries

SERVICE = {
    "app/__init__.py": "",
    "app/db.py": """
        import os
        from sqlalchemy import create_engine
        from sqlalchemy.orm import declarative_base, sessionmaker

        engine = create_engine("sqlite:///shop.db", connect_args={"check_same_thread": False})
        Session = sessionmaker(bind=engine)
        Base = declarative_base()

        def clock():
            return 1

        def get_db():
            db = Session()
            try:
                yield db
            finally:
                db.close()
        """,
    "app/tables.py": """
        import datetime
        from sqlalchemy import Column, Integer, String
        from app.db import Base

        class Item(Base):
            __tablename__ = "items"
            id = Column(Integer, primary_key=True)
            name = Column(String(80), nullable=False)
            note = Column(String(200))

            def label(self, prefix):
                return prefix + self.name

        class Order(Base):
            __tablename__ = "orders"
            id = Column(Integer, primary_key=True)

            class Meta:
                def total(self, a, b):
                    if a and b or a > 2:
                        return 1
                    elif b:
                        return 2
                    for x in a:
                        if x and b:
                            return x
                    return 0
        """,
    "app/forms.py": """
        from typing import Optional
        from pydantic import BaseModel, validator

        class ItemIn(BaseModel):
            name: str
            note: Optional[str] = None

            @validator("name")
            def not_blank(cls, value):
                assert value.strip(), "blank"
                return value

            class Config:
                orm_mode = True
        """,
    "app/main.py": """
        import logging
        import os
        from fastapi import Depends, FastAPI, HTTPException
        from fastapi.routing import APIRoute
        from app.db import get_db
        from app.forms import ItemIn
        from app.tables import Item

        async def one() -> int:
            return 1

        async def two() -> int:
            return 2

        app = FastAPI(routes=[APIRoute("/a", one, status_code=207), APIRoute("/b", two, status_code=207)])
        log = logging.getLogger(__name__)

        @app.get("/items")
        def list_items(db=Depends(get_db)):
            return db.query(Item).filter(Item.name != "").all()

        @app.post("/items", status_code=202)
        def create_item(item: ItemIn, db=Depends(get_db)):
            found = db.query(Item).filter_by(name=item.name).first()
            if found:
                raise HTTPException(status_code=409, detail="exists")
            row = Item(**item.dict())
            db.add(row)
            db.commit()
            return row

        @app.put("/items/{item_id}")
        def change_item(item_id: int, item: ItemIn, db=Depends(get_db)):
            row = db.query(Item).get(item_id)
            if not row:
                return {"error": "missing"}
            for key, value in item.dict().items():
                setattr(row, key, value)
            db.commit()
            return row

        def helper(first: int, second: int) -> int:
            return first + second

        def another(first: int) -> int:
            return helper(first, 2)
        """,
}
VIOLATION = "\n\ndef added_by_test{number}(value):\n    return value\n"


class Service:
    """A service on disk, and its baseline."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.chance = folder, random.Random(seed)
        for path, text in SERVICE.items():
            file = folder / path
            file.parent.mkdir(exist_ok=True)
            file.write_text(re.sub(r"^ {8}", "", text.lstrip("\n"), flags=re.MULTILINE))
        (folder / "pyproject.toml").touch()
        before = self._check()
        assert len({each.rule for each in before.findings}) > 10
        baseline = Baseline(folder / FILE, {})
        write_entries(baseline.path, baseline.updated(before).values())

    def _check(self) -> Report:
        return check_project(self.folder)

    def found(self) -> list[tuple[str, str, str]]:
        """Return the rule, file and definition of what is reported, entries of the baseline included."""
        report = Baseline.read(self.folder / FILE).held_back(self._check())
        return [(each.rule, each.path, each.definition) for each in report.findings]

    def files(self) -> list[Path]:
        return [each for each in sorted(self.folder.rglob("*.py")) if each.stat().st_size]

    def any_file(self) -> Path:
        return self.chance.choice(self.files())


def blank_lines(service: Service) -> None:
    file = service.any_file()
    lines = file.read_text().splitlines(keepends=True)
    starts = [each.lineno - 1 for each in ast.parse("".join(lines)).body]
    starts = [at for at in starts if not (at and lines[at - 1].startswith("@"))]
    at = service.chance.choice(starts)
    lines[at:at] = service.chance.choice([["\n"] * 3, ["# moved down\n"], ["\n", "# a\n", "# b\n"]])
    file.write_text("".join(lines))


def black(service: Service) -> None:
    width = service.chance.choice([20, 40, 88, 200])
    ruff = str(Path(sys.executable).parent / "ruff")
    command = [ruff, "format", "--isolated", "--quiet", f"--line-length={width}"]
    subprocess.run([*command, str(service.any_file())], check=True)


def unparsed(service: Service) -> None:
    file = service.any_file()
    file.write_text(ast.unparse(ast.parse(file.read_text())) + "\n")


def reordered_imports(service: Service) -> None:
    file = service.any_file()
    text = file.read_text()
    tree = ast.parse(text)
    imports = [each for each in tree.body if isinstance(each, ast.Import | ast.ImportFrom)]
    parts = [ast.unparse(each) for each in imports]
    service.chance.shuffle(parts)
    lines = text.splitlines()
    for each in imports:
        for number in range(each.lineno - 1, each.end_lineno or 0):
            lines[number] = ""
    file.write_text("\n".join([*parts, *lines]) + "\n")


def moved_definitions(service: Service) -> None:
    """Move one plain function, decorated or not, to the end of its file."""
    file = service.any_file()
    tree = ast.parse(file.read_text())
    functions = [each for each in tree.body if isinstance(each, ast.FunctionDef)]
    if functions:
        chosen = service.chance.choice(functions)
        tree.body.remove(chosen)
        tree.body.append(chosen)
        file.write_text(ast.unparse(tree) + "\n")


def renamed_sibling(service: Service) -> None:
    """Rename a function or a variable for which there is no entry."""
    number = service.chance.randrange(10**6)
    file = service.folder / "app" / "main.py"
    kind = service.chance.choice(["helper", "another", "log", "found"])
    new = f"{kind}_{number}"
    file.write_text(re.sub(rf"\b{kind}(_\d+)?\b", new, file.read_text()))


def clean_code(service: Service) -> None:
    number = service.chance.randrange(10**6)
    file = service.any_file()
    extra = f"\n\ndef clean_{number}(value: int) -> int:\n    return value\n"
    file.write_text(file.read_text() + extra)


def new_file(service: Service) -> None:
    number = service.chance.randrange(10**6)
    (service.folder / "app" / f"clean_{number}.py").write_text(f"NUMBER = {number}\n")


HARMLESS: list[Callable[[Service], None]] = [
    blank_lines,
    black,
    unparsed,
    reordered_imports,
    moved_definitions,
    renamed_sibling,
    clean_code,
    new_file,
]


def added(service: Service, number: int) -> tuple[Path, str, list[tuple[str, str, str]]]:
    """Add a violation; return the file, its text before, and what must be reported."""
    file = service.any_file()
    before = file.read_text()
    file.write_text(before + VIOLATION.format(number=number))
    path = file.relative_to(service.folder).as_posix()
    return file, before, [("GR201", path, f"added_by_test{number}")]


def fixed(service: Service) -> tuple[Path, str, list[tuple[str, str, str]]]:
    """Give a method its types, so that one entry is too many."""
    file = service.folder / "app" / "tables.py"
    before = file.read_text()
    after = re.sub(
        r"def label\(\s*self,\s*prefix,?\s*\)", "def label(self, prefix: str) -> str", before
    )
    assert after != before
    file.write_text(after)
    return file, before, [("GR001", FILE, "")]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_no_edit_raises_a_false_alarm_or_hides_a_finding(tmp_path: Path, seed: int) -> None:
    service = Service(tmp_path, seed)
    assert service.found() == []

    for number in range(50):
        edit = service.chance.choice(HARMLESS)
        edit(service)
        assert service.found() == [], edit.__name__
        if number % 3 == 0:
            file, before, wanted = added(service, number)
            assert service.found() == wanted
            file.write_text(before)
        elif number % 3 == 1:
            file, before, wanted = fixed(service)
            assert service.found() == wanted
            file.write_text(before)
