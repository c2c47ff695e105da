"""GR203: Code that reads or writes the database is `async def`, and awaits it."""

import ast
from collections.abc import Iterator, Set
from operator import attrgetter

from groundrules.rules.cases import case, pair
from groundrules.rules.catalogue.samples import LIBRARY, library
from groundrules.rules.facts.coroutine_methods import (
    METHODS,
    is_async,
    is_of_other,
    is_of_session,
    is_on_session,
)
from groundrules.rules.facts.coroutines import Coroutines, Fate
from groundrules.rules.facts.project import Project
from groundrules.rules.facts.registrations import ROUTING
from groundrules.rules.facts.replaced import Replaced
from groundrules.rules.facts.session_kinds import kind_of
from groundrules.rules.meaning.annotations import Annotations
from groundrules.rules.meaning.callees import Callee, Callees
from groundrules.rules.meaning.definitions import Definitions
from groundrules.rules.meaning.lineages import Lineages
from groundrules.rules.meaning.values import ClassValue, FunctionValue, Instance
from groundrules.rules.places import at_name, at_statement, one_a_line
from groundrules.rules.rule import Violation
from groundrules.rules.source.syntax import written
from groundrules.rules.source.tree import Binding, CallSite, Function, Module, Scope

CLAUSE = "style.async"
RATIONALE = "A coroutine that is not awaited never runs: nothing is read, and nothing is saved."
FIX = "Put `await` before the call, in a function that is `async def`."

UNDECIDED = (
    "a coroutine that is returned or stored where the annotation is missing, `Any` or `object`",
    "a method of an object that may be of two classes, or that is replaced somewhere",
    "a function with a decorator of another library",
)


def check(project: Project) -> Iterator[Violation]:
    """Yield each plain function that calls the async database, and each coroutine nobody awaits."""
    checker = _Checker(project)
    for module in project.modules.values():
        found = sorted(checker.of(module), key=attrgetter("line", "column"))
        yield from one_a_line(found)
    checker.forget()


