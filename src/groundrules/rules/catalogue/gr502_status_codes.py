"""GR502: Responses use only the agreed status codes, and each uses the one that fits."""

import ast
from collections.abc import Iterator

from groundrules.rules.cases import case, pair
from groundrules.rules.catalogue.samples import LIBRARY, library
from groundrules.rules.facts.answers import Answer, sets_status
from groundrules.rules.facts.paths import is_collection, segments
from groundrules.rules.facts.project import Project
from groundrules.rules.facts.routes import Route, methods_of
from groundrules.rules.meaning.codes import Code, codes
from groundrules.rules.meaning.values import ClassValue, FunctionValue
from groundrules.rules.places import at_name, at_node, at_statement, one_a_line
from groundrules.rules.rule import Violation
from groundrules.rules.source.tree import Class, Function, Scope

CLAUSE = "api.status-codes"
RATIONALE = "A short list of status codes keeps clients simple."
FIX = (
    "Return 201 for an added row, and otherwise 200, 204, 400, 401, 403 or 404. For a failure of the "
    "server, register an exception handler."
)
UNDECIDED = (
    "a 204 whose body may be empty, such as a variable that can be `None`",
    "a 204 that one condition sets and another one gives a body",
)
ALLOWED = frozenset({200, 201, 204, 400, 401, 403, 404})


def check(project: Project) -> Iterator[Violation]:
    """Yield each status code that is not agreed on or does not fit, once for a statement."""
    yield from one_a_line(_all(project))


def _all(project: Project) -> Iterator[Violation]:
    for route in project.routes:
        yield from _of_route(project, route)
    for answer in project.answers.exceptions:
        yield from _of_exception(project, answer)
    attributes = {"status_code"} | set(map(_own_attribute, project.answers.exceptions))
    for cls in project.answers.exception_classes:
        yield from _of_class(project, cls, attributes)
    for answer in project.answers.responses:
        if answer.scope.function in project.reached:
            yield from _of_response(project, answer)
    for function in project.reached:
        yield from _set_by(project, function)
    for handler in project.handlers:
        for returned in project.bodies.after(handler, 204):
            yield _returned(handler, returned)


def _of_route(project: Project, route: Route) -> Iterator[Violation]:
    found = codes(project.names, *route.option("status_code"), route.frames)
    for code in found:
        if not _is_allowed(project, code):
            yield at_node(route.scope.module, route.call, _unknown(code, _called(route)))
    if {code.number for code in found} == {204}:
        yield from _with_body(project, route)
    if _creates(project, route) and not _may_answer(project, route, found, 201):
        message = f"`{route.handler.name}` adds the row it returns, but does not return 201."
        yield at_node(route.scope.module, route.call, message)


def _is_allowed(project: Project, code: Code) -> bool:
    return code.number in ALLOWED or code.number in project.options.status_codes


def _called(route: Route) -> str:
    return f"the route of `{route.handler.name}`"


def _unknown(code: Code, what: str) -> str:
    return f"The status code {code.number} of {what} is not one of the agreed codes."


def _of_exception(project: Project, answer: Answer) -> Iterator[Violation]:
    names = project.names
    if _is_excused(project, answer.scope) or _own_attribute(answer):
        return  # the classes are looked at by themselves
    for code in codes(names, answer.status, answer.where):
        if _is_excused(project, code.scope):
            continue
        if not _is_allowed(project, code):
            yield _at(answer, code, _unknown(code, "an `HTTPException`"))
        elif code.number < 400:
            yield _at(
                answer, code, f"An `HTTPException` has {code.number}, which is a success code."
            )


def _is_excused(project: Project, scope: Scope) -> bool:
    """Whether code is run by exception handlers and middleware only."""
    function = scope.function
    if function is None or function in project.reached:
        return False
    return project.errors.answers(function) or function in project.calls.reached(
        project.errors.functions
    )


def _at(answer: Answer, code: Code, message: str) -> Violation:
    """Return a violation where the code is given: in the call itself, or by who calls it."""
    function = answer.scope.function
    same = code.scope.function is function and (function or code.scope is answer.scope)
    node = answer.site.node if same else code.node
    return at_statement(answer.scope if same else code.scope, node, message)


