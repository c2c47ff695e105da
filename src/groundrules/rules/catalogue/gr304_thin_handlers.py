"""GR304: Route handlers leave business logic and the database to services."""

import ast
from collections.abc import Iterator

from groundrules.rules.cases import case, pair
from groundrules.rules.catalogue.samples import LIBRARY, library
from groundrules.rules.facts.arithmetic import is_arithmetic
from groundrules.rules.facts.guards import choices
from groundrules.rules.facts.headers import REQUESTS
from groundrules.rules.facts.project import Project
from groundrules.rules.facts.queries import builds_query
from groundrules.rules.meaning.calls import full_name
from groundrules.rules.meaning.origins import origin
from groundrules.rules.places import at_node, at_statement, one_a_line
from groundrules.rules.rule import Violation
from groundrules.rules.source.tree import CallSite, Function, Module

CLAUSE = "structure.services"
RATIONALE = "A service can be reused and tested without HTTP; code inside a handler cannot."
FIX = (
    "Move this into a function of the `services` package, and call that function from the handler."
)
_COMPUTING = frozenset(f"builtins.{name}" for name in ("sum", "min", "max", "sorted", "round"))
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_NO_SERVICES = frozenset({"api", "core", "schemas", "models"})


def check(project: Project) -> Iterator[Violation]:
    """Yield each statement of the API that is the business of a service, once."""
    yield from one_a_line((*_database(project), *_logic(project)))


def _is_api(module: Module) -> bool:
    return module.parts is not None and len(module.parts) > 1 and module.parts[0] == "api"


def _database(project: Project) -> Iterator[Violation]:
    handlers = set(project.handlers)
    outside = {each.module for each in handlers if not _is_api(each.module)}
    for module in project.modules.values():
        in_api = _is_api(module)
        if not in_api and module not in outside:
            continue
        for site in module.calls:
            what = _on_database(project, site)
            around = list(_around(site)) if what else []
            if what is None or any(project.sessions.gives_session(each) for each in around):
                continue
            if in_api or any(each in handlers for each in around):
                where = f"`{around[0].name}`" if around else module.path
                yield at_statement(site.scope, site.node, f"{where} {what}.")


def _around(site: CallSite) -> Iterator[Function]:
    """Yield the functions that a call stands in, the innermost first."""
    function = site.scope.function
    while function is not None:
        yield function
        function = function.outer.function


def _on_database(project: Project, site: CallSite) -> str | None:
    func, called = site.node.func, project.names.called(site)
    if builds_query(called):
        return "builds a query"
    opening = project.sessions.opening(called)
    if opening is not None:
        return f"opens a session by `{opening.name}`"
    if project.sessions.opens(called):
        return "opens a session or a transaction"
    if isinstance(func, ast.Attribute) and project.sessions.is_session(func.value, site.scope):
        return f"calls `{func.attr}` on a session"
    return None


def _logic(project: Project) -> Iterator[Violation]:
    for function in _answering(project):
        yield from _loops(function)
        yield from _arithmetic(project, function)
        if not any(isinstance(each, (ast.If, ast.Match)) for each in function.branches):
            continue
        for choice in choices(function.node.body, _Handler(project, function)):
            message = f"`{function.name}` chooses between services."
            if choice.by_state:
                message = f"`{function.name}` decides by the state of a row what to do."
            yield at_node(function.module, choice.statement, message)


def _answering(project: Project) -> list[Function]:
    """Return the handlers, and the functions of the API that they call or depend on."""
    found = dict.fromkeys(project.handlers)
    found.update(
        dict.fromkeys(each for each in project.dependencies.functions if _is_api(each.module))
    )
    todo = list(found)
    while todo:
        for called in project.calls.functions(todo.pop()):
            if _is_api(called.function.module) and called.function not in found:
                found[called.function] = None
                todo.append(called.function)
    return [each for each in found if not project.errors.answers(each)]


