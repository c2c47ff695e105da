"""GR103: The SQLAlchemy engine and its sessions are async."""

import ast
from collections.abc import Iterator
from functools import cached_property

from groundrules.rules.cases import case, pair
from groundrules.rules.facts.project import Project
from groundrules.rules.facts.session_kinds import Kind, class_kind, made_by, sqlalchemy_name
from groundrules.rules.facts.sync_work import SyncWork
from groundrules.rules.meaning.annotations import Annotations
from groundrules.rules.meaning.names import Names
from groundrules.rules.meaning.values import ClassValue, External, Instance, Value
from groundrules.rules.places import at_name, at_node, at_statement, one_a_line
from groundrules.rules.rule import Violation
from groundrules.rules.source.syntax import written
from groundrules.rules.source.tree import CallSite, Function, Module, Scope

CLAUSE = "stack.orm"
RATIONALE = (
    "A sync query blocks the event loop until the database replies, and no other request makes "
    "progress meanwhile."
)
FIX = "Use `create_async_engine`, `async_sessionmaker` and `AsyncSession`, and await their methods."

# without one of these words no name can be one of SQLAlchemy's sync ones
_WORDS = ("create_engine", "engine_from_config", "sessionmaker", "scoped_session", "Session")
_ENGINES = frozenset({"create_engine", "engine_from_config"})


def check(project: Project) -> Iterator[Violation]:
    """Yield each call that makes a sync engine or session, and each annotation with one."""
    if any(_has_sync_word(module) for module in project.modules.values()):
        yield from one_a_line(_Check(project.names).run())


class _Check:
    def __init__(self, names: Names) -> None:
        self._names = names
        self._annotations = Annotations(names)
        self._sync_work = SyncWork(names)

    def run(self) -> Iterator[Violation]:
        for module in self._names.modules.values():
            for function in module.functions:
                yield from self._function(function)
            for scope in module.scopes:
                yield from self._variables(module, scope)
            for site in module.calls:
                message = self._call(site)
                if message and not self._sync_work.covers(site.scope, site.node):
                    yield at_statement(module, site.node, message)

    def _call(self, site: CallSite) -> str | None:
        value = self._names.called(site)
        made = self._made(site, value)
        return f"`{written(site.node.func)}` {made}." if made else None

    def _made(self, site: CallSite, value: Value | None) -> str | None:
        if not isinstance(value, (External, ClassValue)):
            return None
        name = sqlalchemy_name(value)
        if name in _ENGINES:
            return None if site.node in self._wrapped else "makes a sync engine"
        if name in {"sessionmaker", "scoped_session"}:
            made = made_by(self._names, Instance(value, site.node, site.scope))
            return "makes sync sessions" if made is Kind.SESSION else None
        return "is a sync session" if self._is_sync(value) else None

    def _function(self, function: Function) -> Iterator[Violation]:
        for argument in function.arguments:
            if self._sync_work.hands_on(function, argument.arg):
                continue
            if self._names_sync(argument.annotation, function.outer):
                message = f"`{function.name}` takes a sync session, `{argument.arg}`."
                break
        else:
            if not self._names_sync(function.node.returns, function.outer):
                return
            message = f"`{function.name}` provides a sync session."
        if not self._sync_work.covers(function.scope):
            yield at_name(function, message)

    def _variables(self, module: Module, scope: Scope) -> Iterator[Violation]:
        bindings = [each for found in scope.bindings.values() for each in found]
        if isinstance(scope.owner, Function) and scope.owner.owner:
            for held in scope.owner.owner.attributes.values():
                bindings += [each for each in held if each.scope is scope]
        for binding in bindings:
            if not isinstance(binding.node, (ast.Name, ast.Attribute)):
                continue
            if self._names_sync(binding.annotation, scope) and not self._sync_work.covers(scope):
                message = f"`{written(binding.node)}` is annotated as a sync session."
                yield at_node(module, binding.node, message)

    def _names_sync(self, annotation: ast.expr | None, scope: Scope) -> bool:
        if annotation is None:
            return False
        return any(map(self._is_sync, self._annotations.classes(annotation, scope)))

    def _is_sync(self, value: Value) -> bool:
        return class_kind(self._names, value) is Kind.SESSION

    @cached_property
    def _wrapped(self) -> set[ast.expr]:
        """The calls that make an engine for `AsyncEngine(…)` to wrap."""
        found = set[ast.expr]()
        for module in self._names.modules.values():
            for site in module.calls:
                called = self._names.called(site)
                if sqlalchemy_name(called) == "AsyncEngine":
                    given = [*site.node.args, *(each.value for each in site.node.keywords)]
                    found.update(self._names.literal(each, site.scope)[0] or each for each in given)
        return found


