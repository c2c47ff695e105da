"""GR503: Handlers and dependencies report errors by raising `HTTPException`."""

import ast
from collections import defaultdict
from collections.abc import Iterator

from groundrules.rules.cases import case, pair
from groundrules.rules.catalogue.samples import LIBRARY
from groundrules.rules.facts.answers import Answer, sets_status
from groundrules.rules.facts.project import Project
from groundrules.rules.facts.raising import Raised, raised_by
from groundrules.rules.facts.returned_errors import branches, returned_errors
from groundrules.rules.meaning.codes import codes
from groundrules.rules.meaning.values import ClassValue, External, FunctionValue, Instance, Value
from groundrules.rules.places import at_node, at_statement, one_a_line
from groundrules.rules.rule import Violation
from groundrules.rules.source.syntax import match_arguments
from groundrules.rules.source.tree import CallSite, Function, Scope

CLAUSE = "api.http-exception"
RATIONALE = (
    "Clients get every error in the same format, and a raised error ends the handler at once."
)
FIX = (
    "Write `raise HTTPException(status_code=…, detail=…)`, or raise your own exception and "
    "register an exception handler for it."
)
UNDECIDED = (
    'a message that reports a failure only in words, such as `{"detail": "There is no such book."}`',
    "an error in an object of your own class, such as `Result(error=…)`",
    'a field for errors whose value is known only at run time, such as `{"errors": errors}`',
)
_LIBRARIES = ("builtins.", "sqlalchemy.", "asyncpg.", "jose.", "jwt.", "passlib.", "pydantic.")
_LEFT_ALONE = frozenset({"asyncio.CancelledError"})


def check(project: Project) -> Iterator[Violation]:
    """Yield each statement of a handler or dependency that answers an error in another way."""
    responses = defaultdict[Function | None, list[Answer]](list)
    for answer in project.answers.responses:
        responses[answer.scope.function].append(answer)
    handlers = set(project.handlers)
    for function in dict.fromkeys([*project.handlers, *project.dependencies.functions]):
        if not project.errors.answers(function):
            yield from one_a_line(_of(project, function, responses, handlers))


def _of(
    project: Project,
    function: Function,
    responses: dict[Function | None, list[Answer]],
    handlers: set[Function],
) -> Iterator[Violation]:
    yield from _responding(project, function, responses)
    yield from _setting(project, function)
    yield from _returning(project, function, exceptions=function in handlers)
    parts = function.module.parts or ()
    if function in handlers or parts[:1] != ("services",):
        yield from _raising(project, function)


def _responding(
    project: Project, function: Function, responses: dict[Function | None, list[Answer]]
) -> Iterator[Violation]:
    for answer in responses.get(function, ()):
        yield from _answered(project, function, answer.site, answer.status, answer.where)
    for site in function.calls:
        called = project.names.called(site)
        if not isinstance(called, FunctionValue):
            continue
        given = match_arguments(called.function, site.node, bound=called.bound is not None)
        for answer in responses.get(called.function, ()):
            if called.function.returns == [answer.site.node]:
                status, where = answer.status, answer.where
                if isinstance(status, ast.Name) and status.id in given:
                    status, where = given[status.id], site.scope
                yield from _answered(project, function, site, status, where)


def _answered(
    project: Project,
    function: Function,
    site: CallSite,
    status: ast.expr | None,
    where: Scope,
) -> Iterator[Violation]:
    found = [each.number for each in codes(project.names, status, where)]
    errors = [number for number in found if number >= 400]
    if errors:
        message = f"`{function.name}` returns an error ({errors[0]}) as a response."
        yield at_statement(site.scope, site.node, message)


def _setting(project: Project, function: Function) -> Iterator[Violation]:
    for statement, status in sets_status(project.names, function):
        if any(each.number >= 400 for each in codes(project.names, status, function.scope)):
            message = (
                f"`{function.name}` reports an error by setting the status code of the response."
            )
            yield at_node(function.module, statement, message)


