"""GR203: Code that reads or writes the database is `async def`, and awaits it."""

import ast
from collections.abc import Iterator, Set
from operator import attrgetter

from groundrules.rules.cases import case, pair
from groundrules.rules.catalogue.samples import LIBRARY, library
from groundrules.rules.facts.coroutines import Coroutines, Fate
from groundrules.rules.facts.project import Project
from groundrules.rules.facts.replaced import Replaced
from groundrules.rules.facts.session_kinds import Kind, attribute_kind, kind_of
from groundrules.rules.meaning.callees import Callee, Callees
from groundrules.rules.meaning.definitions import Definitions
from groundrules.rules.places import at_name, at_statement, one_a_line
from groundrules.rules.rule import Violation
from groundrules.rules.source.syntax import written
from groundrules.rules.source.tree import CallSite, Function, Module

CLAUSE = "style.async"
RATIONALE = "A coroutine that is not awaited never runs: nothing is read, and nothing is saved."
FIX = "Put `await` before the call, in a function that is `async def`."

_BOTH = {"aclose", "close", "commit", "execute", "invalidate", "rollback", "run_sync"}
_BOTH |= {"scalar", "scalars"}
_COROUTINES = {
    Kind.ASYNC_SESSION: _BOTH
    | {"close_all", "connection", "delete", "exec", "flush", "get", "get_one", "merge", "refresh"}
    | {"remove", "reset", "stream", "stream_scalars"},
    Kind.ASYNC_CONNECTION: _BOTH
    | {
        "exec_driver_sql",
        "execution_options",
        "get_isolation_level",
        "get_raw_connection",
        "start",
    },
}
_ANY = frozenset().union(*_COROUTINES.values())


def check(project: Project) -> Iterator[Violation]:
    """Yield each plain function that calls the async database, and each coroutine nobody awaits."""
    checker = _Checker(project)
    for module in project.modules.values():
        found = sorted(checker.of(module), key=attrgetter("line", "column"))
        yield from one_a_line(found)


class _Checker:
    def __init__(self, project: Project) -> None:
        self._project = project
        self._definitions = Definitions(project.names)
        self._callees = Callees(self._definitions)
        self._replaced = Replaced(project.names, self._definitions, self._callees)
        self._own = _imported_as(
            {each.name for each in project.functions if each.is_async}, project
        )
        self._fates = dict[Function | Module, Coroutines]()
        self._surely_made = dict[Callee, bool]()

    def of(self, module: Module) -> Iterator[Violation]:
        """Yield what a module does wrong."""
        for site in _unawaited(module, _ANY):
            if _is_coroutine(self._project, site):
                yield from self._of_session(module, site)
        for site in _unawaited(module, self._own):
            callee = self._callees.of(site)
            if callee is not None and self._is_lost(site, callee):
                yield at_statement(
                    module, site.node, f"`{written(site.node.func)}(…)` is not awaited."
                )

    def _of_session(self, module: Module, site: CallSite) -> Iterator[Violation]:
        fate, function, text = self._fate(site), site.scope.function, written(site.node.func)
        if fate is Fate.MADE_LATER:
            return
        if function is not None and not function.is_async:
            yield at_name(
                function,
                f"`{function.name}` is a plain `def`, but calls the coroutine `{text}`.",
            )
        elif fate is Fate.LOST:
            yield at_statement(module, site.node, f"`{text}(…)` is not awaited.")

    def _is_lost(self, site: CallSite, callee: Callee) -> bool:
        """Whether a call surely makes a coroutine of the project for the database, for nobody."""
        if not callee.function.is_async or self._fate(site) is not Fate.LOST:
            return False
        if callee not in self._surely_made:
            is_replaced = self._replaced.may_be(callee)
            self._surely_made[callee] = not is_replaced and self._uses_database(callee.function)
        return self._surely_made[callee]

    def _fate(self, site: CallSite) -> Fate:
        around = site.scope.function or site.scope.module
        if around not in self._fates:
            names = self._project.names
            self._fates[around] = Coroutines(names, self._definitions, around)
        return self._fates[around].fate(site)

    def _uses_database(self, function: Function) -> bool:
        """Whether a function takes a session or connection, or it or what it calls uses one."""
        names = self._project.names
        held = (names.bound(function.scope.bindings[each.arg][0]) for each in function.arguments)
        if any(kind_of(names, each) in _COROUTINES for each in held):
            return True
        reached = self._project.calls.reached([function])
        return any(_is_coroutine(self._project, site) for each in reached for site in each.calls)