def _own_attribute(answer: Answer) -> str | None:
    """Return the attribute of itself that an exception takes its code from."""
    match answer.status:
        case ast.Attribute(value=ast.Name("self"), attr=attribute):
            return attribute
    return None


def _of_class(project: Project, cls: Class, attributes: set[str | None]) -> Iterator[Violation]:
    for name, bindings in cls.scope.bindings.items():
        for binding in bindings if name in attributes else ():
            for code in codes(project.names, binding.value, cls.scope):
                if not _is_allowed(project, code):
                    yield at_node(cls.module, code.node, _unknown(code, f"`{cls.name}`"))


def _of_response(project: Project, answer: Answer) -> Iterator[Violation]:
    found = codes(project.names, answer.status, answer.where)
    for code in found:
        function = code.scope.function
        if not _is_allowed(project, code) and (function is None or function in project.reached):
            yield _at(answer, code, _unknown(code, "a response"))
    numbers = {code.number for code in found}
    if 204 in numbers:
        content, where = answer.content, answer.where_content or answer.scope
        if content is not None and _is_sent(project, content, where, is_sure=numbers == {204}):
            message = "A 204 response has no body, but this one gets one."
            yield at_statement(answer.scope, answer.site.node, message)


def _is_sent(project: Project, node: ast.expr, scope: Scope, *, is_sure: bool) -> bool:
    """Whether the content of a response is a body; what a library makes is one if that is all it answers."""
    if is_sure and isinstance(node, ast.Call):
        called = project.names.evaluate(node.func, scope)
        if not isinstance(called, FunctionValue):
            return True
    return project.bodies.surely(node, scope)


def _set_by(project: Project, function: Function) -> Iterator[Violation]:
    for statement, status in sets_status(project.names, function):
        for code in codes(project.names, status, function.scope):
            if not _is_allowed(project, code):
                yield at_node(function.module, statement, _unknown(code, "the response"))


def _with_body(project: Project, route: Route) -> Iterator[Violation]:
    handler, names = route.handler, project.names
    model, _ = route.option("response_model")
    if model is not None and not isinstance(model, ast.Constant):
        message = f"`{handler.name}` returns 204, which has no body, but has a `response_model`."
        yield at_node(route.scope.module, route.call, message)
        return
    for returned in handler.returns:
        if project.bodies.possibly(returned, handler.scope):
            yield _returned(handler, returned)
    kind = names.type_of(handler.node.returns, handler.outer)
    if not handler.returns and kind is not None and _is_schema(project, kind):
        yield at_name(
            handler, f"`{handler.name}` returns 204, which has no body, but declares one."
        )


def _returned(function: Function, node: ast.expr) -> Violation:
    message = f"`{function.name}` returns 204, which has no body, but returns one."
    return at_statement(function.scope, node, message)


def _is_schema(project: Project, kind: object) -> bool:
    return isinstance(kind, ClassValue) and project.names.is_a(
        kind, frozenset({"pydantic.BaseModel"})
    )


def _creates(project: Project, route: Route) -> bool:
    """Whether a route is a POST on a collection whose handler adds the row it returns."""
    names = project.names
    if methods_of(names, route) != frozenset({"POST"}):
        return False
    path = segments(names, route)
    return (
        path is not None
        and is_collection(path, project.keyed)
        and project.creations.returns_added(route.handler)
    )


def _may_answer(project: Project, route: Route, found: list[Code], number: int) -> bool:
    """Whether a route answers a code, or whether it cannot be told that it does not."""
    if any(code.number == number for code in found):
        return True
    if not route.is_whole or (not found and "status_code" in route.options):
        return True
    func = route.call.func  # a `partial` may hold options that the call does not show
    if not isinstance(func, ast.Attribute) or func.attr != route.verb:
        return True
    return any(True for _ in sets_status(project.names, route.handler))


