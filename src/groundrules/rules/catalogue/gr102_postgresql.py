"""GR102: The database is PostgreSQL, reached through an async driver."""

import ast
import re
from collections.abc import Iterator

from groundrules.rules.cases import case, pair
from groundrules.rules.facts.project import Project
from groundrules.rules.facts.urls import Url, find_urls
from groundrules.rules.meaning.values import External
from groundrules.rules.places import at_node, at_statement, one_a_line
from groundrules.rules.rule import Violation
from groundrules.rules.source.tree import Module

CLAUSE = "stack.database"
RATIONALE = (
    "Code that has only been run on another database, or through a sync driver, shows its errors "
    "for the first time in production."
)
FIX = (
    "Use a PostgreSQL URL with an async driver, such as `postgresql+asyncpg://`, and delete settings "
    "for other databases."
)

_OTHER = "another database than PostgreSQL"
_SYNC = "PostgreSQL by a driver that cannot be async"
_PACKAGES = {
    **dict.fromkeys(("sqlite3", "aiosqlite", "pymysql", "aiomysql", "asyncmy", "MySQLdb"), _OTHER),
    **dict.fromkeys(("mysql", "pymongo", "motor", "oracledb", "cx_Oracle", "pyodbc"), _OTHER),
    **dict.fromkeys(("aioodbc", "pymssql"), _OTHER),
    **dict.fromkeys(("psycopg2", "pg8000"), _SYNC),
}
_CONNECTING = {
    *("asyncpg.connect", "asyncpg.create_pool", "asyncpg.pool.create_pool"),
    *("psycopg.AsyncConnection.connect", "psycopg_pool.AsyncConnectionPool"),
}
_ASYNC_DRIVERS = frozenset({"asyncpg", "psycopg", "psycopg_async"})
_BARE_SCHEME = re.compile(r"(?:postgres\w*)?\+(?:asyncpg|psycopg|psycopg_async):?/*")
_IMPORTERS = (External("importlib.import_module"), External("builtins.__import__"))
_CONVERTERS = frozenset({"replace", "removeprefix", "split", "partition", "sub"})


def check(project: Project) -> Iterator[Violation]:
    """Yield each URL and each import of another database, or of a driver that cannot be async."""
    for module in project.modules.values():
        yield from one_a_line(_imports(project, module))
        yield from one_a_line(_urls(project, module))


def _imports(project: Project, module: Module) -> Iterator[Violation]:
    for node in module.imports if not module.packages.isdisjoint(_PACKAGES) else ():
        if isinstance(node, ast.Import):
            named = [alias.name for alias in node.names]
        else:
            named = [node.module] if node.module and not node.level else []
        for name in dict.fromkeys(named):
            if message := _import_message(project, name):
                yield at_node(module, node, message)
    if not module.mentions("import_module", "__import__"):
        return
    for site in module.calls:
        if site.node.args:
            called = project.names.called(site)
            if called in _IMPORTERS:
                wanted = project.names.constant(site.node.args[0], site.scope)
                message = _import_message(project, wanted) if isinstance(wanted, str) else None
                if message:
                    yield at_statement(module, site.node, message)


def _import_message(project: Project, name: str) -> str | None:
    top = name.partition(".")[0]
    if top not in _PACKAGES or top in project.modules:
        return None
    return f"`{top}` talks to {_PACKAGES[top]}."


def _urls(project: Project, module: Module) -> Iterator[Violation]:
    """Yield the URLs; one without a driver may be meant for an async driver that is called itself."""
    for url in find_urls(project.names, module):
        if url.database != "PostgreSQL":
            message = f"`{url.scheme}` names {url.database}, not PostgreSQL."
        elif url.driver in _ASYNC_DRIVERS or (
            url.driver is None and (_is_converted(project) or _connects_itself(project))
        ):
            continue
        else:
            message = _sync_message(url)
        yield at_statement(module, url.node, message)


def _sync_message(url: Url) -> str:
    if url.driver is None:
        return f"`{url.scheme}` names no driver, which means psycopg2, which is not async."
    return f"`{url.scheme}` names the driver {url.driver}, which is not async."


def _connects_itself(project: Project) -> bool:
    """Whether the project calls an async driver itself, which wants URLs that name none."""
    return any(
        project.calls.name(site) in _CONNECTING
        for module in project.modules.values()
        if module.mentions("asyncpg", "psycopg", "psycopg_pool")
        for site in module.calls
    )


def _is_converted(project: Project) -> bool:
    """Whether the project gives URLs without a driver an async one before it uses them."""
    return any(
        _converts(node)
        for module in project.modules.values()
        if module.mentions("+asyncpg", "+psycopg")
        for node in ast.walk(module.tree)
    )


