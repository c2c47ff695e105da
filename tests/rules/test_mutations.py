"""The finished application, broken in many ways: the rule that a break is about finds it, and no other.

Every mutation is made from the application as it is, so there are more of them the more of it there is.
The everyday run draws a few for each rule by a fixed seed, the slow one more. For all of them:

    GROUNDRULES_MUTATIONS=all python3 course.py test --all tests/rules/test_mutations.py
"""

import ast
import os
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import cycle
from pathlib import Path
from textwrap import indent

import pytest

from groundrules.rules import check_project
from groundrules.rules.registry import all_rules
from groundrules.rules.rule import Rule

SOLUTION = Path(__file__).parents[2] / "solution"
EVERY_DAY = 2
SLOW = 1000 if os.environ.get("GROUNDRULES_MUTATIONS") == "all" else 12
SEED = 15
METHODS = ("get", "post", "put", "patch", "delete")

Node = ast.expr | ast.stmt
Callable_ = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One file of the application."""

    path: str
    text: str

    @property
    def folder(self) -> str:
        """Return the folder of `app` that it lies in, empty for `app` itself."""
        return self.path.split("/")[1] if self.path.count("/") > 1 else ""

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    def functions(self) -> list[Callable_]:
        return [each for each in ast.walk(self.tree) if isinstance(each, Callable_)]

    def handlers(self) -> list[Callable_]:
        return [each for each in self.functions() if route_of(each)]

    def of(self, node: Node) -> str:
        return ast.get_source_segment(self.text, node) or ""

    def replace(self, node: Node | ast.arg, new: str) -> "Source":
        """Return the source with `new` in place of a node."""
        lines = self.text.encode().splitlines(keepends=True)
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        begin = sum(map(len, lines[: node.lineno - 1])) + node.col_offset
        end = sum(map(len, lines[: node.end_lineno - 1])) + node.end_col_offset
        whole = self.text.encode()
        return Source(self.path, (whole[:begin] + new.encode() + whole[end:]).decode())

    def swap(self, old: str, new: str, count: int = 1) -> "Source":
        assert old in self.text, f"{self.path} has no {old}"
        return Source(self.path, self.text.replace(old, new, count))

    def importing(self, *lines: str) -> "Source":
        """Return the source with imports after its docstring."""
        docstring = self.tree.body[0]
        return self.replace(docstring, "\n".join([self.of(docstring), *lines]))

    def plus(self, code: str) -> "Source":
        return Source(self.path, f"{self.text}\n\n{code}")


@dataclass(frozen=True)
class Mutation:
    """A file of the application that breaks a rule."""

    rule: str
    title: str
    source: Source


Break = tuple[str, Source]
BREAKS: dict[str, Callable[[], Iterator[Break]]] = {}


def breaks(rule: str) -> Callable[[Callable[[], Iterator[Break]]], None]:
    def note(make: Callable[[], Iterator[Break]]) -> None:
        BREAKS[rule] = make

    return note


@cache
def sources() -> tuple[Source, ...]:
    files = sorted((SOLUTION / "app").rglob("*.py"))
    read = (
        Source(each.relative_to(SOLUTION).as_posix(), each.read_text("utf-8")) for each in files
    )
    return tuple(each for each in read if len(each.tree.body) > 1)


def source(path: str) -> Source:
    return next(each for each in sources() if each.path == path)


def within(*folders: str) -> Iterator[Source]:
    return (each for each in sources() if each.folder in folders)


def outside(*folders: str) -> Iterator[Source]:
    return (each for each in sources() if each.folder not in folders)


def handlers() -> Iterator[tuple[Source, Callable_]]:
    return ((each, handler) for each in sources() for handler in each.handlers())


def functions(*folders: str) -> Iterator[tuple[Source, Callable_]]:
    return ((each, function) for each in within(*folders) for function in each.functions())


def route_of(function: Callable_) -> ast.Attribute | None:
    for each in function.decorator_list:
        match each:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="router"), attr=attr) as route):
                return route if attr in METHODS else None
    return None


def first_line(function: Callable_, code: str, whole: Source) -> Source:
    """Return the source with `code` after a function's docstring."""
    docstring = function.body[0]
    lines = indent(code, " " * docstring.col_offset)
    return whole.replace(docstring, f"{whole.of(docstring)}\n{lines}")


def may_return(function: Callable_) -> bool:
    """Whether a function is a handler whose answer has a body."""
    route = route_of(function)
    return route is not None and route.attr != "delete"


