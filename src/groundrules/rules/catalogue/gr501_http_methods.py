"""GR501: Routes use the five agreed HTTP methods, each for its purpose."""

import re
from collections.abc import Iterator
from dataclasses import replace

from groundrules.rules.cases import case, pair
from groundrules.rules.catalogue.samples import LIBRARY, library
from groundrules.rules.facts.dependencies import is_dependency
from groundrules.rules.facts.effects import Effects
from groundrules.rules.facts.headers import REQUESTS
from groundrules.rules.facts.paths import is_collection, is_member, segments
from groundrules.rules.facts.project import Project
from groundrules.rules.facts.routes import METHODS, Route, methods_of
from groundrules.rules.meaning.calls import full_name
from groundrules.rules.places import at_node
from groundrules.rules.rule import Violation
from groundrules.rules.source.syntax import default_of

CLAUSE = "api.methods"
RATIONALE = "Browsers, caches and clients rely on the method: they may repeat a GET at any time."
FIX = (
    "Use GET to read, POST to create or to trigger an action, PUT to replace, PATCH to change, and "
    "DELETE to delete."
)
UNDECIDED = (
    "a route for several methods whose handler takes the request, or an optional parameter",
)
AGREED = frozenset({"GET", "POST", "PUT", "DELETE", "PATCH"})
_ADDS = Effects(adds=True)
_DELETING = re.compile(
    r"(?:^|[-_])(?:delete|remove|destroy|purge|erase|discard|drop|clear|wipe)(?:$|[-_])",
    re.IGNORECASE,
)


def check(project: Project) -> Iterator[Violation]:
    """Yield each route whose method is not agreed on, or does what another one is for."""
    for route in project.routes:
        methods = _methods(project, route)
        message = _outside(route, methods)
        if message is None and (len(methods) == 1 or not _asks_method(project, route)):
            misused = (_misused(project, route, each) for each in sorted(methods))
            message = next((each for each in misused if each), None)
        if message is not None:
            yield at_node(route.scope.module, route.call, message)


def _methods(project: Project, route: Route) -> frozenset[str]:
    handler = route.handler
    if route.verb in ("Route", "add_route") and handler.owner and handler.name in METHODS:
        return frozenset({handler.name.upper()})  # a method of Starlette's HTTPEndpoint
    return methods_of(project.names, route) or frozenset()


def _asks_method(project: Project, route: Route) -> bool:
    """Whether a handler may do something else for each method, by the request or by what may be missing."""
    handler, names = route.handler, project.names
    for argument in handler.arguments:
        if full_name(names.type_of(argument.annotation, handler.outer)) in REQUESTS:
            return True
        default = default_of(handler, argument.arg)
        if default is not None and not is_dependency(names.evaluate(default, handler.outer)):
            return True
    return False


def _outside(route: Route, methods: frozenset[str]) -> str | None:
    others = sorted(methods - AGREED)
    if not others:
        return None
    return f"`{route.handler.name}` handles {others[0]}, which is not one of the agreed methods."


def _misused(project: Project, route: Route, method: str) -> str | None:
    name = route.handler.name
    effects = project.followed.effects(route.handler)
    path = segments(project.names, route)
    if method == "GET" and path and path[-1] == "callback":
        return None  # OAuth2 wants a GET there, whatever comes of it
    if method == "GET":
        done = _written(effects)
        return f"`{name}` handles GET, but {done} rows." if done else None
    if path is None:
        return None
    if method == "POST":
        return _misused_post(project, name, effects, path)
    if method in ("PATCH", "DELETE"):
        only_adds = effects == replace(_ADDS, flushes=effects.flushes, commits=effects.commits)
        if project.creations.returns_added(route.handler) or (
            only_adds and is_collection(path, project.keyed)
        ):
            return f"`{name}` creates a row under {method}: use POST for that."
    return None


def _written(effects: Effects) -> str | None:
    if effects.rolls_back and not effects.commits:
        return None
    if effects.adds or effects.saves:
        return "adds"
    if effects.deletes:
        return "deletes"
    return "changes" if effects.changes and (effects.flushes or effects.commits) else None


def _misused_post(project: Project, name: str, effects: Effects, path: list[str]) -> str | None:
    if effects.unknown or effects.adds:
        return None
    if effects.deletes and not effects.changes and not effects.saves:
        says_so = any(_DELETING.search(segment) for segment in path[-2:])
        if says_so or is_member(path) or is_collection(path, project.keyed):
            return f"`{name}` handles POST, but only deletes: use DELETE for that."
    if effects.changes and not effects.deletes and is_member(path):
        return f"`{name}` handles POST, but only changes a row: use PUT or PATCH for that."
    return None