PAIR = pair(
    wrong={
        "app/api/items.py": """
            from fastapi import APIRouter, Depends, status
            from sqlalchemy.ext.asyncio import AsyncSession

            from app.api.deps import get_db
            from app.schemas.book import BookCreate, BookResponse
            from app.services import books

            router = APIRouter(prefix="/books")


            @router.post("/", status_code=status.HTTP_200_OK)
            async def create_book(book_in: BookCreate, db: AsyncSession = Depends(get_db)) -> BookResponse:
                \"\"\"Add a book.\"\"\"
                return BookResponse.model_validate(await books.create(db, obj_in=book_in))
            """,
    },
    right={
        "app/api/items.py": """
            from fastapi import APIRouter, Depends, status
            from sqlalchemy.ext.asyncio import AsyncSession

            from app.api.deps import get_db
            from app.schemas.book import BookCreate, BookResponse
            from app.services import books

            router = APIRouter(prefix="/books")


            @router.post("/", status_code=status.HTTP_201_CREATED)
            async def create_book(book_in: BookCreate, db: AsyncSession = Depends(get_db)) -> BookResponse:
                \"\"\"Add a book.\"\"\"
                return BookResponse.model_validate(await books.create(db, obj_in=book_in))
            """,
    },
    context=LIBRARY,
    matters=(
        "A client that imports a thousand books counts the 201s. With 200 for a new book, it cannot "
        "tell what it created from what was there, and its retry logic guesses."
    ),
    links={
        "RFC 9110: status codes": "https://www.rfc-editor.org/rfc/rfc9110#name-status-codes",
        "FastAPI: response status code": "https://fastapi.tiangolo.com/tutorial/response-status-code/",
    },
)