def _returning(project: Project, function: Function, *, exceptions: bool) -> Iterator[Violation]:
    """Yield the errors that are returned; a dependency may hand an exception to who raises it."""
    names, raisable = project.names, list[ast.expr]()
    for returned in function.returns if exceptions else ():
        places = branches(names, returned, function.scope)
        if any(_is_exception(project, scope, node) for node, scope in places):
            raisable.append(returned)
            message = f"`{function.name}` returns an exception, which has to be raised."
            yield at_statement(function.scope, returned, message)
    for returned in returned_errors(names, function):
        if returned not in raisable:
            message = f"`{function.name}` returns an error as if it were a result."
            yield at_statement(function.scope, returned, message)


def _is_exception(project: Project, scope: Scope, node: ast.expr | None) -> bool:
    if not isinstance(node, ast.Call):
        return False
    match project.names.evaluate(node, scope):
        case Instance(of=ClassValue() | External() as kind):
            return project.answers.is_exception(kind)
    return False


def _raising(project: Project, function: Function) -> Iterator[Violation]:
    for raised in raised_by(project.names, function):
        name = _name_of_other(project, function, raised)
        if name is not None:
            message = f"`{function.name}` raises `{name}`, which nothing converts to a response."
            yield at_node(function.module, raised.statement, message)


def _name_of_other(project: Project, function: Function, raised: Raised) -> str | None:
    """Return the name of a class that is surely no `HTTPException` and has no exception handler."""
    kind = raised.kind
    if kind == External("builtins.NotImplementedError") and _is_stub(function):
        return None
    if project.errors.handles(kind) is not False:
        return None
    if isinstance(kind, External):
        known = kind.name.startswith(_LIBRARIES) and kind.name not in _LEFT_ALONE
        in_api = (function.module.parts or ())[:1] == ("api",)
        if not known or (kind.name == "builtins.RuntimeError" and not in_api):
            return None
        return kind.name.removeprefix("builtins.")
    return kind.cls.name if isinstance(kind, ClassValue) and _is_plain(project, kind) else None


def _is_stub(function: Function) -> bool:
    """Whether a function has nothing in it yet but what it raises."""
    body = function.node.body[1:] if function.docstring else function.node.body
    return len(body) == 1 and isinstance(body[0], ast.Raise)


def _is_plain(project: Project, kind: Value) -> bool:
    """Whether all ancestors of a class are the project's own or Python's."""
    for each in project.names.ancestors(kind):
        if isinstance(each, External) and not each.name.startswith("builtins."):
            return False
        if isinstance(each, ClassValue) and None in project.names.bases(each.cls):
            return False
    return True


PAIR = pair(
    wrong={
        "app/api/items.py": """
            from fastapi import APIRouter, Depends
            from sqlalchemy.ext.asyncio import AsyncSession

            from app.api.deps import get_db
            from app.schemas.book import BookResponse
            from app.services import books

            router = APIRouter(prefix="/books")


            @router.get("/{book_id}", response_model=None)
            async def read_book(
                book_id: int, db: AsyncSession = Depends(get_db)
            ) -> BookResponse | dict[str, str]:
                \"\"\"Show one book.\"\"\"
                book = await books.get(db, book_id)
                if book is None:
                    return {"error": "There is no such book."}
                return BookResponse.model_validate(book)
            """,
    },
    right={
        "app/api/items.py": """
            from fastapi import APIRouter, Depends, HTTPException, status
            from sqlalchemy.ext.asyncio import AsyncSession

            from app.api.deps import get_db
            from app.schemas.book import BookResponse
            from app.services import books

            router = APIRouter(prefix="/books")


            @router.get("/{book_id}")
            async def read_book(
                book_id: int, db: AsyncSession = Depends(get_db)
            ) -> BookResponse:
                \"\"\"Show one book.\"\"\"
                book = await books.get(db, book_id)
                if book is None:
                    raise HTTPException(status.HTTP_404_NOT_FOUND, detail="There is no such book.")
                return BookResponse.model_validate(book)
            """,
    },
    context=LIBRARY,
    matters=(
        "FastAPI treats a returned error as a success. The status code is 200, so clients, caches "
        "and alerts believe that the request succeeded."
    ),
    links={
        "FastAPI: handling errors": "https://fastapi.tiangolo.com/tutorial/handling-errors/",
        "RFC 9110: client errors": "https://www.rfc-editor.org/rfc/rfc9110#name-client-error-4xx",
    },
)