def _imported_as(names: Set[str], project: Project) -> Set[str]:
    """Return names along with those that imports give to what is named so."""
    imports = (each for module in project.modules.values() for each in module.imports)
    aliases = (alias for each in imports for alias in each.names if alias.asname)
    return names | {alias.asname or "" for alias in aliases if alias.name in names}


def _unawaited(module: Module, names: Set[str]) -> Iterator[CallSite]:
    for name in names & module.called.keys():
        yield from (each for each in module.called[name] if each.node not in module.awaited)


def _is_coroutine(project: Project, site: CallSite) -> bool:
    """Whether a call is of a session or connection, and makes a coroutine."""
    func = site.node.func
    if not isinstance(func, ast.Attribute) or func.attr not in _ANY:
        return False
    value = project.names.evaluate(func.value, site.scope)
    kind = attribute_kind(project.names, func, value)
    return kind is not None and func.attr in _COROUTINES.get(kind, ())


PAIR = pair(
    wrong={
        "app/services/titles.py": """
            from sqlalchemy.ext.asyncio import AsyncSession

            from app.models.book import Book


            async def rename(db: AsyncSession, *, book: Book, title: str) -> Book:
                book.title = title
                db.commit()
                return book
            """,
    },
    right={
        "app/services/titles.py": """
            from sqlalchemy.ext.asyncio import AsyncSession

            from app.models.book import Book


            async def rename(db: AsyncSession, *, book: Book, title: str) -> Book:
                book.title = title
                await db.commit()
                return book
            """,
    },
    context=LIBRARY,
    matters=(
        "A request that runs the first version returns 200 and shows the new title, but the table "
        "still contains the old one. The only trace is a `RuntimeWarning` in a log that nobody "
        "reads."
    ),
    links={
        "SQLAlchemy: asyncio": "https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html",
        "Python: detecting never-awaited coroutines": "https://docs.python.org/3/library/asyncio-dev.html#detect-never-awaited-coroutines",
    },
)