PAIR = pair(
    wrong={
        "app/api/items.py": """
            from fastapi import APIRouter, Depends, HTTPException, status
            from sqlalchemy.ext.asyncio import AsyncSession

            from app.api.deps import get_db
            from app.services import books

            router = APIRouter(prefix="/books")


            @router.get("/{book_id}/delete", status_code=status.HTTP_204_NO_CONTENT)
            async def delete_book(book_id: int, db: AsyncSession = Depends(get_db)) -> None:
                \"\"\"Delete a book.\"\"\"
                book = await books.get(db, book_id)
                if book is None:
                    raise HTTPException(status.HTTP_404_NOT_FOUND)
                await books.delete(db, book=book)
            """,
    },
    right={
        "app/api/items.py": """
            from fastapi import APIRouter, Depends, HTTPException, status
            from sqlalchemy.ext.asyncio import AsyncSession

            from app.api.deps import get_db
            from app.services import books

            router = APIRouter(prefix="/books")


            @router.delete("/{book_id}", status_code=status.HTTP_204_NO_CONTENT)
            async def delete_book(book_id: int, db: AsyncSession = Depends(get_db)) -> None:
                \"\"\"Delete a book.\"\"\"
                book = await books.get(db, book_id)
                if book is None:
                    raise HTTPException(status.HTTP_404_NOT_FOUND)
                await books.delete(db, book=book)
            """,
    },
    context=LIBRARY,
    matters=(
        "A browser prefetches links, a crawler follows them, and a client repeats a GET that timed "
        "out. With the first version, each of them deletes a book."
    ),
    links={
        "RFC 9110: methods": "https://www.rfc-editor.org/rfc/rfc9110#name-methods",
        "FastAPI: path operations": "https://fastapi.tiangolo.com/tutorial/first-steps/#operation",
    },
)