INVALID = (
    case(
        "a code outside the agreed seven, in a route",
        """
        from fastapi import APIRouter, status

        router = APIRouter()


        @router.post("/reports/build", status_code=status.HTTP_202_ACCEPTED)
        async def build_report() -> None:
            \"\"\"Begin to build the report.\"\"\"
        """,
        6,
    ),
    case(
        "a code in an `HTTPException`, as a number, by position, or as a name of `http`",
        {
            "app/api/items.py": """
                from http import HTTPStatus

                from fastapi import APIRouter, HTTPException

                router = APIRouter()


                @router.get("/items/{number}")
                async def read_item(number: int) -> int:
                    \"\"\"Give the number back.\"\"\"
                    if number == 1:
                        raise HTTPException(410)
                    if number == 2:
                        raise HTTPException(detail="Busy.", status_code=HTTPStatus.CONFLICT)
                    if number == 3:
                        raise HTTPException(
                            status_code=422,
                            detail="Three is odd.",
                        )
                    return number
                """,
        },
        12,
        14,
        16,
    ),
    case(
        "project constants, in an enum or under another name",
        {
            "app/core/codes.py": """
                from enum import IntEnum

                from starlette.status import HTTP_409_CONFLICT as TAKEN

                TEAPOT = 418


                class Codes(IntEnum):
                    LATE = 425


                CONFLICT = TAKEN
                """,
            "app/api/items.py": """
                from fastapi import APIRouter, Depends, HTTPException
                from fastapi.responses import JSONResponse

                from app.core import codes
                from app.core.codes import CONFLICT, Codes

                router = APIRouter()


                async def not_late(hour: int) -> None:
                    if hour > 20:
                        raise HTTPException(Codes.LATE, "It is late.")


                @router.get("/tea", dependencies=[Depends(not_late)])
                async def tea() -> JSONResponse:
                    \"\"\"Make tea.\"\"\"
                    raise HTTPException(codes.TEAPOT)


                @router.get("/name")
                async def name(word: str) -> str:
                    \"\"\"Give the word back.\"\"\"
                    raise HTTPException(status_code=CONFLICT, detail=word)
                """,
        },
        12,
        18,
        24,
    ),
    case(
        "a function that raises the code it gets as an argument, reported at the call",
        {
            "app/core/errors.py": """
                from typing import NoReturn

                from fastapi import HTTPException


                def abort(code: int, detail: str = "No.") -> NoReturn:
                    raise HTTPException(status_code=code, detail=detail)
                """,
            "app/api/items.py": """
                from fastapi import APIRouter

                from app.core.errors import abort

                router = APIRouter()


                @router.get("/items/{number}")
                async def read_item(number: int) -> int:
                    \"\"\"Give the number back.\"\"\"
                    if number < 0:
                        abort(404)
                    if number > 9:
                        abort(409, "Too many.")
                    return number
                """,
        },
        14,
    ),
    case(
        "a subclass of `HTTPException` with its own code",
        {
            "app/core/errors.py": """
                from fastapi import HTTPException


                class Conflict(HTTPException):
                    def __init__(self, what: str) -> None:
                        super().__init__(status_code=409, detail=what)


                class Problem(HTTPException):
                    code = 400

                    def __init__(self) -> None:
                        super().__init__(self.code)


                class Busy(Problem):
                    code = 429
                """,
        },
        6,
        17,
        path="app/core/errors.py",
    ),
    case(
        "the code of a response, as an attribute or an argument",
        """
        from fastapi import APIRouter, Response
        from fastapi.responses import RedirectResponse

        router = APIRouter()


        @router.put("/items/{number}")
        async def put_item(number: int, response: Response) -> int:
            \"\"\"Give the number back.\"\"\"
            response.status_code = 206 if number else 200
            return number


        @router.get("/old")
        async def old() -> RedirectResponse:
            \"\"\"Lead to the new place.\"\"\"
            return RedirectResponse("/new", status_code=301)
        """,
        10,
        17,
    ),
    case(
        "a 204 with a body",
        """
        from fastapi import APIRouter, status
        from fastapi.responses import JSONResponse

        router = APIRouter()


        @router.delete("/items/{number}", status_code=status.HTTP_204_NO_CONTENT)
        async def delete_item(number: int) -> dict[str, int]:
            \"\"\"Delete an item.\"\"\"
            return {"deleted": number}


        @router.delete("/items")
        async def delete_items() -> JSONResponse:
            \"\"\"Delete all items.\"\"\"
            return JSONResponse({"deleted": "all"}, status_code=204)
        """,
        10,
        16,
    ),
    case(
        "a POST that adds the row that it returns, and returns 200",
        library(
            "app/api/items.py",
            """
            from fastapi import APIRouter

            from app.api.deps import Db
            from app.schemas.book import BookCreate, BookResponse
            from app.services import books

            router = APIRouter(prefix="/books")


            @router.post("/")
            async def create_book(book_in: BookCreate, db: Db) -> BookResponse:
                \"\"\"Add a book.\"\"\"
                book = await books.create(db, obj_in=book_in)
                return BookResponse.model_validate(book)
            """,
        ),
        10,
    ),
    case(
        "a POST on a collection with a singular name, recognized by the GET route for a single member",
        library(
            "app/api/items.py",
            """
            from fastapi import APIRouter

            from app.api.deps import Db
            from app.schemas.book import BookCreate, BookResponse
            from app.services import books

            router = APIRouter(prefix="/shelf")


            @router.post("/")
            async def create_book(book_in: BookCreate, db: Db) -> BookResponse:
                \"\"\"Add a book.\"\"\"
                return BookResponse.model_validate(await books.create(db, obj_in=book_in))


            @router.get("/{shelf_id}", response_model=BookResponse)
            async def read_book(shelf_id: int, db: Db) -> BookResponse:
                \"\"\"Read a book.\"\"\"
                return BookResponse.model_validate(await books.get(db, shelf_id))
            """,
        ),
        10,
    ),
    case(
        "an `HTTPException` with a success code",
        """
        from fastapi import APIRouter, HTTPException

        router = APIRouter()


        @router.get("/items")
        async def list_items() -> list[str]:
            \"\"\"List the items.\"\"\"
            raise HTTPException(status_code=200, detail="There are none.")
        """,
        9,
    ),
    case(
        "codes from an enum, by key, value or constructor, and from a dictionary",
        {
            "app/core/codes.py": """
                from enum import IntEnum
                from http import HTTPStatus


                class Code(IntEnum):
                    LATE = 425


                CONFLICT = HTTPStatus(409)
                """,
            "app/api/items.py": """
                from http import HTTPStatus

                from fastapi import APIRouter, HTTPException

                from app.core.codes import CONFLICT, Code

                router = APIRouter()


                @router.get("/items/{number}")
                async def read_item(number: int) -> int:
                    \"\"\"Give the number back.\"\"\"
                    match number:
                        case 1:
                            raise HTTPException(HTTPStatus["CONFLICT"])
                        case 2:
                            raise HTTPException(HTTPStatus(409).value)
                        case 3:
                            raise HTTPException(Code["LATE"])
                        case 4:
                            raise HTTPException(Code(425))
                        case 5:
                            raise HTTPException(CONFLICT)
                        case 6:
                            raise HTTPException(**{"status_code": 409})
                        case 7:
                            raise HTTPException(**dict(status_code=409, detail="Seven."))
                    return number
                """,
        },
        15,
        17,
        19,
        21,
        23,
        25,
        27,
        path="app/api/items.py",
    ),
    case(
        "a 204 with a body, where the code is a constant, set on the response or conditional",
        library(
            "app/api/books.py",
            """
            from http import HTTPStatus

            from fastapi import APIRouter, Response
            from fastapi.responses import JSONResponse

            from app.api.deps import Db
            from app.schemas.book import BookResponse
            from app.services import books

            router = APIRouter(prefix="/books")
            EMPTY = HTTPStatus.NO_CONTENT


            @router.delete("/{book_id}", status_code=EMPTY)
            async def delete_book(book_id: int) -> dict[str, bool]:
                \"\"\"Delete a book.\"\"\"
                answer = {"deleted": True}
                return answer


            @router.put("/{book_id}/title")
            async def rename_book(book_id: int, response: Response) -> dict[str, bool]:
                \"\"\"Rename a book.\"\"\"
                response.status_code = EMPTY
                return {"renamed": True}


            @router.put("/{book_id}/shelf")
            async def move_book(book_id: int, response: Response) -> dict[str, bool]:
                \"\"\"Move a book.\"\"\"
                if book_id < 10:
                    code = 204
                    response.status_code = code
                return {"moved": True}


            @router.put("/{book_id}/copies")
            async def count_copies(book_id: int) -> JSONResponse:
                \"\"\"Count the copies of a book.\"\"\"
                return JSONResponse({"copies": 1}, status_code=204 if book_id else 200)


            @router.put("/{book_id}", status_code=204)
            async def replace_book(book_id: int, db: Db) -> object:
                \"\"\"Change a book.\"\"\"
                book = await books.get(db, book_id)
                return BookResponse.model_validate(book)


            @router.put("/{book_id}/mark", status_code=204)
            async def mark_book(book_id: int, db: Db) -> object:
                \"\"\"Mark a book.\"\"\"
                book = await books.get(db, book_id)
                return {"id": book.id} if book else None
            """,
        ),
        18,
        25,
        34,
        40,
        47,
        54,
        path="app/api/books.py",
    ),
)