INVALID = (
    case(
        "a plain function that commits",
        """
        from sqlalchemy.ext.asyncio import AsyncSession


        def save(db: AsyncSession, row: object) -> None:
            db.add(row)
            db.commit()
        """,
        4,
        path="app/services/rows.py",
    ),
    case(
        "neither the commit nor the query is awaited",
        """
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncSession


        async def save(db: AsyncSession, row: object) -> None:
            db.add(row)
            db.commit()


        async def names(db: AsyncSession) -> list[str]:
            return list(
                db.execute(text("SELECT name FROM books"))
                .scalars()
                .all()
            )
        """,
        7,
        11,
        path="app/services/rows.py",
    ),
    case(
        "a call to a method of the project's own session class that is not awaited",
        """
        from sqlalchemy.ext.asyncio import AsyncSession


        class Db(AsyncSession):
            async def save(self, row: object) -> None:
                self.add(row)
                await self.commit()


        async def keep(db: Db, row: object) -> None:
            db.save(row)
        """,
        11,
        path="app/services/rows.py",
    ),
    case(
        "a coroutine returned by a plain function, and a plain function with its own session",
        """
        from collections.abc import Awaitable
        from typing import Annotated

        from fastapi import Depends
        from sqlalchemy.ext.asyncio import AsyncSession as Session

        from app.api.deps import get_db
        from app.models.book import Book

        Db = Annotated[Session, Depends(get_db)]


        def find(db: Db, number: int) -> Awaitable[Book | None]:
            return db.get(Book, number)


        class Books:
            def __init__(self, db: "Session | None") -> None:
                self.db = db

            def remove(self, book: Book) -> None:
                if self.db:
                    self.db.delete(book)
        """,
        13,
        21,
        path="app/services/books.py",
    ),
    case(
        "sessions from a session factory, connections of an engine, and a session of SQLModel",
        """
        import asyncio

        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
        from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session
        from sqlalchemy.orm import sessionmaker
        from sqlmodel.ext.asyncio.session import AsyncSession as ModelSession

        engine = create_async_engine("postgresql+asyncpg://library@localhost/library")
        make = async_sessionmaker(engine)
        older = sessionmaker(engine, class_=AsyncSession)
        scoped = async_scoped_session(make, asyncio.current_task)


        async def first() -> None:
            async with make() as session, older() as other:
                session.add(object())
                session.flush()
                other.rollback()
            scoped.remove()


        async def second() -> None:
            async with engine.begin() as connection, make.begin() as session:
                connection.execute(text("SELECT 1"))
                session.refresh(object())


        def third(db: ModelSession) -> None:
            db.exec(text("SELECT 1"))


        def fourth() -> None:
            asyncio.run(make().close())
        """,
        18,
        19,
        20,
        25,
        26,
        29,
        33,
        path="app/services/rows.py",
    ),
    case(
        "coroutines that are used in a condition or a loop, stored or returned, but never awaited",
        """
        from sqlalchemy import Select, text
        from sqlalchemy.ext.asyncio import AsyncSession

        from app.models.book import Book


        async def exists(db: AsyncSession, number: int) -> bool:
            return bool(db.get(Book, number))


        async def titles(db: AsyncSession, query: Select[tuple[Book]]) -> list[str]:
            return [book.title for book in db.scalars(query)]


        async def count(db: AsyncSession) -> None:
            result = db.scalar(text("SELECT count(*) FROM books"))
            if result is None:
                print(f"none {result}")


        async def largest(db: AsyncSession) -> int | None:
            return db.scalar(text("SELECT max(id) FROM books"))


        async def each(db: AsyncSession, query: Select[tuple[Book]]) -> None:
            async for book in db.stream_scalars(query):
                print(book)
        """,
        8,
        12,
        16,
        22,
        26,
        path="app/services/books.py",
    ),
    case(
        "a plain function inside an `async def`, and a session of a context manager",
        """
        from collections.abc import AsyncIterator
        from contextlib import asynccontextmanager

        from sqlalchemy.ext.asyncio import AsyncSession

        from app.core.database import make


        @asynccontextmanager
        async def opened() -> AsyncIterator[AsyncSession]:
            async with make() as session:
                yield session


        async def save(rows: list[object]) -> None:
            async with opened() as db:

                def save_one(row: object) -> None:
                    db.add(row)
                    db.flush([row])

                for row in rows:
                    save_one(row)
                db.commit()
        """,
        18,
        24,
        path="app/services/rows.py",
    ),
    case(
        "a method that reaches the session of a class in another module",
        {
            "app/services/base.py": """
                from sqlalchemy.ext.asyncio import AsyncSession


                class Service:
                    session: AsyncSession

                    def __init__(self, session: AsyncSession) -> None:
                        self.session = session
                """,
            "app/services/books.py": """
                from app.models.book import Book
                from app.services import base


                class Books(base.Service):
                    def add(self, book: Book) -> None:
                        self.session.add(book)
                        self.session.commit()

                    async def touch(self, book: Book) -> None:
                        book.touch()
                        self.session.commit()
                """,
        },
        6,
        12,
        path="app/services/books.py",
    ),
    case(
        "a call to an application function that uses a session, without `await`",
        """
        from sqlalchemy import select
        from sqlalchemy.ext.asyncio import AsyncSession

        from app.core.exceptions import IsbnTaken
        from app.models.book import Book


        async def create(db: AsyncSession, book: Book) -> Book:
            _must_be_free(db, book.isbn)
            db.add(book)
            await db.commit()
            return book


        async def _must_be_free(db: AsyncSession, isbn: str) -> None:
            if await db.scalar(select(Book.id).where(Book.isbn == isbn)) is not None:
                raise IsbnTaken
        """,
        9,
        path="app/services/books.py",
    ),
    case(
        "handlers that call an async service without `await` and use the coroutine as if it were the result",
        library(
            "app/api/books.py",
            """
            from fastapi import APIRouter, HTTPException, status

            from app.api.deps import Db
            from app.schemas.book import BookCreate, BookResponse
            from app.services import books
            from app.services.books import list_all as list_books

            router = APIRouter(prefix="/books")


            @router.get("/{book_id}")
            async def read_book(book_id: int, db: Db) -> BookResponse:
                \"\"\"Show a book.\"\"\"
                book = books.get(db, book_id)
                if book is None:
                    raise HTTPException(status.HTTP_404_NOT_FOUND)
                return BookResponse.model_validate(book)


            @router.get("/")
            async def read_books(db: Db) -> list[BookResponse]:
                \"\"\"Show all books.\"\"\"
                return [BookResponse.model_validate(book) for book in list_books(db)]


            @router.put("/{book_id}", response_model=BookResponse)
            async def replace_book(book_id: int, book_in: BookCreate, db: Db) -> object:
                \"\"\"Change a book.\"\"\"
                book = await books.get(db, book_id)
                if book is None:
                    raise HTTPException(status.HTTP_404_NOT_FOUND)
                book = books.update(db, book=book, obj_in=book_in)
                return BookResponse.model_validate(book)
            """,
        ),
        14,
        23,
        32,
        path="app/api/books.py",
    ),
    case(
        "methods of repositories, defined and inherited",
        {
            "app/services/repository.py": """
                from sqlalchemy.ext.asyncio import AsyncSession

                from app.models.base import Base


                class Repository:
                    def __init__(self, db: AsyncSession) -> None:
                        self.db = db

                    async def save(self, row: Base) -> None:
                        self.db.add(row)
                        await self.db.commit()
                """,
            "app/services/books.py": """
                from typing import Annotated

                from fastapi import Depends
                from sqlalchemy.ext.asyncio import AsyncSession

                from app.models.base import Base
                from app.models.book import Book
                from app.services.repository import Repository


                class Books(Repository):
                    async def find(self, number: int) -> Book | None:
                        return await self.db.get(Book, number)

                    async def rename(self, number: int, title: str) -> None:
                        book = self.find(number)
                        book.title = title
                        await self.db.commit()

                    async def save(self, row: Base) -> None:
                        super().save(row)


                async def number_of_copies(books: Annotated[Books, Depends()]) -> int:
                    return books.find(1).copies


                async def store(db: AsyncSession, book: Book) -> None:
                    books = Books(db)
                    books.save(book)
                """,
        },
        16,
        21,
        25,
        30,
        path="app/services/books.py",
    ),
)