INVALID = (
    case(
        "a method outside the agreed five",
        """
        from fastapi import APIRouter

        router = APIRouter()


        @router.head("/items")
        async def count_items() -> None:
            \"\"\"Tell how many there are.\"\"\"
        """,
        6,
    ),
    case(
        "a method outside the five among several, named by a constant, or in a call that registers a route",
        """
        from fastapi import APIRouter

        router = APIRouter()
        METHODS = ["GET", "OPTIONS"]


        @router.api_route("/items", methods=METHODS)
        async def items() -> list[str]:
            \"\"\"List the items.\"\"\"
            return []


        async def trace() -> str:
            \"\"\"Give back what came.\"\"\"
            return "what came"


        router.add_api_route("/trace", trace, methods=["TRACE"])
        """,
        7,
        18,
    ),
    case(
        "a GET that adds, and one that deletes",
        library(
            "app/api/items.py",
            """
            from fastapi import APIRouter

            from app.api.deps import Db
            from app.schemas.book import BookCreate, BookResponse
            from app.services import books

            router = APIRouter(prefix="/books")


            @router.get("/fill", response_model=None)
            async def fill(db: Db) -> str:
                \"\"\"Put a first book on the shelf.\"\"\"
                await books.create(db, obj_in=BookCreate(title="Momo"))
                return "filled"


            @router.get("/clear")
            async def clear(db: Db) -> str:
                \"\"\"Empty the shelf.\"\"\"
                await books.delete_all(db)
                return "cleared"
            """,
        ),
        10,
        17,
    ),
    case(
        "a GET that changes what it loaded",
        library(
            "app/api/items.py",
            """
            from fastapi import APIRouter

            from app.api.deps import Db
            from app.schemas.book import BookCreate, BookResponse
            from app.services import books

            router = APIRouter(prefix="/books")


            @router.get("/{book_id}/rename")
            async def rename(book_id: int, title: str, db: Db) -> str:
                \"\"\"Give a book another title.\"\"\"
                book = await books.get(db, book_id)
                if book is not None:
                    await books.update(db, book=book, obj_in=BookCreate(title=title))
                return title
            """,
        ),
        10,
    ),
    case(
        "a POST that only deletes",
        library(
            "app/api/items.py",
            """
            from fastapi import APIRouter

            from app.api.deps import Db
            from app.schemas.book import BookCreate, BookResponse
            from app.services import books

            router = APIRouter(prefix="/books")


            @router.post("/{book_id}/delete", response_model=BookResponse)
            async def delete_book(book_id: int, db: Db) -> BookResponse | None:
                \"\"\"Delete a book.\"\"\"
                book = await books.get(db, book_id)
                if book is None:
                    return None
                await books.delete(db, book=book)
                return BookResponse.model_validate(book)
            """,
        ),
        10,
    ),
    case(
        "a POST to the URL of a single resource that only changes it, which is a PATCH",
        library(
            "app/api/items.py",
            """
            from fastapi import APIRouter

            from app.api.deps import Db
            from app.schemas.book import BookCreate, BookResponse
            from app.services import books

            router = APIRouter(prefix="/books")


            @router.post("/{book_id}", response_model=BookResponse)
            async def change_book(book_id: int, book_in: BookCreate, db: Db) -> BookResponse | None:
                \"\"\"Change a book.\"\"\"
                book = await books.get(db, book_id)
                if book is None:
                    return None
                return BookResponse.model_validate(await books.update(db, book=book, obj_in=book_in))
            """,
        ),
        10,
    ),
    case(
        "the same for a collection with a singular name",
        library(
            "app/api/items.py",
            """
            from fastapi import APIRouter

            from app.api.deps import Db
            from app.schemas.book import BookCreate, BookResponse
            from app.services import books

            router = APIRouter()


            @router.post("/book/{book_id:int}", response_model=BookResponse)
            async def change_book(book_id: int, book_in: BookCreate, db: Db) -> BookResponse | None:
                \"\"\"Change a book.\"\"\"
                book = await books.get(db, book_id)
                if book is None:
                    return None
                return BookResponse.model_validate(await books.update(db, book=book, obj_in=book_in))
            """,
        ),
        10,
    ),
    case(
        "a PATCH and a DELETE that create a row",
        library(
            "app/api/items.py",
            """
            from fastapi import APIRouter

            from app.api.deps import Db
            from app.schemas.book import BookCreate, BookResponse
            from app.services import books

            router = APIRouter(prefix="/books")


            @router.patch("/", status_code=201)
            async def create_book(book_in: BookCreate, db: Db) -> BookResponse:
                \"\"\"Add a book.\"\"\"
                book = await books.create(db, obj_in=book_in)
                return BookResponse.model_validate(book)


            @router.delete("/old")
            async def create_old_book(book_in: BookCreate, db: Db) -> BookResponse:
                \"\"\"Add an old book.\"\"\"
                book = await books.create(db, obj_in=book_in)
                return BookResponse(id=book.id, title=book.title, copies=book.copies)
            """,
        ),
        10,
        17,
    ),
    case(
        "a GET that deletes through a service that is a class",
        {
            **LIBRARY,
            "app/services/crud.py": """
                from typing import Generic, TypeVar

                from sqlalchemy.ext.asyncio import AsyncSession

                from app.models.base import Base
                from app.models.book import Book

                Row = TypeVar("Row", bound=Base)


                class Crud(Generic[Row]):
                    def __init__(self, model: type[Row]) -> None:
                        self.model = model

                    async def remove(self, db: AsyncSession, key: int) -> None:
                        await db.delete(await db.get(self.model, key))
                        await db.commit()


                class BookCrud(Crud[Book]):
                    pass


                book = BookCrud(Book)
                """,
            "app/api/items.py": """
                from fastapi import APIRouter

                from app.api.deps import Db
                from app.services import crud

                router = APIRouter(prefix="/books")


                @router.get("/{book_id}/gone")
                async def gone(book_id: int, db: Db) -> None:
                    \"\"\"Take a book away.\"\"\"
                    await crud.book.remove(db, book_id)
                """,
        },
        9,
    ),
    case(
        "a route for GET and other methods that writes, also through a `partial` or `run_sync`",
        {
            **LIBRARY,
            "app/services/shelf.py": """
            from sqlalchemy.ext.asyncio import AsyncSession
            from sqlalchemy.orm import Session

            from app.models.book import Book


            def store(session: Session) -> None:
                session.add(Book(title="Momo", copies=1))


            async def fill(db: AsyncSession) -> None:
                await db.run_sync(store)


            async def fill_again(db: AsyncSession) -> None:
                await db.run_sync(lambda session: session.add(Book(title="Emma", copies=1)))
            """,
            "app/api/items.py": """
            from functools import partial

            from fastapi import APIRouter

            from app.api.deps import Db
            from app.services import books, shelf

            router = APIRouter(prefix="/books")


            @router.api_route("/{book_id}", methods=["GET", "DELETE"])
            async def remove(book_id: int, db: Db) -> None:
                \"\"\"Remove a book.\"\"\"
                if book := await books.get(db, book_id):
                    await books.delete(db, book=book)


            async def clear(db: Db, *, name: str) -> str:
                \"\"\"Empty the shelf.\"\"\"
                await books.delete_all(db)
                return name


            router.add_api_route("/clear", partial(clear, name="all"), methods=["GET", "POST"])


            @router.get("/fill")
            async def fill(db: Db) -> None:
                \"\"\"Put a first book on the shelf.\"\"\"
                await shelf.fill(db)


            @router.get("/fill/again")
            async def fill_again(db: Db) -> None:
                \"\"\"Put a second book on the shelf.\"\"\"
                await shelf.fill_again(db)
            """,
        },
        11,
        24,
        27,
        33,
        path="app/api/items.py",
    ),
)