def _has_sync_word(module: Module) -> bool:
    text = module.text
    return any(
        word in text
        and text.count(word) != text.count(f"async_{word}") + text.count(f"Async{word}")
        for word in _WORDS
    )


PAIR = pair(
    wrong={
        "app/core/database.py": """
            from sqlalchemy import create_engine
            from sqlalchemy.orm import sessionmaker

            from app.core.config import get_settings

            engine = create_engine(get_settings().database_url)
            make_session = sessionmaker(engine, expire_on_commit=False)
            """,
    },
    right={
        "app/core/database.py": """
            from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

            from app.core.config import get_settings

            engine = create_async_engine(get_settings().database_url)
            make_session = async_sessionmaker(engine, expire_on_commit=False)
            """,
    },
    context={
        "app/core/config.py": """
            from functools import lru_cache

            from pydantic_settings import BaseSettings


            class Settings(BaseSettings):
                database_url: str


            @lru_cache
            def get_settings() -> Settings:
                return Settings()
            """,
    },
    matters=(
        "One slow query through a sync session stops the whole process for as long as it takes: "
        "health checks time out, and the orchestrator restarts a service that was merely waiting "
        "for the database."
    ),
    links={
        "SQLAlchemy: asyncio": "https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html",
        "FastAPI: concurrency and async": "https://fastapi.tiangolo.com/async/",
    },
)