def _loops(function: Function) -> Iterator[Violation]:
    for branch in function.branches:
        if isinstance(branch, _LOOPS) and not _only_yields(branch):
            yield at_node(function.module, branch, f"`{function.name}` contains a loop.")


def _only_yields(loop: ast.For | ast.AsyncFor | ast.While) -> bool:
    """Whether a loop, like a comprehension, only shapes what it goes over into a response."""
    return not isinstance(loop, ast.While) and all(
        isinstance(each, ast.Expr) and isinstance(each.value, ast.Yield) for each in loop.body
    )


def _arithmetic(project: Project, function: Function) -> Iterator[Violation]:
    names, message = project.names, f"`{function.name}` does a calculation."
    for operation in function.operations:
        if is_arithmetic(names, operation, function.scope):
            yield at_statement(function.scope, operation, message)
    for site in function.calls:
        name = project.calls.name(site) or ""
        if name in _COMPUTING or name.startswith(("math.", "statistics.")):
            yield at_statement(site.scope, site.node, message)


class _Handler:
    """What the blocks of a function do: call services, perhaps through the API, and set states."""

    def __init__(self, project: Project, function: Function) -> None:
        self._project = project
        self._function = function

    def serves(self, block: list[ast.stmt]) -> bool:
        """Whether a block calls a service."""
        return any(True for _ in self._services(block))

    def sets_state(self, block: list[ast.stmt]) -> bool:
        """Whether a block gives an attribute of a row a value."""
        rows, scope = self._project.rows, self._function.scope
        return any(
            rows.is_row(target.value, scope)
            for target in self._function.assigned
            if any(_stands_in(target, each) for each in block)
        )

    def asks_state(self, statement: ast.If | ast.Match) -> bool:
        """Whether the branches of a statement are chosen by the state of a row."""
        if isinstance(statement, ast.Match):
            patterns = (each for case in statement.cases for each in ast.walk(case.pattern))
            takes_apart = any(
                isinstance(each, ast.MatchClass) and each.kwd_attrs for each in patterns
            )
            if takes_apart and self._project.rows.is_row(statement.subject, self._function.scope):
                return True
            tests = [statement.subject, *(each.guard for each in statement.cases if each.guard)]
        else:
            tests = [statement.test]
            while len(statement.orelse) == 1 and isinstance(statement.orelse[0], ast.If):
                statement = statement.orelse[0]
                tests.append(statement.test)
        return any(self._is_state(part) for each in tests for part in ast.walk(each))

    def hands_on(self, names: set[str], block: list[ast.stmt]) -> bool:
        """Whether a block gives what one of some variables holds to a service."""
        return any(
            isinstance(part, ast.Name) and part.id in names
            for site in self._services(block)
            for given in (*site.node.args, *(each.value for each in site.node.keywords))
            for part in ast.walk(given)
        )

    def _is_state(self, node: ast.AST) -> bool:
        """Whether an expression is an attribute of a row, or a variable that holds one."""
        scope = self._function.scope
        if isinstance(node, ast.Name):
            origin_of, scope = origin(self._project.names, node, scope)
            node = origin_of or node
        return isinstance(node, ast.Attribute) and self._project.rows.is_row(node.value, scope)

    def _services(self, block: list[ast.stmt]) -> Iterator[CallSite]:
        for site in self._function.calls:
            if any(_stands_in(site.node, each) for each in block):
                called = self._project.calls.callee(site)
                if called is not None and self._is_service(called.function):
                    yield site

    def _is_service(self, function: Function) -> bool:
        for each in self._project.calls.reached([function]):
            folder = (each.module.parts or ("",))[0]
            if folder == "services":
                return True
            if each.is_async and folder not in _NO_SERVICES and not self._takes_request(each):
                return True
        return False

    def _takes_request(self, function: Function) -> bool:
        """Whether a function belongs to HTTP, as no service does: one that shows a message, say."""
        return any(
            full_name(self._project.names.type_of(each.annotation, function.outer)) in REQUESTS
            for each in function.arguments
        )