def unawaited(text: str) -> str:
    return text.replace("await ", "")


@breaks("GR101")
def older_pythons() -> Iterator[Break]:
    pyproject = Source("pyproject.toml", (SOLUTION / "pyproject.toml").read_text("utf-8"))
    allowed = (">=3.10", ">=3.8", ">3.9", "~=3.10", ">=3", "<4", ">=3.9,<4", "==3.10.*")
    for each in (*allowed, "==3.10.4", ">=3.7.1", ">=3.10.99", "!=3.12.0"):
        yield each, pyproject.swap('">=3.11"', f'"{each}"')


@breaks("GR102")
def other_databases() -> Iterator[Break]:
    urls = (
        *("sqlite:///library.db", "sqlite+aiosqlite:///library.db", "mysql://db/library"),
        *("mysql+aiomysql://db/library", "mariadb://db/library", "oracle://db/library"),
        *(
            "postgresql://db/library",
            "postgresql+psycopg2://db/library",
            "mssql+pyodbc://db/library",
        ),
    )
    packages = ("sqlite3", "aiosqlite", "psycopg2", "pg8000", "pymysql", "aiomysql", "pymongo")
    for url, place in zip(urls, cycle(outside("api", "schemas", "models")), strict=False):
        yield f"{url} in {place.path}", place.plus(f'ARCHIVE_URL = "{url}"\n')
    for package, place in zip(packages, cycle(sources()), strict=False):
        yield f"{package} in {place.path}", place.importing(f"import {package}")


@breaks("GR103")
def sync_sessions() -> Iterator[Break]:
    for place, function in functions("api", "services", "core"):
        for each in function.args.args:
            if each.annotation and place.of(each.annotation) == "AsyncSession":
                changed = place.replace(each.annotation, "Session")
                yield (
                    f"{function.name} in {place.path}",
                    changed.importing("from sqlalchemy.orm import Session"),
                )
    database = source("app/core/database.py")
    engine = database.importing("from sqlalchemy import create_engine")
    yield "a sync engine", engine.swap("return create_async_engine(", "return create_engine(")


@breaks("GR104")
def older_columns() -> Iterator[Break]:
    for place in within("models"):
        for each in ast.walk(place.tree):
            if isinstance(each, ast.Call) and place.of(each.func) == "mapped_column":
                changed = place.replace(each.func, "Column")
                yield (
                    f"line {each.lineno} of {place.path}",
                    changed.importing("from sqlalchemy import Column"),
                )
    query = "async def old(db: AsyncSession) -> object:\n    return db.query(User).all()\n"
    for name in ("auth_service", "user_service"):
        yield f"a query in {name}", source(f"app/services/{name}.py").plus(query)


@breaks("GR105")
def older_pydantic() -> Iterator[Break]:
    old = {"model_dump": "dict", "model_validate": "from_orm"}
    for place in within("api", "services"):
        for each in ast.walk(place.tree):
            if isinstance(each, ast.Attribute) and each.attr in old:
                owner = place.of(each.value)
                yield (
                    f"line {each.lineno} of {place.path}",
                    place.replace(each, f"{owner}.{old[each.attr]}"),
                )
    for name in ("book", "user"):
        schema = source(f"app/schemas/{name}.py")
        changed = schema.swap("@field_validator", "@validator")
        yield f"a validator in {name}", changed.importing("from pydantic import validator")
    for place in within("schemas"):
        if " BaseModel" in place.text:
            nested = "class Older(BaseModel):\n    class Config:\n        frozen = True\n"
            yield f"a class Config in {place.path}", place.plus(nested)


@breaks("GR106")
def other_schemes() -> Iterator[Break]:
    schemes = (
        *("HTTPBearer()", "HTTPBasic()", "HTTPDigest()", 'APIKeyHeader(name="X-Key")'),
        *('APIKeyCookie(name="key")', 'APIKeyQuery(name="key")'),
        'OpenIdConnect(openIdConnectUrl="/openid")',
    )
    deps = source("app/api/deps.py")
    made = 'OAuth2PasswordBearer(tokenUrl="/api/v1/auth/token")'
    for each in schemes:
        needed = f"from fastapi.security import {each.partition('(')[0]}"
        yield each, deps.swap(made, each).importing(needed)
    for place in within("api"):
        if "router = APIRouter(" in place.text and place.path != "app/api/router.py":
            depending = "router = APIRouter(dependencies=[Depends(HTTPBearer())], "
            changed = place.swap("router = APIRouter(", depending)
            yield place.path, changed.importing("from fastapi.security import HTTPBearer")