VALID = (
    case(
        "a service that awaits what the session does",
        """
        from sqlalchemy import select
        from sqlalchemy.ext.asyncio import AsyncSession

        from app.models.book import Book


        async def create(db: AsyncSession, *, title: str) -> Book:
            book = Book(title=title)
            db.add(book)
            await db.commit()
            return book


        async def titles(db: AsyncSession) -> list[str]:
            return list((await db.scalars(select(Book.title))).all())
        """,
        path="app/services/books.py",
    ),
    case(
        "a plain function that uses only the sync methods of a session, such as `add`",
        """
        from sqlalchemy.ext.asyncio import AsyncSession, AsyncSessionTransaction


        def stage(db: AsyncSession, rows: list[object]) -> AsyncSessionTransaction:
            db.add_all(rows)
            db.expunge(rows[0])
            db.expire(rows[1])
            if db.in_transaction():
                return db.begin_nested()
            return db.begin()
        """,
        path="app/services/rows.py",
    ),
    case(
        "storing a session and passing it on",
        """
        from sqlalchemy.ext.asyncio import AsyncSession


        class Books:
            def __init__(self, db: AsyncSession) -> None:
                self.db = db


        def books(db: AsyncSession) -> Books:
            return Books(db)
        """,
        path="app/services/books.py",
    ),
)