INVALID = (
    case(
        "a sync engine and a sync session maker",
        """
        from sqlalchemy import create_engine
        from sqlalchemy.orm import sessionmaker

        engine = create_engine("postgresql+psycopg://library@localhost/library")
        SessionLocal = sessionmaker(bind=engine, expire_on_commit=False)
        """,
        4,
        5,
        path="app/core/database.py",
    ),
    case(
        "`Session` as the type of an argument, in a return type, and in a `with` statement",
        """
        from collections.abc import Iterator

        from sqlalchemy.orm import Session

        from app.core.database import engine


        def get_db() -> Iterator[Session]:
            with Session(engine) as session:
                yield session


        async def count(db: Session, *, low: int = 0) -> int:
            return low if db.is_active else 0
        """,
        8,
        9,
        13,
        path="app/services/counts.py",
    ),
    case(
        "a sync engine imported under an alias, or from a package that re-exports it",
        {
            "app/core/database.py": """
                from sqlalchemy.orm import Session as OrmSession
                """,
            "app/core/__init__.py": "from .database import *\nfrom .database import OrmSession as Db\n",
            "app/services/books.py": """
                from app import core


                async def count(db: core.Db) -> int:
                    return int(db.is_active)


                async def count_all(db: "core.OrmSession | None" = None) -> int:
                    return int(db is not None)
                """,
        },
        4,
        8,
        path="app/services/books.py",
    ),
    case(
        "a sync engine reached as a module's attribute or through a variable",
        """
        import sqlalchemy as sa
        import sqlalchemy.orm as orm

        make = sa.create_engine
        engine = make("postgresql+psycopg://library@localhost/library")
        factory = orm.scoped_session(orm.sessionmaker(engine))
        """,
        5,
        6,
        path="app/core/database.py",
    ),
    case(
        "a sync session in `Annotated`, an alias of a union, a string, or an import for type checkers",
        """
        from __future__ import annotations

        from collections.abc import Callable
        from typing import TYPE_CHECKING, Annotated, Optional, TypeAlias

        from fastapi import Depends

        from app.api.deps import get_db

        if TYPE_CHECKING:
            from sqlalchemy.orm import Session

        Db = Annotated["Session", Depends(get_db)]
        Maybe: TypeAlias = "Optional[Session]"
        Opener = Callable[[], "Session"]


        async def first(db: Db) -> None:
            print(db)


        async def second(db: Maybe = None) -> None:
            print(db)


        async def third(opener: Opener) -> None:
            print(opener)


        async def fourth(*, db: Annotated[Session, Depends(get_db)]) -> None:
            print(db)
        """,
        18,
        22,
        26,
        30,
        path="app/services/books.py",
    ),
    case(
        "SQLModel's session, a project class that inherits from `Session`, and sync sessions as attributes",
        """
        from dataclasses import dataclass

        import sqlmodel
        from sqlalchemy import orm


        class LibrarySession(orm.Session):
            pass


        @dataclass
        class Books:
            session: sqlmodel.Session


        class Loans:
            def __init__(self, open_it: bool) -> None:
                self.session: LibrarySession | None = None
                if open_it:
                    self.session = LibrarySession()
        """,
        13,
        18,
        20,
        path="app/services/books.py",
    ),
    case(
        "a session maker with a sync class, over several lines, and one in a function",
        """
        from functools import partial

        from sqlalchemy import engine_from_config
        from sqlalchemy.orm import Session, sessionmaker

        factory = sessionmaker(
            class_=Session,
            autoflush=False,
        )
        make = partial(sessionmaker, autoflush=False)


        def start(settings: dict[str, str]) -> None:
            \"\"\"Start the engine.\"\"\"
            engine = engine_from_config(settings)
            print(engine, make())
        """,
        6,
        15,
        16,
        path="app/core/database.py",
    ),
    case(
        "a function that is passed to `run_sync`, and also called directly",
        """
        from sqlalchemy.ext.asyncio import AsyncSession
        from sqlalchemy.orm import Session

        from app.core.database import factory


        def count(session: Session) -> int:
            return total(session)


        def total(session: Session) -> int:
            return len(session.identity_map)


        async def read(db: AsyncSession) -> int:
            return await db.run_sync(count) + total(factory())
        """,
        11,
        path="app/services/books.py",
    ),
    case(
        "a function with a sync session that is passed to a thread instead of `AsyncSession.run_sync`",
        """
        from anyio import to_thread
        from sqlalchemy.orm import Session


        def count(session: Session) -> int:
            return len(session.identity_map)


        async def read(session: object) -> int:
            return await to_thread.run_sync(count, session)
        """,
        5,
        path="app/services/books.py",
    ),
)

VALID = (
    case(
        "an async engine, its session maker, and a session for each request",
        """
        from collections.abc import AsyncIterator

        from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

        engine = create_async_engine("postgresql+asyncpg://library@localhost/library")
        async_session = async_sessionmaker(engine, expire_on_commit=False)


        async def get_db() -> AsyncIterator[AsyncSession]:
            async with async_session() as session:
                yield session
        """,
        path="app/core/database.py",
    ),
    case(
        "a service that takes an `AsyncSession`",
        """
        from typing import Annotated

        from fastapi import Depends
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncSession as Session

        from app.api.deps import get_db

        Db = Annotated[Session, Depends(get_db)]


        async def ping(db: Db) -> None:
            await db.execute(text("SELECT 1"))
        """,
        path="app/services/health.py",
    ),
    case(
        "tables that SQLAlchemy makes by `run_sync`",
        """
        from sqlalchemy.ext.asyncio import AsyncEngine

        from app.models.base import Base


        async def create_tables(engine: AsyncEngine) -> None:
            async with engine.begin() as connection:
                await connection.run_sync(Base.metadata.create_all)
        """,
        path="app/core/database.py",
    ),
)