VALID = (
    case(
        "each method for what it is there for",
        library(
            "app/api/items.py",
            """
            from fastapi import APIRouter

            from app.api.deps import Db
            from app.schemas.book import BookCreate, BookResponse
            from app.services import books

            router = APIRouter(prefix="/books")


            @router.get("/")
            async def list_books(db: Db) -> list[BookResponse]:
                \"\"\"List the books.\"\"\"
                return [BookResponse.model_validate(book) for book in await books.list_all(db)]


            @router.post("/", status_code=201)
            async def create_book(book_in: BookCreate, db: Db) -> BookResponse:
                \"\"\"Add a book.\"\"\"
                return BookResponse.model_validate(await books.create(db, obj_in=book_in))


            @router.delete("/", status_code=204)
            async def delete_books(db: Db) -> None:
                \"\"\"Delete every book.\"\"\"
                await books.delete_all(db)
            """,
        ),
    ),
    case(
        "PUT and PATCH change",
        library(
            "app/api/items.py",
            """
            from fastapi import APIRouter

            from app.api.deps import Db
            from app.schemas.book import BookCreate, BookResponse
            from app.services import books

            router = APIRouter(prefix="/books")


            @router.put("/{book_id}", response_model=BookResponse)
            @router.patch("/{book_id}", response_model=BookResponse)
            async def change_book(book_id: int, book_in: BookCreate, db: Db) -> BookResponse | None:
                \"\"\"Change a book.\"\"\"
                book = await books.get(db, book_id)
                if book is None:
                    return None
                return BookResponse.model_validate(await books.update(db, book=book, obj_in=book_in))
            """,
        ),
    ),
    case(
        "`api_route` with agreed methods",
        """
        from fastapi import APIRouter

        router = APIRouter()


        @router.api_route("/items", methods=["GET", "post"])
        async def items() -> list[str]:
            \"\"\"List the items.\"\"\"
            return []
        """,
    ),
)