def _converts(node: ast.AST) -> bool:
    match node:
        case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Add()):
            return _BARE_SCHEME.fullmatch(text) is not None
        case ast.Dict(values=values):
            return any(_BARE_SCHEME.fullmatch(text) for text in map(_text, values))
        case ast.Call(func=ast.Attribute(attr="set"), keywords=[*named]):
            return "drivername" in {each.arg for each in named}
        case ast.Call(func=ast.Attribute(attr="_replace"), keywords=[*named]):
            return "scheme" in {each.arg for each in named}
        case ast.Call(func=ast.Attribute(attr=name), args=args) if name in _CONVERTERS:
            return any(text.lstrip("^").startswith(("postgres", ":")) for text in map(_text, args))
    return False


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


PAIR = pair(
    wrong={
        "app/core/database.py": """
            from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

            engine = create_async_engine("sqlite+aiosqlite:///library.db")
            make_session = async_sessionmaker(engine, expire_on_commit=False)
            """,
    },
    right={
        "app/core/database.py": """
            from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

            engine = create_async_engine("postgresql+asyncpg://library@localhost/library")
            make_session = async_sessionmaker(engine, expire_on_commit=False)
            """,
    },
    matters=(
        "SQLite ignores the length of a `String(200)`, has no time zones and locks the whole file "
        "for one writer. Tests that pass on it say nothing about locks, constraints and time zones "
        "on the PostgreSQL that serves your users."
    ),
    links={
        "SQLAlchemy: the asyncpg dialect": "https://docs.sqlalchemy.org/en/20/dialects/postgresql.html#module-sqlalchemy.dialects.postgresql.asyncpg",
        "SQLAlchemy: database URLs": "https://docs.sqlalchemy.org/en/20/core/engines.html#database-urls",
    },
)

INVALID = (
    case(
        "an engine for SQLite",
        """
        from sqlalchemy.ext.asyncio import create_async_engine

        engine = create_async_engine("sqlite+aiosqlite:///./library.db")
        """,
        3,
        path="app/core/database.py",
    ),
    case(
        "PostgreSQL without a driver, and with drivers that cannot be async",
        """
        from pydantic_settings import BaseSettings


        class Settings(BaseSettings):
            database_url: str = "postgresql://library@localhost/library"
            replica_url: str = "postgresql+psycopg2://library@replica/library"
            old_url: str = "postgres://library@old/library"
            archive_url: str = "postgresql+pg8000://library@archive/library"
        """,
        5,
        6,
        7,
        8,
        path="app/core/config.py",
    ),
    case(
        "a default for an environment variable, written over several lines",
        """
        import os

        DATABASE_URL = os.environ.get(
            "DATABASE_URL",
            "mysql+aiomysql://library@localhost/library",
        )
        """,
        3,
        path="app/core/config.py",
    ),
    case(
        "a URL that is built with an f-string, with `+`, with `format` or from a constant in another module",
        {
            "app/core/config.py": """
                from app.core.names import HOST, SCHEME

                USER = "library"
                FIRST = f"mysql://{USER}@{HOST}/library"
                SECOND = "postgresql://" + USER + "@localhost/library"
                THIRD = "mariadb+asyncmy://%s@localhost/library" % USER
                FOURTH = "mssql+aioodbc://{}@localhost/library".format(USER)
                FIFTH = f"{SCHEME}://{USER}@{HOST}/library"
                """,
            "app/core/names.py": """
                HOST = "localhost"
                SCHEME = "postgresql+psycopg2"
                """,
        },
        4,
        5,
        6,
        7,
        8,
        path="app/core/config.py",
    ),
    case(
        "a wrong scheme that is passed to a URL builder",
        """
        from pydantic import MySQLDsn, PostgresDsn
        from sqlalchemy import URL
        from sqlalchemy.engine import url as urls

        DRIVER = "postgresql+psycopg2"
        first = URL.create("sqlite", database="library.db")
        second = urls.URL.create(drivername=DRIVER, host="localhost")
        third = PostgresDsn.build(scheme="postgresql", host="localhost", path="library")
        fourth = str(
            MySQLDsn.build(
                scheme="mysql+aiomysql",
                host="localhost",
            )
        )
        """,
        6,
        7,
        8,
        9,
        path="app/core/config.py",
    ),
    case(
        "packages of other databases and of sync drivers",
        """
        import os, sqlite3
        from typing import TYPE_CHECKING

        from psycopg2.errors import UniqueViolation

        if TYPE_CHECKING:
            import motor.motor_asyncio as motor


        def connect(path: str) -> None:
            \"\"\"Use what is there.\"\"\"
            import pymysql.cursors

            print(os.path, sqlite3, UniqueViolation, pymysql, path)
        """,
        1,
        4,
        7,
        12,
        path="app/core/storage.py",
    ),
    case(
        "an in-memory SQLite URL in a conditional, and a driver imported with `importlib`",
        """
        import importlib
        import os

        driver = importlib.import_module("aiosqlite")
        url = "sqlite+aiosqlite://" if os.environ.get("TRY") else os.environ["DATABASE_URL"]
        """,
        4,
        5,
        path="app/core/config.py",
    ),
    case(
        "a `replace` that results in another wrong URL",
        """
        import os

        url = os.environ.get("DATABASE_URL", "postgres://localhost/library")
        url = url.replace("postgres://", "postgresql://", 1)
        """,
        3,
        path="app/core/config.py",
    ),
    case(
        "URLs of analytics and graph databases, and a URL template that is filled in elsewhere",
        """
        from os import environ

        EVENTS = "clickhouse+native://app:secret@events.internal/library"
        REPORTS = "snowflake://app:secret@account/library"
        TEMPLATE = "mysql+aiomysql://app:secret@%s/library"
        SCHEME = "neo4j://"
        filled = TEMPLATE % environ["DB_HOST"]
        longer = f"{EVENTS}?secure=true"
        friends = SCHEME + environ["GRAPH_HOST"]
        """,
        3,
        4,
        5,
        9,
        path="app/core/config.py",
    ),
)