@breaks("GR201")
def missing_hints() -> Iterator[Break]:
    for place, function in functions("", "api", "core", "models", "schemas", "services"):
        arguments = function.args
        for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            if each.annotation:
                yield (
                    f"{each.arg} of {function.name} in {place.path}",
                    place.replace(each, each.arg),
                )
        if function.returns:
            arrow = f" -> {place.of(function.returns)}"
            cut = place.replace(function.returns, "Cut").swap(" -> Cut", "")
            assert len(place.text) - len(cut.text) == len(arrow)
            yield f"the return of {function.name} in {place.path}", cut


@breaks("GR202")
def plain_handlers() -> Iterator[Break]:
    for place, handler in handlers():
        plain = unawaited(place.of(handler)).replace("async def", "def", 1)
        yield handler.name, place.replace(handler, plain)


@breaks("GR203")
def forgotten_awaits() -> Iterator[Break]:
    for place in within("services", "core"):
        for each in ast.walk(place.tree):
            match each:
                case ast.Expr(value=ast.Await(value=called)) if place.of(called).startswith("db."):
                    yield (
                        f"line {each.lineno} of {place.path}",
                        place.replace(each, place.of(called)),
                    )
    for place, function in functions("services"):
        text = place.of(function)
        if "await db." in text:
            plain = unawaited(text).replace("async def", "def", 1)
            yield f"{function.name} in {place.path}", place.replace(function, plain)


@breaks("GR204")
def missing_docstrings() -> Iterator[Break]:
    for place, handler in handlers():
        for instead in ("...", "f'{1}'", '""'):
            yield f"{instead} in {handler.name}", place.replace(handler.body[0], instead)


@breaks("GR205")
def undocumented_complexity() -> Iterator[Break]:
    tangles = (
        "\n".join(f"if {each}:\n    pass" for each in range(6)),
        "_ = 1 and 2 and 3 and 4 and 5 and 6",
        "_ = [a for a in (1,) if a if a if a if a if a]",
        "\n".join(f"assert {each} >= 0" for each in range(6)),
        "_ = 1 if 2 else 3 if 4 else 5 if 6 else 7 if 8 else 9 if 10 else 11",
        "\n".join("for _ in ():\n    pass" for _ in range(6)),
        "while 1 or 2 or 3 or 4 or 5 or 6:\n    break",
        "try:\n    pass\n" + "\n".join(f"except {each}:\n    pass" for each in ERRORS),
        "if 1 or 2:\n    pass\nelif 3 and 4:\n    pass\nelif 5:\n    pass",
        "match 1:\n" + "\n".join(f"    case {each}:\n        pass" for each in range(6)),
    )
    tangled = cycle(tangles)
    for place, function in functions("services", "core"):
        if ast.get_docstring(function):
            code = indent(next(tangled), " " * function.body[0].col_offset).lstrip()
            yield f"{function.name} in {place.path}", place.replace(function.body[0], code)


ERRORS = ("OSError", "KeyError", "TypeError", "IndexError", "NameError", "ValueError")


@breaks("GR301")
def misplaced_models() -> Iterator[Break]:
    model = (
        "class Shelf(Timestamped, Base):\n"
        '    __tablename__ = "shelves"\n\n'
        "    id: Mapped[int] = mapped_column(primary_key=True)\n"
    )
    for place in outside("models"):
        yield (
            place.path,
            place.plus(model).importing(
                "from sqlalchemy.orm import Mapped, mapped_column",
                "from app.models.base import Base, Timestamped",
            ),
        )


@breaks("GR302")
def misplaced_schemas() -> Iterator[Break]:
    for place in within("api", "models", "services"):
        schema = "class Shelf(BaseModel):\n    name: str\n"
        yield place.path, place.plus(schema).importing("from pydantic import BaseModel")


@breaks("GR303")
def misplaced_handlers() -> Iterator[Break]:
    handler = (
        "shelves = APIRouter()\n\n\n"
        '@shelves.get("/shelves")\n'
        "async def list_shelves() -> list[str]:\n"
        '    """List the shelves."""\n'
        "    return []\n"
    )
    for place in outside("api"):
        yield place.path, place.plus(handler).importing("from fastapi import APIRouter")