def _stands_in(node: ast.expr, statement: ast.stmt) -> bool:
    begins = (statement.lineno, statement.col_offset)
    ends = (statement.end_lineno or 0, statement.end_col_offset or 0)
    return begins <= (node.lineno, node.col_offset) < ends


PAIR = pair(
    wrong={
        "app/api/catalogue.py": """
            from fastapi import APIRouter, Depends
            from sqlalchemy import func, select
            from sqlalchemy.ext.asyncio import AsyncSession

            from app.api.deps import get_db
            from app.models.book import Book

            router = APIRouter(prefix="/catalogue")


            @router.get("/size")
            async def read_size(db: AsyncSession = Depends(get_db)) -> int:
                \"\"\"Show how many books the library has.\"\"\"
                return await db.scalar(select(func.count()).select_from(Book)) or 0
            """,
    },
    right={
        "app/services/catalogue.py": """
            from sqlalchemy import func, select
            from sqlalchemy.ext.asyncio import AsyncSession

            from app.models.book import Book


            async def size(db: AsyncSession) -> int:
                return await db.scalar(select(func.count()).select_from(Book)) or 0
            """,
        "app/api/catalogue.py": """
            from fastapi import APIRouter, Depends
            from sqlalchemy.ext.asyncio import AsyncSession

            from app.api.deps import get_db
            from app.services import catalogue

            router = APIRouter(prefix="/catalogue")


            @router.get("/size")
            async def read_size(db: AsyncSession = Depends(get_db)) -> int:
                \"\"\"Show how many books the library has.\"\"\"
                return await catalogue.size(db)
            """,
    },
    context=LIBRARY,
    matters=(
        "A rule that is written in a handler applies to that route only. If, for example, a handler "
        "checks that a title is unique, a nightly import writes rows without that check."
    ),
    links={
        "FastAPI: bigger applications": "https://fastapi.tiangolo.com/tutorial/bigger-applications/",
        "SQLAlchemy: session basics": "https://docs.sqlalchemy.org/en/20/orm/session_basics.html",
    },
)