VALID = (
    case(
        "the agreed codes",
        library(
            "app/api/items.py",
            """
            from fastapi import APIRouter, HTTPException, status

            from app.api.deps import Db
            from app.schemas.book import BookCreate, BookResponse
            from app.services import books

            router = APIRouter(prefix="/books")


            @router.post("/", status_code=status.HTTP_201_CREATED)
            async def create_book(book_in: BookCreate, db: Db) -> BookResponse:
                \"\"\"Add a book.\"\"\"
                book = await books.create(db, obj_in=book_in)
                return BookResponse.model_validate(book)


            @router.delete("/{book_id}", status_code=status.HTTP_204_NO_CONTENT)
            async def delete_book(book_id: int, db: Db) -> None:
                \"\"\"Delete a book.\"\"\"
                book = await books.get(db, book_id)
                if book is None:
                    raise HTTPException(status_code=status.HTTP_404_NOT_FOUND)
                await books.delete(db, book=book)
            """,
        ),
    ),
    case(
        "numbers and names alike",
        """
        from http import HTTPStatus

        from fastapi import APIRouter, HTTPException

        router = APIRouter()


        @router.get("/items/{number}", status_code=200)
        async def read_item(number: int) -> int:
            \"\"\"Give the number back.\"\"\"
            if number < 0:
                raise HTTPException(404)
            if number > 9:
                raise HTTPException(HTTPStatus.BAD_REQUEST.value)
            return number
        """,
    ),
    case(
        "no code at all: FastAPI answers 200, and 422 by itself",
        """
        from fastapi import APIRouter

        router = APIRouter()


        @router.get("/items/{number}")
        async def read_item(number: int) -> int:
            \"\"\"Give the number back.\"\"\"
            return number
        """,
    ),
)