INVALID = (
    case(
        "exceptions that a handler returns, directly or from a function",
        """
        from fastapi import APIRouter, HTTPException

        router = APIRouter()


        class Missing(HTTPException):
            \"\"\"Something is not there.\"\"\"

            def __init__(self) -> None:
                super().__init__(404, "There is none.")


        def missing() -> HTTPException:
            \"\"\"Return what is to be raised.\"\"\"
            return HTTPException(404, "There is none.")


        @router.get("/items/{number}")
        async def read_item(number: int) -> dict[str, int]:
            \"\"\"Give the number back.\"\"\"
            if number < 0:
                return HTTPException(404, "There is none.")
            if number == 0:
                return Missing()
            if number == 1:
                problem = HTTPException(404, "There is none.")
                return problem
            if number == 2:
                return missing()
            return {"number": number}
        """,
        22,
        24,
        27,
        29,
    ),
    case(
        "an error returned as a `JSONResponse`",
        """
        from fastapi import APIRouter
        from fastapi.responses import JSONResponse

        router = APIRouter()


        @router.get("/items/{number}")
        async def read_item(number: int) -> JSONResponse:
            \"\"\"Give the number back.\"\"\"
            if number < 0:
                return JSONResponse({"detail": "There is none."}, status_code=404)
            return JSONResponse(number)
        """,
        11,
    ),
    case(
        "other response classes, with the code by position or by name, and a response from a function",
        {
            "app/core/problems.py": """
                from fastapi.responses import JSONResponse


                def problem(code: int, detail: str) -> JSONResponse:
                    return JSONResponse({"detail": detail}, status_code=code)
                """,
            "app/api/items.py": """
                from http import HTTPStatus

                from fastapi import APIRouter, Response, status
                from fastapi.responses import PlainTextResponse as Text

                from app.core.problems import problem

                router = APIRouter()


                @router.get("/items/{number}", response_model=None)
                async def read_item(number: int) -> Response | int:
                    \"\"\"Give the number back.\"\"\"
                    if number == 1:
                        return Text("No.", HTTPStatus.BAD_REQUEST)
                    if number == 2:
                        answer = Response(status_code=status.HTTP_403_FORBIDDEN)
                        return answer
                    if number == 3:
                        return problem(404, "There is none.")
                    return number
                """,
        },
        15,
        17,
        20,
    ),
    case(
        "the status code of the response set to an error, also in a dependency",
        """
        from typing import Annotated

        from fastapi import APIRouter, Depends, Response

        router = APIRouter()


        async def positive(number: int, response: Response) -> int:
            if number < 0:
                response.status_code = 400
            return number


        @router.get("/items/{number}")
        async def read_item(
            number: Annotated[int, Depends(positive)], response: Response
        ) -> int | None:
            \"\"\"Give the number back.\"\"\"
            if number > 9:
                response.status_code = 404 if number < 99 else 400
                return None
            return number
        """,
        10,
        20,
    ),
    case(
        "an error returned in a dict or a tuple",
        """
        from fastapi import APIRouter

        router = APIRouter()


        @router.get("/items/{number}", response_model=None)
        async def read_item(number: int) -> object:
            \"\"\"Give the number back.\"\"\"
            if number == 1:
                return {"error": "There is none."}
            if number == 2:
                return {"message": "There is none."}, 404
            if number == 3:
                return {"error": {"code": "missing", "text": f"There is no {number}."}}
            return {"error": "Too many."} if number > 9 else {"number": number}


        MISSING = {"success": False, "message": "There is none."}


        @router.get("/names/{name}", response_model=None)
        async def read_name(name: str) -> object:
            \"\"\"Give the name back.\"\"\"
            problem = {"error": "It has no letters."}
            if not name.isalpha():
                return problem
            return MISSING if name == "none" else {"success": True, "message": "Found."}
        """,
        10,
        12,
        14,
        15,
        26,
        27,
    ),
    case(
        "Python's own exceptions",
        """
        from fastapi import APIRouter

        router = APIRouter()


        @router.get("/items/{number}")
        async def read_item(number: int) -> int:
            \"\"\"Give the number back.\"\"\"
            if number < 0:
                raise ValueError("negative")
            if number > 9:
                raise LookupError
            try:
                names = ["a", "b"]
            except KeyError as error:
                raise PermissionError("no") from error
            return len(names)
        """,
        10,
        12,
        16,
    ),
    case(
        "a domain error without an exception handler, raised by a dependency on a class",
        {
            "app/core/errors.py": """
                class LibraryError(Exception):
                    pass


                class Closed(LibraryError):
                    pass
                """,
            "app/api/items.py": """
                from fastapi import APIRouter, Depends

                from app.core import errors

                router = APIRouter()


                class Hours:
                    def __init__(self, hour: int = 12) -> None:
                        if hour > 20:
                            raise errors.Closed
                        self.hour = hour


                @router.get("/hours")
                async def read_hours(hours: Hours = Depends()) -> int:
                    \"\"\"Tell the hour.\"\"\"
                    if hours.hour == 0:
                        raise errors.LibraryError("midnight")
                    return hours.hour
                """,
        },
        11,
        19,
    ),
    case(
        "an error returned as a list, a status field, a response or the text of a caught exception",
        """
        from fastapi import APIRouter, Response
        from fastapi.responses import JSONResponse

        from app.services import books

        router = APIRouter(prefix="/books")
        FAILED = {"status": "error", "message": "There is no such book."}


        @router.get("/{book_id}")
        async def read_book(book_id: int) -> object:
            \"\"\"Show a book.\"\"\"
            if book_id == 1:
                return {"errors": ["There is no such book."]}
            if book_id == 2:
                return FAILED
            if book_id == 3:
                return {"ok": False, "reason": f"There is no book {book_id}."}
            if book_id == 4:
                return {"id": book_id} | {"status_code": 404, "detail": "There is no such book."}
            try:
                return {"book": await books.find(book_id)}
            except LookupError as error:
                text = f"not found: {error}"
                return {"message": text}


        @router.get("/{book_id}/pages")
        async def read_pages(book_id: int) -> Response:
            \"\"\"Show the pages of a book.\"\"\"
            return JSONResponse({"error": f"Book {book_id} has no pages."})
        """,
        14,
        16,
        18,
        20,
        25,
        31,
        path="app/api/books.py",
    ),
    case(
        "an error that is put into the result, and a `NotImplementedError`",
        """
        from fastapi import APIRouter

        router = APIRouter()


        @router.get("/items/{number}")
        async def read_item(number: int) -> dict[str, object]:
            \"\"\"Give the number back.\"\"\"
            answer: dict[str, object] = {"number": number}
            if number == 1:
                answer["error"] = "One is taken."
                return answer
            if number == 2:
                raise NotImplementedError("two")
            return answer
        """,
        12,
        14,
        path="app/api/items.py",
    ),
    case(
        "a result that is replaced by an error or merged with one",
        """
        from fastapi import APIRouter

        router = APIRouter()


        @router.get("/items/{number}")
        async def read_item(number: int) -> dict[str, object]:
            \"\"\"Give the number back.\"\"\"
            answer: dict[str, object] = {"number": number}
            if number == 1:
                answer.update(error="One is taken.")
                return answer
            if number == 2:
                answer |= {"result": "error", "detail": "Two is taken."}
                return answer
            return answer


        @router.get("/letters/{letter}")
        async def read_letter(letter: str) -> dict[str, str]:
            \"\"\"Give the letter back.\"\"\"
            answer = {"letter": letter}
            if not letter.isalpha():
                answer = {"error": "That is no letter."}
            return answer
        """,
        12,
        15,
        25,
        path="app/api/items.py",
    ),
)