VALID_ALTERNATIVE = (
    case(
        "The older way to create async sessions, with `sessionmaker` and `AsyncEngine`",
        """
        from sqlalchemy import create_engine
        from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
        from sqlalchemy.orm import sessionmaker


        class LibrarySession(AsyncSession):
            pass


        sync_engine = create_engine("postgresql+asyncpg://library@localhost/library")
        engine = AsyncEngine(sync_engine)
        other = AsyncEngine(create_engine("postgresql+asyncpg://library@localhost/other"))
        SessionLocal: sessionmaker[AsyncSession] = sessionmaker(engine, class_=LibrarySession)
        """,
        path="app/core/database.py",
    ),
    case(
        "functions passed to `run_sync`, and functions that only they call",
        """
        from functools import partial

        from sqlalchemy.ext.asyncio import AsyncSession
        from sqlalchemy.orm import Session


        class Counter:
            def __init__(self, session: Session) -> None:
                self.session: Session = session

            def total(self) -> int:
                return len(self.session.identity_map)


        def count(session: Session, low: int) -> int:
            def raised(inner: Session) -> int:
                return low + total(inner)

            return raised(session)


        def total(session: Session) -> int:
            return Counter(session).total() + (total(session) if session.dirty else 0)


        def largest(session: Session) -> int:
            return len(session.new)


        async def read(db: AsyncSession) -> int:
            \"\"\"Count what is there.\"\"\"
            first = await db.run_sync(count, 2)
            second = await db.run_sync(partial(count, low=3))
            return first + second + await db.run_sync(lambda session: largest(session))
        """,
        path="app/services/books.py",
    ),
    case(
        "a helper that passes on its arguments",
        """
        from collections.abc import Callable
        from typing import Annotated

        from fastapi import Depends
        from sqlalchemy.ext.asyncio import AsyncSession
        from sqlalchemy.orm import Session

        from app.api.deps import get_db

        Work = Callable[[Session], int]


        def count(session: Session) -> int:
            return len(session.identity_map)


        async def in_sync(db: AsyncSession, work: Work) -> int:
            return await db.run_sync(fn=work)


        async def read(db: Annotated[AsyncSession, Depends(get_db)]) -> int:
            return await in_sync(db, count)
        """,
        path="app/services/books.py",
    ),
    case(
        "event listeners, which get the sync session inside an async one",
        """
        from sqlalchemy import event
        from sqlalchemy.orm import Session, UOWTransaction


        @event.listens_for(Session, "before_flush")
        def stamp(session: Session, flush: UOWTransaction, instances: object) -> None:
            for row in session.dirty:
                row.touch()


        def forget(session: Session) -> None:
            session.info.clear()


        event.listen(Session, "after_rollback", forget)
        """,
        path="app/core/events.py",
    ),
    case(
        "sessions of other packages, and of the project",
        """
        import boto3
        import requests


        class Session:
            def __init__(self, user: str) -> None:
                self.user = user


        def create_engine(power: int) -> int:
            return power


        def start(web: requests.Session, cloud: boto3.Session) -> Session:
            return Session(f"{web} {cloud} {create_engine(3)}")
        """,
        path="app/core/sessions.py",
    ),
    case(
        "a name that cannot be resolved, and unknown settings",
        """
        from sqlalchemy.orm import sessionmaker

        from app.core.options import OPTIONS
        from database_kit import Session

        factory = sessionmaker(**OPTIONS)


        async def read(db: Session) -> str:
            return str(db)
        """,
        path="app/services/books.py",
    ),
    case(
        "a sync session class that routes the statements of an async session",
        """
        from sqlalchemy import Engine
        from sqlalchemy.ext.asyncio import async_sessionmaker
        from sqlalchemy.orm import Session

        from app.core.engines import reader


        class Routing(Session):
            def get_bind(self, *args: object, **kwargs: object) -> Engine:
                return reader.sync_engine


        factory = async_sessionmaker(sync_session_class=Routing)
        """,
        path="app/core/database.py",
    ),
)