INVALID = (
    case(
        "a query in a handler",
        library(
            "app/api/items.py",
            """
            from fastapi import APIRouter
            from sqlalchemy import select

            from app.api.deps import Db
            from app.models.book import Book
            from app.schemas.book import BookResponse

            router = APIRouter(prefix="/books")


            @router.get("/")
            async def list_books(db: Db) -> list[BookResponse]:
                \"\"\"List the books.\"\"\"
                found = await db.scalars(select(Book))
                return [BookResponse.model_validate(book) for book in found]
            """,
        ),
        14,
    ),
    case(
        "calls on a session, however it is declared",
        library(
            "app/api/items.py",
            """
            from typing import Annotated

            from fastapi import APIRouter, Depends
            from sqlalchemy.ext.asyncio import AsyncSession as Session

            from app.api.deps import get_db

            router = APIRouter(prefix="/books")


            @router.get("/one")
            async def one(db: "Annotated[Session, Depends(get_db)]") -> bool:
                \"\"\"Be the first.\"\"\"
                return db.in_transaction()


            class Views:
                db: Session = Depends(get_db)

                def __init__(self) -> None:
                    router.add_api_route("/two", self.two)

                async def two(self) -> None:
                    \"\"\"Be the second.\"\"\"
                    await self.db.commit()
            """,
        ),
        14,
        25,
    ),
    case(
        "a session and a transaction opened in a handler",
        library(
            "app/api/items.py",
            """
            from fastapi import APIRouter

            from app.api.deps import get_db
            from app.core.database import async_session, engine
            from app.services import books

            router = APIRouter(prefix="/books")


            @router.delete("/", status_code=204)
            async def delete_books() -> None:
                \"\"\"Delete every book.\"\"\"
                async with async_session() as session:
                    await books.delete_all(session)


            @router.get("/health")
            async def health() -> str:
                \"\"\"Tell that the database answers.\"\"\"
                async with engine.connect():
                    return "well"


            @router.get("/count")
            async def count() -> int:
                \"\"\"Tell how many there are.\"\"\"
                async for session in get_db():
                    return len(await books.list_all(session))
                return 0
            """,
        ),
        13,
        20,
        27,
    ),
    case(
        "a helper in `api/` that builds queries, and a filter passed to a service",
        library(
            "app/api/items.py",
            """
            import sqlalchemy as sa
            from fastapi import APIRouter
            from sqlalchemy.ext.asyncio import AsyncSession

            from app.api.deps import Db
            from app.models.book import Book
            from app.schemas.book import BookResponse

            router = APIRouter(prefix="/books")


            async def _find(db: AsyncSession, title: str) -> Book | None:
                query = sa.select(Book)
                query = query.where(Book.title == title)
                return await db.scalar(query)


            @router.get("/{title}", response_model=BookResponse)
            async def read_book(title: str, db: Db) -> BookResponse:
                \"\"\"Give a book by its title.\"\"\"
                return BookResponse.model_validate(await _find(db, title))
            """,
        ),
        13,
        14,
        15,
    ),
    case(
        "loops, arithmetic, sums and sorting",
        library(
            "app/api/items.py",
            """
            from fastapi import APIRouter

            from app.api.deps import Db
            from app.schemas.book import BookCreate, BookResponse
            from app.services import books

            router = APIRouter(prefix="/books")


            @router.get("/stock")
            async def stock(db: Db, page: int = 1, size: int = 20) -> dict[str, int]:
                \"\"\"Tell how many copies there are.\"\"\"
                first = (page - 1) * size
                found = await books.list_all(db)
                copies = 0
                for book in found:
                    copies += book.copies
                most = max(book.copies for book in found)
                return {"first": first, "copies": copies, "most": most}


            @router.get("/titles")
            async def titles(db: Db) -> list[str]:
                \"\"\"List the titles.\"\"\"
                return sorted(book.title for book in await books.list_all(db))
            """,
        ),
        13,
        16,
        17,
        18,
        25,
    ),
    case(
        "a branch that chooses between services and returns different results",
        library(
            "app/api/items.py",
            """
            from fastapi import APIRouter

            from app.api.deps import Db
            from app.schemas.book import BookCreate, BookResponse
            from app.services import books

            router = APIRouter(prefix="/books")


            @router.get("/")
            async def list_books(db: Db, search: str | None = None) -> list[BookResponse]:
                \"\"\"List the books.\"\"\"
                if search is None:
                    found = await books.list_all(db)
                    return [BookResponse.model_validate(book) for book in found]
                found = await books.list_all(db, search=search)
                return [BookResponse.model_validate(book) for book in found]


            @router.post("/{how}", status_code=201)
            async def act(how: str, book_in: BookCreate, db: Db) -> BookResponse:
                \"\"\"Act on a book.\"\"\"
                match how:
                    case "new":
                        return BookResponse.model_validate(await books.create(db, obj_in=book_in))
                    case _:
                        return BookResponse.model_validate(await books.get(db, 1))
            """,
        ),
        13,
        23,
    ),
    case(
        "logic in dependencies of a handler or a router, including classes",
        library(
            "app/api/items.py",
            """
            from fastapi import APIRouter, Depends


            class Page:
                def __init__(self, number: int = 1, size: int = 20) -> None:
                    self.size = size
                    self.offset = (number - 1) * size


            def wait(times: int = 0) -> None:
                while times > 0:
                    times -= 1


            router = APIRouter(dependencies=[Depends(wait)])


            @router.get("/items")
            async def list_items(page: Page = Depends()) -> int:
                \"\"\"Tell where the page begins.\"\"\"
                return page.offset
            """,
        ),
        7,
        11,
        12,
    ),
    case(
        "a session that is annotated as `Any`, and queries that are built from a table",
        library(
            "app/api/items.py",
            """
            from typing import Any

            from fastapi import APIRouter, Depends
            from sqlalchemy import Column, Integer, MetaData, Table

            from app.api.deps import get_db
            from app.models.book import Book

            router = APIRouter(prefix="/books")
            shelves = Table("shelves", MetaData(), Column("id", Integer, primary_key=True))


            @router.get("/{book_id}", response_model=None)
            async def read_book(book_id: int, db: Any = Depends(get_db)) -> object:
                \"\"\"Show a book.\"\"\"
                return await db.get(Book, book_id)


            @router.get("/query")
            async def show_queries() -> list[str]:
                \"\"\"Show how books and shelves are read.\"\"\"
                query = Book.__table__.select()
                return [str(query), str(shelves.select())]
            """,
        ),
        16,
        22,
        23,
        path="app/api/items.py",
    ),
)