VALID = (
    case(
        "a dependency that hands an exception to the handler, which raises it",
        """
        from fastapi import APIRouter, Depends, HTTPException

        router = APIRouter()


        def missing(number: int) -> HTTPException:
            \"\"\"Return what to raise if there is none.\"\"\"
            return HTTPException(404, f"There is no {number}.")


        @router.get("/items/{number}")
        async def read_item(
            number: int, problem: HTTPException = Depends(missing)
        ) -> dict[str, int]:
            \"\"\"Give the number back.\"\"\"
            if number < 0:
                raise problem
            return {"number": number}
        """,
    ),
    case(
        "`HTTPException`",
        """
        from fastapi import APIRouter, HTTPException, status

        router = APIRouter()


        @router.get("/items/{number}")
        async def read_item(number: int) -> int:
            \"\"\"Give the number back.\"\"\"
            if number < 0:
                raise HTTPException(
                    status_code=status.HTTP_404_NOT_FOUND, detail="There is none."
                )
            return number
        """,
    ),
    case(
        "a domain error of a service, turned into an `HTTPException`",
        {
            "app/core/errors.py": """
                class TooMany(Exception):
                    pass
                """,
            "app/services/numbers.py": """
                from app.core.errors import TooMany


                async def take(number: int) -> int:
                    if number > 5:
                        raise TooMany
                    return number
                """,
            "app/api/items.py": """
                from fastapi import APIRouter, HTTPException

                from app.core.errors import TooMany
                from app.services import numbers

                router = APIRouter()


                @router.post("/take")
                async def take(number: int) -> int:
                    \"\"\"Take so many.\"\"\"
                    try:
                        return await numbers.take(number)
                    except TooMany as error:
                        raise HTTPException(400, "Too many.") from error
                """,
        },
    ),
    case(
        "responses that are no errors",
        """
        from fastapi import APIRouter, Response
        from fastapi.responses import JSONResponse

        router = APIRouter()


        @router.get("/items")
        async def list_items() -> JSONResponse:
            \"\"\"List the items.\"\"\"
            return JSONResponse([], status_code=200, headers={"x-total": "0"})


        @router.delete("/items/{number}", status_code=204, response_class=Response)
        async def delete_item(number: int, response: Response) -> None:
            \"\"\"Delete an item.\"\"\"
            response.headers["x-deleted"] = str(number)
        """,
    ),
)