VALID_ALTERNATIVE = (
    case(
        "coroutines that `gather`, `wait_for`, a task or a task group awaits",
        """
        import asyncio

        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncSession


        async def work(db: AsyncSession, other: AsyncSession) -> None:
            await asyncio.gather(db.commit(), other.commit())
            await asyncio.gather(*(each.flush() for each in (db, other)))
            await asyncio.wait_for(db.execute(text("SELECT 1")), timeout=1)
            task = asyncio.create_task(db.rollback())
            async with asyncio.TaskGroup() as group:
                group.create_task(other.rollback())
            await task
            await asyncio.shield(db.close())
        """,
        path="app/services/work.py",
    ),
    case(
        "coroutines that are awaited through a variable, a conditional or a list",
        """
        import asyncio

        from sqlalchemy.ext.asyncio import AsyncSession

        from app.models.book import Book


        async def leave(db: AsyncSession, *, keep: bool) -> None:
            ending = db.commit() if keep else db.rollback()
            await ending
            await (db.flush() if keep else db.close())
            jobs = [db.refresh(each) for each in db.new]
            await asyncio.gather(*jobs)
            if (later := db.get(Book, 1)) is not None:
                print(await later)
        """,
        path="app/services/work.py",
    ),
    case(
        "a lambda that creates the coroutine later, and one that an `async def` returns",
        """
        from collections.abc import Awaitable, Callable

        from sqlalchemy import Result, text
        from sqlalchemy.ext.asyncio import AsyncSession


        async def twice(work: Callable[[], Awaitable[object]]) -> None:
            await work()
            await work()


        async def save(db: AsyncSession) -> None:
            await twice(lambda: db.commit())


        def later(db: AsyncSession) -> Callable[[], Awaitable[None]]:
            return lambda: db.commit()


        async def begin(db: AsyncSession) -> Awaitable[Result[tuple[int]]]:
            return db.execute(text("SELECT 1"))
        """,
        path="app/services/work.py",
    ),
    case(
        "methods of the same names on other objects",
        """
        import httpx


        class Cache:
            def __init__(self) -> None:
                self.held: dict[str, str] = {}

            def get(self, name: str) -> str | None:
                return self.held.get(name)

            def commit(self) -> None:
                self.held.clear()


        def use(cache: Cache, client: httpx.Client) -> None:
            cache.commit()
            client.get("/")
            client.close()
        """,
        path="app/services/cache.py",
    ),
    case(
        "a session class of the project, with some plain methods",
        """
        from sqlalchemy.ext.asyncio import AsyncSession


        class Recording(AsyncSession):
            def reset(self) -> None:
                self.info.clear()


        def forget(db: Recording) -> None:
            db.reset()
        """,
        path="app/core/database.py",
    ),
    case(
        "streams and transactions, entered without `await`",
        """
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession


        async def numbers(engine: AsyncEngine) -> list[int]:
            async with engine.connect() as connection:
                async with connection.stream(text("SELECT 1")) as result:
                    return [row[0] async for row in result]


        async def save(db: AsyncSession) -> None:
            async with db.begin():
                db.add(object())
            async with db as again:
                await again.commit()
        """,
        path="app/services/numbers.py",
    ),
    case(
        "coroutines of the application that other functions await",
        """
        import asyncio
        from collections.abc import Awaitable

        from fastapi import BackgroundTasks
        from sqlalchemy.ext.asyncio import AsyncSession

        from app.models.book import Book


        async def find(db: AsyncSession, number: int) -> Book | None:
            return await db.get(Book, number)


        def begin(db: AsyncSession, number: int) -> Awaitable[Book | None]:
            return find(db, number)


        def find_now(db: AsyncSession, number: int) -> Book | None:
            return asyncio.run(find(db, number))


        async def work(db: AsyncSession, other: AsyncSession, tasks: BackgroundTasks) -> None:
            first = find(db, 1)
            await asyncio.gather(first, find(other, 1))
            await asyncio.gather(*(find(each, 2) for each in (db, other)))
            tasks.add_task(asyncio.wait_for, find(db, 3), timeout=1)
            async with asyncio.TaskGroup() as group:
                task = group.create_task(find(db, 4))
            book = find(other, 5)
            book = await book
            print(book, task.result())
        """,
        path="app/services/work.py",
    ),
    case(
        "names that may refer to a plain function: defined twice, overridden or patched",
        """
        import os

        from sqlalchemy.ext.asyncio import AsyncSession

        from app.core import reports

        if os.name == "posix":

            async def sync(db: AsyncSession) -> None:
                await db.commit()

        else:

            def sync(db: AsyncSession) -> None:
                print(f"left alone: {db}")


        class Store:
            async def save(self, db: AsyncSession) -> None:
                await db.commit()


        class Recorded(Store):
            def save(self, db: AsyncSession) -> None:
                print(f"saved: {db}")


        async def report(db: AsyncSession) -> None:
            await db.commit()


        reports.report = report


        async def work(db: AsyncSession, store: Store) -> None:
            sync(db)
            store.save(db)
            reports.report(db)
        """,
        path="app/services/work.py",
    ),
)