VALID = (
    case(
        "a handler that calls a service",
        library(
            "app/api/items.py",
            """
            from fastapi import APIRouter

            from app.api.deps import Db
            from app.schemas.book import BookCreate, BookResponse
            from app.services import books

            router = APIRouter(prefix="/books")


            @router.get("/")
            async def list_books(db: Db, search: str | None = None) -> list[BookResponse]:
                \"\"\"List the books.\"\"\"
                found = await books.list_all(db, search=search)
                return [BookResponse.model_validate(book) for book in found]


            @router.post("/", status_code=201)
            async def create_book(book_in: BookCreate, db: Db) -> BookResponse:
                \"\"\"Add a book.\"\"\"
                return BookResponse.model_validate(await books.create(db, obj_in=book_in))
            """,
        ),
    ),
    case(
        "guards, and errors of services that are mapped",
        library(
            "app/api/items.py",
            """
            from fastapi import APIRouter, HTTPException

            from app.api.deps import Db
            from app.schemas.book import BookCreate, BookResponse
            from app.services import books

            router = APIRouter(prefix="/books")


            @router.put("/{book_id}")
            async def put_book(book_id: int, book_in: BookCreate, db: Db) -> BookResponse:
                \"\"\"Replace a book.\"\"\"
                book = await books.get(db, book_id)
                if book is None:
                    raise HTTPException(404)
                try:
                    book = await books.update(db, book=book, obj_in=book_in)
                except ValueError as error:
                    raise HTTPException(400, str(error)) from error
                return BookResponse.model_validate(book)
            """,
        ),
    ),
    case(
        "the dependency that opens the session, commits it and takes it back",
        library(
            "app/api/transactions.py",
            """
            from collections.abc import AsyncIterator

            from sqlalchemy.ext.asyncio import AsyncSession

            from app.core.database import async_session


            async def get_transaction() -> AsyncIterator[AsyncSession]:
                async with async_session() as session:
                    try:
                        yield session
                        await session.commit()
                    except Exception:
                        await session.rollback()
                        raise
            """,
        ),
    ),
)