VALID_ALTERNATIVE = (
    case(
        "pairs and tables of data in which a number, or the word `error`, is no error",
        """
        from fastapi import APIRouter

        router = APIRouter()


        @router.get("/screen")
        async def screen() -> tuple[int, int]:
            \"\"\"Show how wide and how high the screen is.\"\"\"
            return 640, 480


        @router.get("/fall")
        async def fall() -> tuple[str, int]:
            \"\"\"Show a city, and a year.\"\"\"
            return "Rome", 476


        @router.get("/colours")
        async def colours() -> dict[str, str]:
            \"\"\"Show the colour of each level.\"\"\"
            return {"error": "red", "warning": "yellow"}
        """,
    ),
    case(
        "a domain error for whose base class an exception handler is registered",
        {
            "app/core/errors.py": """
                class LibraryError(Exception):
                    status = 400


                class Closed(LibraryError):
                    pass
                """,
            "app/main.py": """
                from fastapi import FastAPI, Request
                from fastapi.responses import JSONResponse

                from app.api.items import router
                from app.core.errors import LibraryError

                app = FastAPI()
                app.include_router(router)


                @app.exception_handler(LibraryError)
                async def on_library_error(request: Request, error: LibraryError) -> JSONResponse:
                    return JSONResponse({"detail": str(error)}, status_code=error.status)
                """,
            "app/api/items.py": """
                from fastapi import APIRouter

                from app.core.errors import Closed

                router = APIRouter()


                @router.get("/hours/{hour}")
                async def read_hour(hour: int) -> int:
                    \"\"\"Tell the hour.\"\"\"
                    if hour > 20:
                        raise Closed("It is late.")
                    return hour
                """,
        },
    ),
    case(
        "a subclass of `HTTPException`, a function that returns one, and one kept as a constant",
        """
        from fastapi import APIRouter, HTTPException

        router = APIRouter()
        LATE = HTTPException(403, "It is late.")


        class Missing(HTTPException):
            def __init__(self, what: str) -> None:
                super().__init__(404, f"There is no {what}.")


        def refused(why: str) -> HTTPException:
            return HTTPException(status_code=400, detail=why)


        @router.get("/items/{number}")
        async def read_item(number: int) -> int:
            \"\"\"Give the number back.\"\"\"
            if number == 1:
                raise LATE
            if number == 2:
                raise Missing("item")
            if number == 3:
                raise refused("Three is odd.")
            return number
        """,
    ),
    case(
        "an exception that the handler catches itself, or raises again",
        """
        from contextlib import suppress

        from fastapi import APIRouter, HTTPException

        router = APIRouter()


        @router.get("/items/{number}")
        async def read_item(number: int) -> int:
            \"\"\"Give the number back.\"\"\"
            with suppress(IndexError):
                if number == 0:
                    raise IndexError
            try:
                if number < 0:
                    raise ValueError("negative")
            except (TypeError, ValueError) as error:
                raise HTTPException(400, str(error)) from error
            except Exception:
                raise
            return number
        """,
    ),
    case(
        "a decorator, a context manager and a route class that map errors",
        {
            "app/core/errors.py": """
                from collections.abc import Awaitable, Callable, Iterator
                from contextlib import contextmanager
                from functools import wraps
                from typing import Any

                from fastapi import HTTPException


                class Missing(Exception):
                    pass


                class Closed(Exception):
                    pass


                @contextmanager
                def mapped() -> Iterator[None]:
                    try:
                        yield
                    except Missing as error:
                        raise HTTPException(404) from error


                def answering(
                    handler: Callable[..., Awaitable[Any]],
                ) -> Callable[..., Awaitable[Any]]:
                    @wraps(handler)
                    async def wrapper(*args: Any, **kwargs: Any) -> Any:
                        try:
                            return await handler(*args, **kwargs)
                        except Closed as error:
                            raise HTTPException(403) from error

                    return wrapper
                """,
            "app/api/items.py": """
                from fastapi import APIRouter

                from app.core.errors import Closed, Missing, answering, mapped

                router = APIRouter()


                @router.get("/items/{number}")
                @answering
                async def read_item(number: int) -> int:
                    \"\"\"Give the number back.\"\"\"
                    with mapped():
                        if number < 0:
                            raise Missing
                    if number > 9:
                        raise Closed
                    return number
                """,
        },
    ),
    case(
        "middleware that returns a response: an `HTTPException` raised there would become a 500",
        """
        from collections.abc import Awaitable, Callable

        from fastapi import FastAPI, Request, Response
        from fastapi.responses import JSONResponse

        app = FastAPI()


        @app.middleware("http")
        async def refuse(
            request: Request, call_next: Callable[[Request], Awaitable[Response]]
        ) -> Response:
            if request.headers.get("x-test"):
                return JSONResponse({"error": "No tests here."}, status_code=403)
            return await call_next(request)
        """,
        path="app/main.py",
    ),
    case(
        "results with a field for errors",
        """
        from fastapi import APIRouter

        router = APIRouter()


        @router.post("/import")
        async def import_items(names: list[str]) -> dict[str, object]:
            \"\"\"Take items in.\"\"\"
            errors = [name for name in names if not name]
            return {"taken": len(names), "errors": errors, "error": None}


        @router.get("/coupons/{code}")
        async def check_coupon(code: str) -> dict[str, object]:
            \"\"\"Say whether a coupon can be used.\"\"\"
            answer = {"valid": False, "reason": "It expired yesterday."}
            return answer if code == "OLD" else {"valid": True}
        """,
    ),
    case(
        "results that report on a failure of something else, and a handler that is not written yet",
        """
        from fastapi import APIRouter, HTTPException

        from app.services import books

        router = APIRouter(prefix="/books")


        @router.get("/{book_id}/import")
        async def read_import(book_id: int) -> dict[str, object]:
            \"\"\"Show how the import of a book ended.\"\"\"
            if book_id == 1:
                return {"status": "failed"}
            if book_id == 2:
                return {"status": 200, "message": "It is done."}
            if book_id == 3:
                return {"errors": [], "error": None, "ok": False}
            answer: dict[str, object] = {"id": book_id}
            if book_id == 4:
                answer["error"] = "There is no such book."
                raise HTTPException(404, answer)
            try:
                answer["book"] = await books.find(book_id)
            except LookupError as error:
                raise HTTPException(404, {"error": str(error)}) from error
            return answer


        @router.get("/{book_id}/pages")
        async def read_pages(book_id: int) -> list[str]:
            \"\"\"Show the pages of a book.\"\"\"
            raise NotImplementedError
        """,
        path="app/api/books.py",
    ),
)