VALID = (
    case(
        "PostgreSQL through asyncpg",
        """
        from sqlalchemy.ext.asyncio import create_async_engine

        engine = create_async_engine("postgresql+asyncpg://library@localhost/library")
        """,
        path="app/core/database.py",
    ),
    case(
        "PostgreSQL through psycopg 3, as a URL and with `URL.create`",
        """
        from sqlalchemy import URL

        DATABASE_URL = "postgresql+psycopg://library@localhost/library"
        OTHER = URL.create("postgresql+psycopg_async", host="localhost", database="library")
        """,
        path="app/core/config.py",
    ),
    case(
        "Redis, a message broker and the web",
        """
        import redis.asyncio as redis

        cache = redis.from_url("redis://localhost:6379/0")
        BROKER_URL = "amqp://guest@localhost//"
        HOME = "https://example.org/postgresql://"
        """,
        path="app/core/cache.py",
    ),
)

VALID_ALTERNATIVE = (
    case(
        "a URL for asyncpg itself, which needs no driver in it",
        """
        import asyncpg

        DATABASE_URL = "postgresql://library@localhost/library"


        async def open_pool() -> asyncpg.Pool:
            return await asyncpg.create_pool(dsn=DATABASE_URL, min_size=5)
        """,
        path="app/core/database.py",
    ),
    case(
        "a URL that gets its driver before it is used",
        """
        from pydantic import field_validator
        from pydantic_settings import BaseSettings


        class Settings(BaseSettings):
            database_url: str = "postgresql://library@localhost/library"

            @field_validator("database_url")
            @classmethod
            def with_driver(cls, value: str) -> str:
                for old in ("postgres://", "postgresql://"):
                    if value.startswith(old):
                        return "postgresql+asyncpg://" + value.removeprefix(old)
                return value.replace("postgresql://", "postgresql+asyncpg://", 1)
        """,
        path="app/core/config.py",
    ),
    case(
        "URLs that are checked and rejected, and messages about them",
        '''
        """Only postgresql+asyncpg:// is allowed; sqlite:///library.db is not."""

        from pydantic import Field
        from pydantic_settings import BaseSettings

        WRONG = ("sqlite", "mysql")


        class Settings(BaseSettings):
            """postgresql://localhost/library"""

            database_url: str = Field(description="postgresql://user@host/name", examples=["sqlite://"])


        def verified(url: str) -> str:
            """Return the URL.

            sqlite:///library.db is refused.
            """
            if url.startswith(("sqlite:///", "mysql://")) or url == "sqlite://":
                raise ValueError("sqlite:// and mysql:// are refused")
            if url.split("://")[0] in WRONG:
                raise ValueError(f"postgresql:// needs a driver: {url}")
            return url
        ''',
        path="app/core/config.py",
    ),
    case(
        "asyncpg itself, which takes a URL without a driver",
        """
        import asyncpg


        async def listen() -> None:
            connection = await asyncpg.connect("postgresql://library@localhost/library")
            await connection.execute("LISTEN loans")
        """,
        path="app/core/events.py",
    ),
    case(
        "a URL from the environment whose driver is set with `URL.set`",
        """
        import os

        from sqlalchemy import make_url
        from sqlalchemy.ext.asyncio import create_async_engine

        url = make_url(os.environ.get("DATABASE_URL", "postgresql://localhost/library"))
        engine = create_async_engine(url.set(drivername="postgresql+asyncpg"))
        """,
        path="app/core/database.py",
    ),
    case(
        "a module of the project that is named like a package",
        {
            "app/core/motor.py": "SPEED = 3\n",
            "app/core/garage.py": """
                from . import motor
                from .motor import SPEED

                FASTER = SPEED + motor.SPEED
                """,
        },
    ),
    case(
        "the PostgreSQL dialect of SQLAlchemy, and psycopg 3",
        """
        import psycopg
        from sqlalchemy.dialects import postgresql
        from sqlalchemy.dialects.postgresql import insert

        NAME = postgresql.dialect.name
        DRIVER = f"{NAME}+{psycopg.__name__}"
        __all__ = ["DRIVER", "insert"]
        """,
        path="app/core/database.py",
    ),
)