@breaks("GR304")
def business_in_handlers() -> Iterator[Break]:
    business = (
        "for number in (1, 2):\n    print(number)",
        "while len(__name__) > 80:\n    break",
        "days = len(__name__) * 7",
        "first = min(1, len(__name__))",
        "wanted = select(User)",
        "everything = text('select 1')",
    )
    for (place, handler), code in zip(handlers(), cycle(business), strict=False):
        changed = first_line(handler, code, place)
        needed = ("from sqlalchemy import select, text", "from app.models.user import User")
        yield f"{code!r} in {handler.name}", changed.importing(*needed)
    calls = cycle(
        ("await db.commit()", "await db.rollback()", "db.add(User())", "db.expunge_all()")
    )
    for place, handler in handlers():
        route = route_of(handler)
        if route and route.attr != "get" and any(each.arg == "db" for each in handler.args.args):
            code = next(calls)
            changed = first_line(handler, code, place)
            yield (
                f"{code!r} in {handler.name}",
                changed.importing("from app.models.user import User"),
            )


@breaks("GR305")
def misplaced_security() -> Iterator[Break]:
    settings = "class Extras(BaseSettings):\n    shelves: int = 3\n"
    context = 'extra_passwords = CryptContext(schemes=["argon2"])\n'
    token = 'def sign(book: int) -> str:\n    return jwt.encode({"sub": str(book)}, "key")\n'
    for place in outside("core"):
        pydantic = "from pydantic_settings import BaseSettings"
        yield f"settings in {place.path}", place.plus(settings).importing(pydantic)
        passlib = "from passlib.context import CryptContext"
        yield f"a context in {place.path}", place.plus(context).importing(passlib)
        yield f"a token in {place.path}", place.plus(token).importing("from jose import jwt")


@breaks("GR401")
def other_bases() -> Iterator[Break]:
    second = "class Other(DeclarativeBase):\n    pass\n\n\n"
    dataclass_ = "class Other(MappedAsDataclass, DeclarativeBase):\n    pass\n\n\n"
    for place in within("models"):
        for cls in place.tree.body:
            if isinstance(cls, ast.ClassDef) and place.of(cls).startswith(f"class {cls.name}(Time"):
                head, rest = f"class {cls.name}(Timestamped, ", place.of(cls).partition("Base):")[2]
                whole = place.importing(
                    "from sqlalchemy.orm import DeclarativeBase, MappedAsDataclass, registry",
                    "from sqlmodel import SQLModel",
                )
                old = place.of(cls)
                yield (
                    f"a second base of {cls.name}",
                    whole.swap(old, f"{second}{head}Other):{rest}"),
                )
                yield f"a base of {cls.name}", whole.swap(old, f"{dataclass_}{head}Other):{rest}")
                sqlmodel = f"{head}SQLModel, table=True):{rest}"
                yield f"SQLModel under {cls.name}", whole.swap(old, sqlmodel)
                mapped = f"mapping = registry()\n\n\n@mapping.mapped\n{head[:-2]}):{rest}"
                yield f"a registry around {cls.name}", whole.swap(old, mapped)


PROPERTY = "@property\n    def {}(self) -> datetime:\n        return datetime.now()"


def column_of(place: Source, name: str) -> ast.AnnAssign:
    return next(
        each
        for each in ast.walk(place.tree)
        if isinstance(each, ast.AnnAssign) and place.of(each.target) == name
    )


@breaks("GR402")
def missing_timestamps() -> Iterator[Break]:
    column = "    {}: Mapped[datetime] = mapped_column()\n"
    base = source("app/models/base.py")
    for name in ("created_at", "updated_at"):
        yield f"{name} renamed", base.swap(f"    {name}:", f"    {name}_utc:")
        yield f"{name} a property", base.replace(column_of(base, name), PROPERTY.format(name))
    for place in within("models"):
        for cls in place.tree.body:
            if isinstance(cls, ast.ClassDef) and "(Timestamped, Base)" in place.of(cls):
                bare = place.swap("(Timestamped, Base)", "(Base)")
                yield f"no mixin of {cls.name}", bare
                for name in ("created_at", "updated_at", "modified_at"):
                    line = column.format(name)
                    own = bare.swap("    id: Mapped[int]", f"{line}    id: Mapped[int]")
                    needed = own.importing("from datetime import datetime")
                    yield f"only {name} in {cls.name}", needed


