"""Breaks of another stack: Python, the database, SQLAlchemy, Pydantic and logging in."""

import ast
from collections.abc import Iterator
from itertools import cycle

from .source import SOLUTION, Break, Source, breaks, functions, outside, source, sources, within


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