class _Checker:
    def __init__(self, project: Project) -> None:
        self._project = project
        self._annotations = Annotations(project.names)
        self._definitions = Definitions(project.names)
        lineages = Lineages(self._definitions)
        self._callees = Callees(self._definitions, lineages)
        self._replaced = Replaced(project.names, self._definitions, lineages)
        self._own = _own_names(project)
        self._handlers = frozenset(project.handlers)
        self._fates = dict[tuple[Function | Module, bool], Coroutines]()
        self._losing = dict[tuple[Function, str, bool, bool], bool]()
        self._surely_made = dict[Callee, bool]()

    def of(self, module: Module) -> Iterator[Violation]:
        """Yield what a module does wrong."""
        names = self._project.names
        for site in _unawaited(module, METHODS):
            if is_of_session(names, site.node.func, site.scope):
                if not self._may_be_sync(site):
                    yield from self._of_session(module, site)
            elif is_of_other(names, site.node.func, site.scope) and self._fate(site) is Fate.LOST:
                yield _lost(module, site)
        for site in _unawaited(module, self._own):
            callee = self._callees.of(site)
            if callee is not None and self._is_lost(site, callee):
                yield _lost(module, site)

    def forget(self) -> None:
        """Break the circle between this and what it has asked."""
        self._fates.clear()

    def _may_be_sync(self, site: CallSite) -> bool:
        """Whether what is called may be a plain method of one of the project's classes, in a union."""
        assert isinstance(site.node.func, ast.Attribute)
        names, method = self._project.names, site.node.func.attr
        return any(
            isinstance(found := names.attribute(Instance(kind), method), FunctionValue)
            and not found.function.is_async
            for annotation, scope in _annotated(site.node.func.value, site.scope)
            for kind in self._annotations.alternatives(annotation, scope)
            if isinstance(kind, ClassValue)
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
            yield _lost(module, site)

    def _is_lost(self, site: CallSite, callee: Callee) -> bool:
        """Whether a call surely makes a coroutine of the project for the database, for nobody."""
        if not callee.function.is_async or self._fate(site) is not Fate.LOST:
            return False
        if callee not in self._surely_made:
            running = self._replaced.running(callee)
            is_made = not self._replaced.may_be(callee)
            self._surely_made[callee] = is_made and any(map(self._uses_database, running))
        return self._surely_made[callee]

    def _fate(self, site: CallSite) -> Fate:
        around = site.scope.function or site.scope.module
        is_handler = isinstance(around, Function) and self._is_only_handler(around)
        return self._coroutines(around, is_handler).fate(site)

    def _coroutines(self, around: Function | Module, is_sent: bool) -> Coroutines:
        if (around, is_sent) not in self._fates:
            self._fates[around, is_sent] = Coroutines(
                self._project.names,
                self._definitions,
                self._callees,
                self._loses,
                around,
                is_sent=is_sent,
            )
        return self._fates[around, is_sent]

    def _loses(self, function: Function, argument: str, is_held: bool, is_sent: bool) -> bool:
        """Whether a function surely awaits nothing of what it is given for a parameter."""
        asked = function, argument, is_held, is_sent
        if asked not in self._losing:
            self._losing[asked] = False  # for one that leads back to itself
            lost = self._coroutines(function, is_sent).loses(argument, is_held=is_held)
            self._losing[asked] = lost
        return self._losing[asked]

    def _is_only_handler(self, function: Function) -> bool:
        """Whether FastAPI alone gets what a function returns: it awaits nothing of that."""
        decorators = (
            each.func if isinstance(each, ast.Call) else each
            for each in function.node.decorator_list
        )
        return (
            function in self._handlers
            and all(getattr(each, "attr", None) in ROUTING for each in decorators)
            and not self._project.names.calls_named.get(function.name)
        )

    def _uses_database(self, function: Function) -> bool:
        """Whether a function takes a session or connection, or it or what it calls uses one."""
        names = self._project.names
        held = (names.bound(function.scope.bindings[each.arg][0]) for each in function.arguments)
        if any(is_async(kind_of(names, each)) for each in held):
            return True
        sites = (site for each in self._project.calls.reached([function]) for site in each.calls)
        return any(is_on_session(names, site.node.func, site.scope) for site in sites)


def _annotated(node: ast.expr, scope: Scope, depth: int = 3) -> Iterator[tuple[ast.expr, Scope]]:
    """Yield the annotations of the variables, or of the attributes of `self`, that an expression may be."""
    bindings: list[Binding] = []
    match node:
        case ast.Name(id=name):
            bindings = [*scope.visible(name)]
        case ast.Attribute(value=ast.Name(id="self"), attr=name) if scope.function:
            cls = scope.function.owner
            bindings = (
                [*cls.attributes.get(name, ()), *cls.scope.bindings.get(name, ())] if cls else []
            )
        case ast.BoolOp(values=values):
            for each in values:
                yield from _annotated(each, scope, depth)
        case ast.IfExp(body=body, orelse=orelse):
            for each in (body, orelse):
                yield from _annotated(each, scope, depth)
    for binding in bindings:
        if binding.annotation is not None:
            yield binding.annotation, binding.scope
        elif binding.value is not None and depth:
            yield from _annotated(binding.value, binding.scope, depth - 1)


def _lost(module: Module, site: CallSite) -> Violation:
    return at_statement(module, site.node, f"`{written(site.node.func)}(…)` is not awaited.")


def _own_names(project: Project) -> Set[str | None]:
    """Return the last names by which coroutine functions of the project may be called."""
    functions = [each for each in project.functions if each.is_async]
    callable_classes = {each.owner.name for each in functions if each.owner and _is_call(each)}
    names = {each.name for each in functions} | callable_classes
    found: set[str | None] = {None, *names} if callable_classes else {*names}
    for module in project.modules.values():
        aliases = (alias for each in module.imports for alias in each.names if alias.asname)
        found |= {alias.asname or "" for alias in aliases if alias.name in names}
        for scope in module.scopes:
            for name, bindings in scope.bindings.items():
                given = bindings[0].value or bindings[0].annotation
                if len(bindings) == 1 and _last_name(given) in names:
                    found.add(name)
    return found


def _is_call(function: Function) -> bool:
    return function.name == "__call__"


def _last_name(node: ast.expr | None) -> str | None:
    """Return the last name in an expression for a function or object, or in its type."""
    while node is not None:
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                return name
            case (
                ast.Call(func=ast.Name("partial") | ast.Attribute(attr="partial"), args=[inner, *_])
                | ast.Call(func=inner)
                | ast.Subscript(slice=ast.Tuple(elts=[inner, *_]))
                | ast.Subscript(slice=inner)
                | ast.BinOp(left=inner)
            ):
                node = inner
            case _:
                return None
    return None


def _unawaited(module: Module, names: Set[str | None]) -> Iterator[CallSite]:
    for name in names & module.called.keys():
        yield from (each for each in module.called[name] if each.node not in module.awaited)


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

_REPOSITORY = """
    from sqlalchemy.ext.asyncio import AsyncSession

    from app.models.base import Base


    class Repository:
        def __init__(self, db: AsyncSession) -> None:
            self.db = db

        async def save(self, row: Base) -> None:
            self.db.add(row)
            await self.db.commit()
    """

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
    case(
        "calls without `await` on a repository in an attribute, a property or a generic class",
        {
            **LIBRARY,
            "app/services/repository.py": _REPOSITORY,
            "app/services/books.py": """
                from dataclasses import dataclass
                from functools import cached_property
                from typing import Generic, TypeVar

                from sqlalchemy.ext.asyncio import AsyncSession

                from app.models.book import Book
                from app.services.repository import Repository

                R = TypeVar("R", bound=Repository)


                class Given:
                    def __init__(self, books: Repository) -> None:
                        self.books = books

                    async def add(self, book: Book) -> None:
                        self.books.save(book)


                class Made:
                    _late: Repository | None = None

                    def __init__(self, db: AsyncSession, books: Repository | None = None) -> None:
                        self.db = db
                        self.books = books or Repository(db)

                    @cached_property
                    def cached(self) -> Repository:
                        return Repository(self.db)

                    async def add(self, book: Book) -> None:
                        self.books.save(book)
                        self.cached.save(book)
                        if self._late is None:
                            self._late = Repository(self.db)
                        self._late.save(book)


                @dataclass
                class Declared(Generic[R]):
                    books: R

                    async def add(self, book: Book) -> None:
                        self.books.save(book)


                class Below(Given):
                    async def replace(self, book: Book) -> None:
                        self.books.save(book)


                async def store(service: Below, book: Book) -> None:
                    service.books.save(book)
                """,
        },
        18,
        33,
        34,
        37,
        45,
        50,
        54,
        path="app/services/books.py",
    ),
    case(
        "calls without `await` on objects from `with`, an exit stack or an application function",
        {
            **LIBRARY,
            "app/services/repository.py": _REPOSITORY,
            "app/services/books.py": """
                from collections.abc import AsyncIterator
                from contextlib import AsyncExitStack, asynccontextmanager
                from typing import Self

                from sqlalchemy.ext.asyncio import AsyncSession

                from app.core.database import async_session
                from app.models.book import Book
                from app.services.repository import Repository


                class Unit:
                    async def __aenter__(self) -> Self:
                        self.db = async_session()
                        self.books = Repository(self.db)
                        return self

                    async def __aexit__(self, *error: object) -> None:
                        await self.db.close()

                    async def commit(self) -> None:
                        await self.db.commit()


                class Opened:
                    async def __aenter__(self) -> AsyncSession:
                        self.db = async_session()
                        return self.db

                    async def __aexit__(self, *error: object) -> None:
                        await self.db.close()


                @asynccontextmanager
                async def unit() -> AsyncIterator[Unit]:
                    async with Unit() as made:
                        yield made


                async def repository(db: AsyncSession) -> Repository:
                    return Repository(db)


                async def save(book: Book) -> None:
                    async with Unit() as first, unit() as second, Opened() as db:
                        first.books.save(book)
                        second.commit()
                        db.commit()
                        (await repository(db)).save(book)


                async def save_all(book: Book) -> None:
                    async with AsyncExitStack() as stack:
                        third = await stack.enter_async_context(Unit())
                        third.commit()
                        db = await stack.enter_async_context(Opened())
                        db.commit()
                """,
        },
        46,
        47,
        48,
        49,
        55,
        57,
        path="app/services/books.py",
    ),
    case(
        "coroutines in a list that is discarded, or passed to a function that takes no coroutine",
        {
            **LIBRARY,
            "app/services/repository.py": _REPOSITORY,
            "app/services/books.py": """
                from sqlalchemy.ext.asyncio import AsyncSession

                from app.models.book import Book
                from app.services.repository import Repository


                async def find(db: AsyncSession, number: int) -> Book | None:
                    return await db.get(Book, number)


                async def remove(db: AsyncSession, book: Book | None) -> None:
                    if book is not None:
                        await db.delete(book)


                async def save(db: AsyncSession, books: list[Book]) -> None:
                    repository = Repository(db)
                    [repository.save(book) for book in books]
                    repository.save(books[0]), repository.save(books[1])
                    saved = [repository.save(book) for book in books]
                    print(len(saved))


                async def remove_first(db: AsyncSession) -> None:
                    await remove(db, find(db, 1))
                    book = find(db, 2)
                    await remove(db, book=book)


                async def first(db: AsyncSession) -> list[Book | None]:
                    return [find(db, number) for number in range(10)]
                """,
        },
        18,
        19,
        20,
        25,
        26,
        31,
        path="app/services/books.py",
    ),
    case(
        "a handler that returns a coroutine inside its result",
        library(
            "app/api/books.py",
            """
            from fastapi import APIRouter

            from app.api.deps import Db
            from app.services import books

            router = APIRouter(prefix="/books")


            @router.get("/{book_id}")
            async def read_book(book_id: int, db: Db) -> dict[str, object]:
                \"\"\"Show a book.\"\"\"
                return {"book": books.get(db, book_id)}
            """,
        ),
        12,
        path="app/api/books.py",
    ),
    case(
        "static and class methods, and functions with a decorator of the application",
        """
        from collections.abc import Awaitable, Callable
        from functools import wraps

        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncSession

        from app.models.book import Book


        def logged(name: str) -> Callable[..., Callable[..., Awaitable[None]]]:
            def decorate(run: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
                @wraps(run)
                async def inner(*args: object, **more: object) -> None:
                    print(name)
                    await run(*args, **more)

                return inner

            return decorate


        class Books:
            @staticmethod
            async def remove_all(db: AsyncSession) -> None:
                await db.execute(text("DELETE FROM books"))

            @classmethod
            async def create(cls, db: AsyncSession, title: str) -> Book:
                book = Book(title=title)
                db.add(book)
                await db.flush()
                return book


        @logged("save")
        async def save(db: AsyncSession) -> None:
            await db.commit()


        async def reset(db: AsyncSession) -> str:
            Books.remove_all(db)
            book = Books.create(db, "Emma")
            save(db)
            return book.title
        """,
        41,
        42,
        43,
        path="app/services/books.py",
    ),
    case(
        "an engine, a transaction and a streamed result",
        """
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession


        async def stop(engine: AsyncEngine) -> None:
            engine.dispose()


        async def count(db: AsyncSession, engine: AsyncEngine) -> None:
            async with engine.connect() as connection:
                transaction = await connection.begin()
                transaction.commit()
            async with db.begin_nested() as point:
                result = await db.stream(text("SELECT 1"))
                print(result.all())
                point.rollback()
        """,
        6,
        12,
        15,
        16,
        path="app/services/books.py",
    ),
    case(
        "calls through a protocol, an abstract class, a callable object or another name of a function",
        {
            **LIBRARY,
            "app/services/repository.py": _REPOSITORY,
            "app/services/shelves.py": """
                from abc import ABC, abstractmethod
                from functools import partial
                from typing import Protocol

                from sqlalchemy.ext.asyncio import AsyncSession

                from app.models.base import Base
                from app.models.book import Book
                from app.services import books
                from app.services.repository import Repository


                class Saves(Protocol):
                    async def save(self, row: Base) -> None: ...


                class Command(ABC):
                    def __init__(self, db: AsyncSession) -> None:
                        self.db = db

                    @abstractmethod
                    async def run(self) -> None: ...


                class Flush(Command):
                    async def run(self) -> None:
                        await self.db.flush()


                class Tidy:
                    def __init__(self, db: AsyncSession) -> None:
                        self.db = db

                    async def __call__(self) -> None:
                        await self.db.flush()


                async def shelve(store: Saves, command: Command, book: Book) -> None:
                    store.save(book)
                    command.run()


                async def tidy(db: AsyncSession, book: Book) -> None:
                    tidy = Tidy(db)
                    tidy()
                    load = books.list_all
                    load(db)
                    wipe = partial(books.delete_all, db)
                    wipe()
                    save = Repository(db).save
                    save(book)
                """,
        },
        39,
        40,
        45,
        47,
        49,
        51,
        path="app/services/shelves.py",
    ),
    case(
        "repositories from a loop, a cast or a typed callable",
        {
            **LIBRARY,
            "app/services/repository.py": _REPOSITORY,
            "app/services/shelves.py": """
                from collections.abc import Callable, Sequence
                from typing import cast

                from app.models.book import Book
                from app.services.repository import Repository


                class Shelves:
                    def __init__(
                        self, make: Callable[[], Repository], stores: Sequence[Repository]
                    ) -> None:
                        self.make = make
                        self.stores = stores

                    async def save(self, book: Book) -> None:
                        self.make().save(book)
                        for store in self.stores:
                            store.save(book)


                async def save(store: object, one: Repository, other: Repository, book: Book) -> None:
                    for each in (one, other):
                        each.save(book)
                    cast(Repository, store).save(book)
                """,
        },
        16,
        18,
        23,
        24,
        path="app/services/shelves.py",
    ),
    case(
        "a coroutine passed where a function is expected, or put into a response",
        library(
            "app/api/books.py",
            """
            from fastapi import APIRouter, BackgroundTasks
            from fastapi.concurrency import run_in_threadpool
            from fastapi.responses import JSONResponse

            from app.api.deps import Db
            from app.services import books

            router = APIRouter(prefix="/books")


            @router.put("/", status_code=204)
            async def tidy(db: Db, tasks: BackgroundTasks) -> None:
                \"\"\"Tidy the shelf.\"\"\"
                tasks.add_task(books.delete_all(db))
                await run_in_threadpool(books.delete_all(db))


            @router.get("/")
            async def read_books(db: Db) -> JSONResponse:
                \"\"\"Show all books.\"\"\"
                return JSONResponse(content={"books": books.list_all(db)})
            """,
        ),
        14,
        15,
        21,
        path="app/api/books.py",
    ),
    case(
        "sessions from callables whose return type is a context manager or an awaitable",
        """
        from collections.abc import Awaitable, Callable
        from contextlib import AbstractAsyncContextManager

        from sqlalchemy.ext.asyncio import AsyncSession

        from app.models.book import Book


        class Books:
            def __init__(
                self, open_session: Callable[..., AbstractAsyncContextManager[AsyncSession]]
            ) -> None:
                self.open_session = open_session

            async def save(self, book: Book) -> None:
                async with self.open_session() as db:
                    db.add(book)
                    db.commit()


        async def save(get_db: Callable[[], Awaitable[AsyncSession]], book: Book) -> None:
            db = await get_db()
            db.add(book)
            db.commit()
        """,
        18,
        24,
        path="app/services/books.py",
    ),
    case(
        "coroutines passed to functions or classes that put them into a response or only print them",
        library(
            "app/core/envelope.py",
            """
            from typing import Any

            from fastapi.responses import JSONResponse


            def ok(data: Any) -> dict[str, Any]:
                return {"data": data}


            def log(value: Any) -> None:
                print(f"got {value}")


            class Ok(JSONResponse):
                def __init__(self, data: Any) -> None:
                    super().__init__({"data": data})
            """,
        )
        | {
            "app/schemas/envelope.py": """
                from typing import Any

                from pydantic import BaseModel


                class Envelope(BaseModel):
                    data: Any
                """,
            "app/api/books.py": """
                from typing import Any

                from fastapi import APIRouter

                from app.api.deps import Db
                from app.core.envelope import Ok, log, ok
                from app.schemas.envelope import Envelope
                from app.services import books

                router = APIRouter(prefix="/books")


                @router.get("/dict")
                async def as_dict(db: Db) -> dict[str, Any]:
                    \"\"\"Show all books.\"\"\"
                    return ok(books.list_all(db))


                @router.get("/schema")
                async def as_schema(db: Db) -> Envelope:
                    \"\"\"Show all books.\"\"\"
                    found = books.list_all(db)
                    return Envelope(data={"books": found})


                @router.get("/response")
                async def as_response(db: Db) -> Ok:
                    \"\"\"Show all books.\"\"\"
                    log([books.get(db, 1)])
                    return Ok(books.list_all(db))
                """,
        },
        16,
        22,
        29,
        30,
        path="app/api/books.py",
    ),
    case(
        "a function that only adds a row, defined below a star import",
        """
        from sqlalchemy.ext.asyncio import AsyncSession

        from app.models import *


        async def save(db: AsyncSession, row: object) -> None:
            db.add(row)


        class Books:
            def __init__(self, db: AsyncSession) -> None:
                self.db = db

            async def add(self, row: object) -> None:
                self.db.add(row)


        async def save_twice(db: AsyncSession, row: object) -> None:
            save(db, row)
            Books(db).add(row)
        """,
        19,
        20,
        path="app/services/books.py",
    ),
    case(
        "repositories created by class methods and cached functions",
        """
        from functools import cache
        from typing import Self

        from sqlalchemy.ext.asyncio import AsyncSession


        class Repository:
            def __init__(self, db: AsyncSession) -> None:
                self.db = db

            @classmethod
            def of(cls, db: AsyncSession) -> Self:
                return cls(db)

            async def save(self) -> None:
                await self.db.commit()


        class Books(Repository):
            pass


        @cache
        def books(db: AsyncSession) -> Books:
            return Books(db)


        async def save(db: AsyncSession) -> None:
            Books.of(db).save()
            made = Books.of(db)
            made.save()
            books(db).save()
        """,
        29,
        31,
        32,
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
        "a session, or a class of one's own whose methods are no coroutines",
        library(
            "app/services/outbox.py",
            """
            from sqlalchemy.ext.asyncio import AsyncSession


            class Recorder:
                def commit(self) -> None:
                    pass


            async def save(db: AsyncSession | Recorder) -> None:
                if isinstance(db, AsyncSession):
                    await db.commit()
                else:
                    db.commit()


            class Store:
                def __init__(self, db: AsyncSession | Recorder) -> None:
                    self.db = db

                async def flush(self) -> None:
                    if isinstance(self.db, AsyncSession):
                        await self.db.commit()
                        return
                    self.db.commit()
            """,
        ),
    ),
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
    case(
        "attributes that may have another class, or that are replaced later or from outside",
        {
            **LIBRARY,
            "app/services/repository.py": _REPOSITORY,
            "app/services/books.py": """
                from typing import Any

                from sqlalchemy.ext.asyncio import AsyncSession

                from app.models.book import Book
                from app.services.repository import Repository


                class Kept:
                    def save(self, book: Book) -> None:
                        print(f"kept: {book}")


                class Service:
                    def __init__(self, db: AsyncSession | None) -> None:
                        if db is None:
                            self.books = Kept()
                        else:
                            self.books = Repository(db)
                        self.rest: Any = self.books

                    async def add(self, book: Book) -> None:
                        self.books.save(book)
                        self.rest.save(book)


                class Base:
                    def __init__(self, db: AsyncSession) -> None:
                        self.first, self.second = Repository(db), Repository(db)
                        self.third = Repository(db)

                    async def add(self, book: Book) -> None:
                        self.first.save(book)
                        self.third.save(book)


                class Below(Base):
                    def __init__(self, db: AsyncSession) -> None:
                        super().__init__(db)
                        self.first = Kept()


                def replace(service: Base) -> None:
                    service.third = Kept()
                """,
        },
        path="app/services/books.py",
    ),
    case(
        "a context manager that returns another object, and decorators that start the coroutine",
        """
        import asyncio
        from collections.abc import Awaitable, Callable
        from functools import wraps

        from sqlalchemy.ext.asyncio import AsyncSession

        from app.models.book import Book


        def begun(run: Callable[..., Awaitable[None]]) -> Callable[..., object]:
            @wraps(run)
            def begin(*args: object) -> object:
                return asyncio.ensure_future(run(*args))

            return begin


        class Staged:
            def save(self, book: Book) -> None:
                print(f"staged: {book}")


        class Unit:
            def __init__(self, db: AsyncSession) -> None:
                self.db = db

            async def __aenter__(self) -> Staged:
                return Staged()

            async def __aexit__(self, *error: object) -> None:
                await self.db.commit()

            async def save(self, book: Book) -> None:
                await self.db.flush([book])

            @begun
            async def flush(self) -> None:
                await self.db.flush()


        async def save(db: AsyncSession, book: Book) -> None:
            async with Unit(db) as unit:
                unit.save(book)
            Unit(db).flush()
        """,
        path="app/services/books.py",
    ),
    case(
        "coroutines in containers and arguments that are awaited elsewhere",
        """
        import asyncio
        import inspect
        from collections.abc import Awaitable
        from typing import Any

        from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

        from app.models.book import Book


        class Job:
            def __init__(self, work: Awaitable[Book | None]) -> None:
                self.work = work


        async def find(db: AsyncSession, number: int) -> Book | None:
            return await db.get(Book, number)


        async def work(jobs: list[Awaitable[Any]], last: Any, rest: object) -> None:
            await asyncio.gather(*jobs, last)
            print(await rest if inspect.isawaitable(rest) else rest)


        async def all_of(db: AsyncSession, engine: AsyncEngine) -> list[Any]:
            jobs = [find(db, number) for number in range(10)]
            print(len(jobs))
            for job in jobs:
                await job
            by_number = {number: find(db, number) for number in range(10)}
            await by_number[1]
            pair = find(db, 1), find(db, 2)
            first, second = pair
            print(await first, await second)
            await work([find(db, 1)], last=find(db, 2), rest=find(db, 3))
            await Job(find(db, 4)).work
            print([await job for job in [find(db, 5)]])
            await engine.dispose()
            engine.sync_engine.dispose()
            return [find(db, 6)]


        def stop(engine: AsyncEngine) -> None:
            asyncio.run(engine.dispose())
        """,
        path="app/services/work.py",
    ),
    case(
        "one class for `with` and `async with`, and a protocol that a plain class also implements",
        """
        from typing import Protocol

        from sqlalchemy.ext.asyncio import AsyncSession

        from app.models.book import Book


        class Saves(Protocol):
            async def save(self, book: Book) -> None: ...


        class Kept:
            def save(self, book: Book) -> None:
                print(f"kept: {book}")


        class Saved:
            def __init__(self, db: AsyncSession) -> None:
                self.db = db

            async def save(self, book: Book) -> None:
                await self.db.flush([book])


        class Unit:
            def __init__(self, db: AsyncSession) -> None:
                self.db = db

            def __enter__(self) -> Kept:
                return Kept()

            def __exit__(self, *error: object) -> None:
                print("left")

            async def __aenter__(self) -> Saved:
                return Saved(self.db)

            async def __aexit__(self, *error: object) -> None:
                print("left")


        def keep(db: AsyncSession, book: Book, store: Saves) -> None:
            with Unit(db) as unit:
                unit.save(book)
            store.save(book)
        """,
        path="app/services/books.py",
    ),
    case(
        "coroutines passed to functions without annotations that store, start, return or await them",
        """
        import asyncio
        from typing import Any

        from sqlalchemy.ext.asyncio import AsyncSession

        from app.models.book import Book

        KEPT: list[Any] = []


        def keep(value: Any) -> None:
            KEPT.append(value)


        def same(value: Any) -> Any:
            print(value)
            return value


        def boxed(value: Any) -> dict[str, Any]:
            return {"value": value}


        def start(value: Any) -> Any:
            return asyncio.ensure_future(value)


        async def each(values: Any) -> None:
            for value in values:
                await value


        async def find(db: AsyncSession, number: int) -> Book | None:
            return await db.get(Book, number)


        async def work(db: AsyncSession) -> None:
            keep(find(db, 1))
            await same(find(db, 2))
            await boxed(find(db, 3))["value"]
            await start(find(db, 4))
            await each([find(db, 5)])
            await asyncio.gather(*KEPT)
        """,
        path="app/services/work.py",
    ),
)