@breaks("GR501")
def wrong_methods() -> Iterator[Break]:
    for (place, handler), method in zip(
        handlers(), cycle(("head", "options", "trace")), strict=False
    ):
        route = route_of(handler)
        assert route is not None
        yield f"{method} for {handler.name}", place.replace(route, f"router.{method}")
    wrong = {
        "create": ("get", "patch", "delete"),
        "replace": ("get", "post"),
        "update": ("get", "post"),
        "delete": ("get", "post"),
    }
    for place, handler in handlers():
        route = route_of(handler)
        for method in wrong.get(handler.name.partition("_")[0], ()):
            if route is not None and (handler.name, method) != ("update_me", "post"):
                yield f"{method} for {handler.name}", place.replace(route, f"router.{method}")


@breaks("GR502")
def wrong_codes() -> Iterator[Break]:
    codes = cycle(("409", "status.HTTP_422_UNPROCESSABLE_CONTENT", "500", "418", "200", "410"))
    for place in within("api"):
        for each in ast.walk(place.tree):
            match each:
                case ast.Call(func=ast.Name(id="HTTPException"), args=[code, *_]):
                    for new, _ in zip(codes, range(2), strict=False):
                        if isinstance(code, ast.Attribute):
                            yield (
                                f"{new} on line {each.lineno} of {place.path}",
                                place.replace(code, new),
                            )
                case ast.keyword(arg="status_code", value=code):
                    yield f"202 on line {each.lineno} of {place.path}", place.replace(code, "202")
    for place in within("api"):
        if "    status_code=status.HTTP_201_CREATED,\n" in place.text:
            cut = place.swap("    status_code=status.HTTP_201_CREATED,\n", "")
            yield f"no 201 in {place.path}", cut
        if " status_code=status.HTTP_201_CREATED," in place.text.replace("    status", ""):
            cut = place.swap(" status_code=status.HTTP_201_CREATED,", "")
            yield f"no 201 in {place.path}", cut


@breaks("GR503")
def errors_by_hand() -> Iterator[Break]:
    answers = (
        'return JSONResponse({"detail": "No."}, status_code=400)',
        'return {"error": "No."}',
        'raise ValueError("No.")',
        "return Response(status_code=404)",
        'raise RuntimeError("No.")',
    )
    answering = cycle(answers)
    needed = "from fastapi.responses import JSONResponse, Response"
    for place, function in functions("api"):
        for each in ast.walk(function):
            if isinstance(each, ast.Raise):
                for answer, _ in zip(answering, range(3), strict=False):
                    if '"error"' in answer and not may_return(function):
                        continue
                    changed = place.replace(each, answer).importing(needed)
                    yield f"{answer} on line {each.lineno} of {place.path}", changed


@cache
def mutations(rule: str) -> tuple[Mutation, ...]:
    return tuple(Mutation(rule, title, changed) for title, changed in BREAKS[rule]())


def drawn(rule: str, count: int) -> list[Mutation]:
    everything = mutations(rule)
    return random.Random(SEED).sample(everything, min(count, len(everything)))


def name_of(mutation: Mutation) -> str:
    return f"{mutation.rule} {mutation.title}"


def check(mutation: Mutation, folder: Path) -> None:
    shutil.copytree(SOLUTION / "app", folder / "app", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(SOLUTION / "pyproject.toml", folder)
    (folder / mutation.source.path).write_text(mutation.source.text, encoding="utf-8")

    report = check_project(folder, honour_ignores=False)

    assert {each.rule for each in report.findings} == {mutation.rule}
    if mutation.rule != "GR402":  # whose mixin is in another file than the models
        assert {each.path for each in report.findings} == {mutation.source.path}


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
def test_every_rule_is_broken_in_ten_ways_at_least(rule: Rule) -> None:
    assert len({each.source for each in mutations(rule.code)}) >= 10


@pytest.mark.parametrize(
    "mutation", [each for rule in sorted(BREAKS) for each in drawn(rule, EVERY_DAY)], ids=name_of
)
def test_a_break_is_found_by_its_rule_alone(mutation: Mutation, tmp_path: Path) -> None:
    check(mutation, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    "mutation", [each for rule in sorted(BREAKS) for each in drawn(rule, SLOW)], ids=name_of
)
def test_more_breaks_are_found_by_their_rules_alone(mutation: Mutation, tmp_path: Path) -> None:
    check(mutation, tmp_path)