VALID_ALTERNATIVE = (
    case(
        "a POST for an action, whatever it changes",
        library(
            "app/api/items.py",
            """
            from fastapi import APIRouter, HTTPException, status

            from app.api.deps import Db
            from app.schemas.book import BookCreate, BookResponse
            from app.services import books

            router = APIRouter(prefix="/books")


            @router.post("/{book_id}/return")
            async def return_book(book_id: int, book_in: BookCreate, db: Db) -> BookResponse:
                \"\"\"Give a book back.\"\"\"
                book = await books.get(db, book_id)
                if book is None:
                    raise HTTPException(status.HTTP_404_NOT_FOUND)
                return BookResponse.model_validate(await books.update(db, book=book, obj_in=book_in))


            @router.post("/logout", status_code=204)
            async def logout(db: Db) -> None:
                \"\"\"End the session; that a row is deleted is an implementation detail.\"\"\"
                await books.delete_all(db)
            """,
        ),
    ),
    case(
        "a PUT that creates a missing row, and a DELETE that only marks one",
        library(
            "app/api/items.py",
            """
            from fastapi import APIRouter, HTTPException, Response, status

            from app.api.deps import Db
            from app.schemas.book import BookCreate, BookResponse
            from app.services import books

            router = APIRouter(prefix="/books")


            @router.put("/{book_id}")
            async def put_book(
                book_id: int, book_in: BookCreate, db: Db, response: Response
            ) -> BookResponse:
                \"\"\"Put a book on the shelf.\"\"\"
                book = await books.get(db, book_id)
                if book is None:
                    response.status_code = status.HTTP_201_CREATED
                    return BookResponse.model_validate(await books.create(db, obj_in=book_in))
                return BookResponse.model_validate(book)


            @router.delete("/{book_id}")
            async def mark_book(book_id: int, db: Db) -> BookResponse:
                \"\"\"Mark a book as gone.\"\"\"
                book = await books.get(db, book_id)
                if book is None:
                    raise HTTPException(status.HTTP_404_NOT_FOUND)
                gone = BookCreate(title=book.title, copies=0)
                return BookResponse.model_validate(await books.update(db, book=book, obj_in=gone))
            """,
        ),
    ),
    case(
        "a GET whose dependency records the visit, and whose service sets an attribute "
        "that is not a column",
        {
            **LIBRARY,
            "app/services/visits.py": """
                from sqlalchemy import select
                from sqlalchemy.ext.asyncio import AsyncSession

                from app.models.book import Book


                async def note(db: AsyncSession) -> None:
                    db.add(Book(title="visit", copies=0))
                    await db.commit()


                async def list_books(db: AsyncSession) -> list[Book]:
                    found = list(await db.scalars(select(Book)))
                    for book in found:
                        book.copies = book.copies or 0
                    return found
                """,
            "app/api/items.py": """
                from fastapi import APIRouter, Depends

                from app.api.deps import Db
                from app.schemas.book import BookResponse
                from app.services import visits


                async def noted(db: Db) -> None:
                    await visits.note(db)


                router = APIRouter(prefix="/books", dependencies=[Depends(noted)])


                @router.get("/")
                async def list_books(db: Db) -> list[BookResponse]:
                    \"\"\"List the books.\"\"\"
                    return [BookResponse.model_validate(book) for book in await visits.list_books(db)]
                """,
        },
    ),
    case(
        "other objects with `add` and `delete`, and work that is done later",
        """
        from fastapi import APIRouter, BackgroundTasks, Response

        router = APIRouter()
        seen: set[str] = set()


        async def forget(name: str) -> None:
            seen.discard(name)


        @router.get("/names/{name}")
        async def read_name(name: str, response: Response, tasks: BackgroundTasks) -> str:
            \"\"\"Give the name back.\"\"\"
            seen.add(name)
            tasks.add_task(forget, name)
            response.delete_cookie("name")
            return name
        """,
    ),
    case(
        "a GET that tries a change and rolls it back",
        {
            **LIBRARY,
            "app/services/trials.py": """
                from sqlalchemy.ext.asyncio import AsyncSession

                from app.models.book import Book


                async def fits(db: AsyncSession, title: str) -> str:
                    book = Book(title=title, copies=1)
                    db.add(book)
                    await db.rollback()
                    return book.title
                """,
            "app/api/items.py": """
                from fastapi import APIRouter

                from app.api.deps import Db
                from app.services import trials

                router = APIRouter()


                @router.get("/fits")
                async def fits(title: str, db: Db) -> str:
                    \"\"\"Tell how a title would be kept.\"\"\"
                    return await trials.fits(db, title)
                """,
        },
    ),
    case(
        "a route for several methods whose handler distinguishes them",
        library(
            "app/api/items.py",
            """
            from typing import Annotated

            from fastapi import APIRouter, Body, Request

            from app.api.deps import Db
            from app.schemas.book import BookCreate
            from app.services import books

            router = APIRouter(prefix="/books")


            @router.api_route("/{book_id}/shelf", methods=["GET", "DELETE"])
            async def shelf(book_id: int, request: Request, db: Db) -> int:
                \"\"\"Show or remove a book.\"\"\"
                book = await books.get(db, book_id)
                if book and request.method == "DELETE":
                    await books.delete(db, book=book)
                return book_id


            @router.api_route("/form", methods=["GET", "POST"], status_code=201)
            async def form(
                db: Db, book_in: Annotated[BookCreate | None, Body()] = None
            ) -> BookCreate | None:
                \"\"\"Show the form, or add a book.\"\"\"
                if book_in is not None:
                    await books.create(db, obj_in=book_in)
                return book_in


            @router.api_route("/{book_id}", methods=["PUT", "PATCH"])
            async def change(book_id: int, book_in: BookCreate, db: Db) -> None:
                \"\"\"Change a book.\"\"\"
                if book := await books.get(db, book_id):
                    await books.update(db, book=book, obj_in=book_in)
            """,
        ),
        path="app/api/items.py",
    ),
    case(
        "a GET that adds a row to preview it and rolls back",
        library(
            "app/api/items.py",
            """
            from fastapi import APIRouter

            from app.api.deps import Db
            from app.services import shelf

            router = APIRouter(prefix="/books")


            @router.get("/preview")
            async def preview(db: Db) -> int:
                \"\"\"Show which number the next book would get.\"\"\"
                return await shelf.next_number(db)
            """,
        )
        | {
            "app/services/shelf.py": """
                from sqlalchemy.ext.asyncio import AsyncSession

                from app.models.book import Book


                async def next_number(db: AsyncSession) -> int:
                    book = Book(title="", copies=0)
                    db.add(book)
                    await db.flush()
                    number = book.id
                    await db.rollback()
                    return number
                """,
        },
    ),
)