VALID_ALTERNATIVE = (
    case(
        "middleware and exception handlers may return any code",
        """
        from collections.abc import Awaitable, Callable

        from fastapi import FastAPI, Request, Response
        from fastapi.responses import JSONResponse
        from starlette.middleware.base import BaseHTTPMiddleware


        class Closed(Exception):
            pass


        def problem(code: int) -> JSONResponse:
            return JSONResponse({"detail": "Not now."}, status_code=code)


        async def on_closed(request: Request, error: Exception) -> JSONResponse:
            return problem(503)


        class Limit(BaseHTTPMiddleware):
            async def dispatch(
                self, request: Request, call_next: Callable[[Request], Awaitable[Response]]
            ) -> Response:
                if request.headers.get("x-hurry"):
                    return problem(429)
                return await call_next(request)


        app = FastAPI(exception_handlers={Closed: on_closed})
        app.add_middleware(Limit)
        """,
        path="app/main.py",
    ),
    case(
        "codes that are only documented, compared or passed on",
        """
        import httpx
        from fastapi import APIRouter, HTTPException, Response

        router = APIRouter(responses={418: {"description": "A teapot."}})


        @router.get("/proxy", responses={502: {"description": "The other side is down."}})
        async def proxy() -> Response:
            \"\"\"Pass on what another service answers.\"\"\"
            async with httpx.AsyncClient() as client:
                answer = await client.get("https://example.org")
            if answer.status_code == 503:
                raise HTTPException(400, "Not now.")
            return Response(answer.content, answer.status_code)
        """,
    ),
    case(
        "a POST for an action that adds a row, next to a GET with a parameter that is not a key",
        library(
            "app/api/items.py",
            """
            from fastapi import APIRouter

            from app.api.deps import Db
            from app.schemas.book import BookCreate, BookResponse
            from app.services import books

            router = APIRouter(prefix="/donate")


            @router.post("/")
            async def donate(book_in: BookCreate, db: Db) -> BookResponse:
                \"\"\"Give a book to the library.\"\"\"
                return BookResponse.model_validate(await books.create(db, obj_in=book_in))


            @router.get("/{step}")
            async def read_step(step: int) -> str:
                \"\"\"Say what happens in a step.\"\"\"
                return f"Step {step}"
            """,
        ),
    ),
    case(
        "a POST that sets the code itself",
        library(
            "app/api/items.py",
            """
            from fastapi import APIRouter, Response, status

            from app.api.deps import Db
            from app.schemas.book import BookCreate, BookResponse
            from app.services import books

            router = APIRouter(prefix="/books")


            @router.post("/")
            async def create_book(book_in: BookCreate, db: Db, response: Response) -> BookResponse:
                \"\"\"Add a book.\"\"\"
                response.status_code = status.HTTP_201_CREATED
                return BookResponse.model_validate(await books.create(db, obj_in=book_in))
            """,
        ),
    ),
    case(
        "actions return 200: they may add a row, but the row is not the purpose of the request",
        library(
            "app/api/items.py",
            """
            from fastapi import APIRouter

            from app.api.deps import Db
            from app.schemas.book import BookCreate, BookResponse
            from app.services import books

            router = APIRouter(prefix="/books")


            @router.post("/import")
            async def import_book(book_in: BookCreate, db: Db) -> BookResponse:
                \"\"\"Take a book from another library.\"\"\"
                return BookResponse.model_validate(await books.create(db, obj_in=book_in))


            @router.post("/search")
            async def search_books(book_in: BookCreate, db: Db) -> list[BookResponse]:
                \"\"\"Find books like this one.\"\"\"
                found = await books.list_all(db, search=book_in.title)
                return [BookResponse.model_validate(book) for book in found]
            """,
        ),
    ),
    case(
        "a DELETE that returns 200 and the row, or 204 through a service that returns nothing",
        library(
            "app/api/items.py",
            """
            from fastapi import APIRouter, HTTPException, Response

            from app.api.deps import Db
            from app.schemas.book import BookResponse
            from app.services import books

            router = APIRouter(prefix="/books")


            @router.delete("/{book_id}")
            async def delete_book(book_id: int, db: Db) -> BookResponse:
                \"\"\"Delete a book, and give it back once more.\"\"\"
                book = await books.get(db, book_id)
                if book is None:
                    raise HTTPException(404)
                await books.delete(db, book=book)
                return BookResponse.model_validate(book)


            @router.delete("/", status_code=204)
            async def delete_books(db: Db) -> None:
                \"\"\"Delete every book.\"\"\"
                return await books.delete_all(db)


            @router.delete("/cache", status_code=204, response_model=None)
            async def delete_cache() -> Response:
                \"\"\"Forget what was kept.\"\"\"
                return Response(status_code=204)
            """,
        ),
    ),
    case(
        "other numbers that are not status codes",
        """
        from fastapi import APIRouter, HTTPException


        class Refused(HTTPException):
            code = 1042

            def __init__(self) -> None:
                super().__init__(403, detail={"code": self.code})


        router = APIRouter()


        @router.get("/items")
        async def list_items(limit: int = 500) -> int:
            \"\"\"Give the limit back.\"\"\"
            if limit > 1000:
                raise Refused
            return limit
        """,
    ),
    case(
        "204 for a response that has no body when it is sent",
        library(
            "app/api/books.py",
            """
            from http import HTTPStatus

            from fastapi import APIRouter, HTTPException, Response

            from app.api.deps import Db
            from app.schemas.book import BookResponse
            from app.services import books

            router = APIRouter(prefix="/books")


            @router.put("/{book_id}/seen")
            async def see_book(book_id: int, db: Db, response: Response) -> object:
                \"\"\"Show a book that is there.\"\"\"
                book = await books.get(db, book_id)
                if book is None:
                    response.status_code = HTTPStatus.NO_CONTENT
                return book


            @router.put("/{book_id}/read")
            async def read_book(book_id: int, db: Db, response: Response) -> BookResponse | None:
                \"\"\"Show a book that is there.\"\"\"
                response.status_code = 204
                book = await books.get(db, book_id)
                if book is not None:
                    response.status_code = 200
                    return BookResponse.model_validate(book)
                return None


            @router.put("/{book_id}/kept")
            async def keep_book(book_id: int, db: Db, response: Response) -> BookResponse | None:
                \"\"\"Show a book that is there.\"\"\"
                book = await books.get(db, book_id)
                if book is None:
                    response.status_code = 204
                if book is not None:
                    return BookResponse.model_validate(book)
                return None


            @router.put("/{book_id}/page")
            async def page_of_book(book_id: int, page: bytes = b"") -> Response:
                \"\"\"Give a page of a book back.\"\"\"
                nothing = b""
                if book_id < 10:
                    return Response(nothing, status_code=204)
                if book_id < 100:
                    return Response(None if page else b"-", status_code=204 if page else 200)
                return Response(page, status_code=200 if page else 204)


            @router.get("/{book_id}/code")
            async def code_of_book(book_id: int) -> int:
                \"\"\"Give the number back.\"\"\"
                if book_id < 10:
                    raise HTTPException(HTTPStatus["NOT_FOUND"])
                if book_id < 100:
                    raise HTTPException(**{"status_code": HTTPStatus(403).value})
                return book_id
            """,
        ),
        path="app/api/books.py",
    ),
)