VALID_ALTERNATIVE = (
    case(
        "an inverted guard, one with an `else`, and one that calls a service first",
        library(
            "app/api/items.py",
            """
            from fastapi import APIRouter, HTTPException

            from app.api.deps import Db
            from app.schemas.book import BookCreate, BookResponse
            from app.services import books

            router = APIRouter(prefix="/books")


            @router.put("/{book_id}")
            async def put_book(book_id: int, book_in: BookCreate, db: Db) -> BookResponse:
                \"\"\"Replace a book.\"\"\"
                book = await books.get(db, book_id)
                if book is not None:
                    return BookResponse.model_validate(await books.update(db, book=book, obj_in=book_in))
                raise HTTPException(404)


            @router.patch("/{book_id}")
            async def patch_book(
                book_id: int, book_in: BookCreate, db: Db, other: int | None = None
            ) -> BookResponse:
                \"\"\"Change a book.\"\"\"
                if other is not None:
                    twin = await books.get(db, other)
                    if twin and twin.title == book_in.title:
                        raise HTTPException(400)
                book = await books.get(db, book_id)
                if book is None:
                    raise HTTPException(404)
                else:
                    return BookResponse.model_validate(await books.update(db, book=book, obj_in=book_in))
            """,
        ),
    ),
    case(
        "operators that join strings, lists and paths, and computed constants",
        library(
            "app/api/items.py",
            """
            from pathlib import Path

            from fastapi import APIRouter, Response
            from fastapi.responses import FileResponse

            router = APIRouter()
            COVERS = Path("covers")
            PREFIX = "cover-"


            @router.get("/covers/{name}")
            async def read_cover(name: str) -> FileResponse:
                \"\"\"Give a book's cover.\"\"\"
                return FileResponse(COVERS / (PREFIX + name), headers={"x-line": "-" * 8})


            @router.get("/marks")
            async def list_marks(response: Response, more: str = "") -> list[str]:
                \"\"\"List the marks.\"\"\"
                response.set_cookie("seen", "%s" % more, max_age=60 * 60 * 24)
                marks = ["new"] + more.split(",")
                return marks[: len(marks) or 1]
            """,
        ),
    ),
    case(
        "other things named session, and a service that is an object",
        {
            **LIBRARY,
            "app/services/shelf.py": """
                from sqlalchemy import text
                from sqlalchemy.ext.asyncio import AsyncSession


                class Shelf:
                    def __init__(self, session: AsyncSession) -> None:
                        self.session = session

                    async def execute(self, how: str) -> str | None:
                        found = await self.session.execute(text("SELECT title FROM books"))
                        return found.scalar() or how
                """,
            "app/api/items.py": """
                from typing import Annotated

                import aiohttp
                from fastapi import APIRouter, Depends, Request

                from app.api.deps import Db
                from app.services.shelf import Shelf

                router = APIRouter(prefix="/shelf")


                def get_shelf(db: Db) -> Shelf:
                    return Shelf(db)


                @router.get("/")
                async def read_shelf(request: Request, shelf: Annotated[Shelf, Depends(get_shelf)]) -> str:
                    \"\"\"Show the shelf.\"\"\"
                    request.session.setdefault("shelf", "first")
                    async with aiohttp.ClientSession() as session:
                        await session.get("https://example.org")
                    return (await shelf.execute("show")) or "nothing"
                """,
        },
    ),
    case(
        "a response that is shaped by comprehensions and generators",
        library(
            "app/api/items.py",
            """
            from collections.abc import AsyncIterator

            from fastapi import APIRouter
            from fastapi.responses import StreamingResponse

            from app.api.deps import Db
            from app.schemas.book import BookResponse
            from app.services import books

            router = APIRouter(prefix="/books")


            @router.get("/")
            async def list_books(db: Db) -> dict[str, list[BookResponse]]:
                \"\"\"List the books that are there.\"\"\"
                found = await books.list_all(db)
                return {"items": [BookResponse.model_validate(book) for book in found if book.copies]}


            @router.get("/titles")
            async def stream_titles(db: Db) -> StreamingResponse:
                \"\"\"Give a title on each line.\"\"\"
                found = await books.list_all(db)

                async def lines() -> AsyncIterator[str]:
                    for book in found:
                        yield f"{book.title}\\n"

                return StreamingResponse(lines())
            """,
        ),
    ),
    case(
        "branches that continue with the same statement, and logic that no handler calls",
        library(
            "app/api/items.py",
            """
            from fastapi import APIRouter, Response, status

            from app.api.deps import Db
            from app.schemas.book import BookCreate, BookResponse
            from app.services import books

            router = APIRouter(prefix="/books")


            def make_ids(count: int) -> list[str]:
                return [f"book-{number + 1}" for number in range(count)]


            @router.put("/{book_id}")
            async def put_book(
                book_id: int, book_in: BookCreate, db: Db, response: Response
            ) -> BookResponse:
                \"\"\"Put a book on the shelf, be it there or not.\"\"\"
                book = await books.get(db, book_id)
                if book is None:
                    book = await books.create(db, obj_in=book_in)
                    response.status_code = status.HTTP_201_CREATED
                else:
                    book = await books.update(db, book=book, obj_in=book_in)
                return BookResponse.model_validate(book)
            """,
        ),
    ),
)
