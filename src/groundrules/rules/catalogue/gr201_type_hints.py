"""GR201: Every argument and every return value has a type hint."""

import ast
from collections.abc import Iterator
from dataclasses import replace

from groundrules.rules.cases import case, pair
from groundrules.rules.facts.project import Project
from groundrules.rules.meaning.values import External
from groundrules.rules.places import at_name
from groundrules.rules.rule import Violation
from groundrules.rules.source.tree import Function

CLAUSE = "style.type-hints"
RATIONALE = "Type hints tell readers, editors and FastAPI itself what a function takes and returns."
FIX = (
    "Add a type after each argument (`limit: int`) and the return type before the colon (`-> "
    "None`)."
)
FIX_RETURN = "Write `-> TYPE` before the colon: what comes back, or `None`."


def check(project: Project) -> Iterator[Violation]:
    """Yield each function that lacks a hint for an argument or for what it returns."""
    for function in project.functions:
        missing = [
            argument.arg
            for argument in function.arguments
            if argument.annotation is None
            and not _is_first_of_method(project, function, argument.arg)
        ]
        lacks_return = function.node.returns is None
        if missing or lacks_return:
            found = at_name(function, _message(function.name, missing, lacks_return=lacks_return))
            yield found if missing else replace(found, fix=FIX_RETURN)


def _is_first_of_method(project: Project, function: Function, argument: str) -> bool:
    if function.owner is None or not function.positional:
        return False
    if function.positional[0].arg != argument:
        return False
    static = External("builtins.staticmethod")
    again = function.outer.bindings.get(function.name, ())
    made = (each.value for each in again if isinstance(each.value, ast.Call))
    calls = (project.names.evaluate(each.func, function.outer) for each in made)
    return static not in calls and not project.names.has_decorator(function, static.name)


def _message(name: str, missing: list[str], *, lacks_return: bool) -> str:
    quoted = [f"`{each}`" for each in missing]
    listed = quoted[0] if len(quoted) == 1 else ""
    if len(quoted) > 1:
        listed = f"{', '.join(quoted[:-1])} and {quoted[-1]}"
    parts = [listed] if listed else []
    if lacks_return:
        parts.append("what it returns")
    return f"`{name}` has no type hint for {', nor for '.join(parts)}."


PAIR = pair(
    wrong={
        "app/api/shelves.py": """
            from fastapi import APIRouter

            from app.core.shelves import SHELVES

            router = APIRouter()


            @router.get("/shelves")
            async def list_shelves(limit=20):
                \"\"\"List the first shelves.\"\"\"
                return SHELVES[:limit]
            """,
    },
    right={
        "app/api/shelves.py": """
            from fastapi import APIRouter

            from app.core.shelves import SHELVES

            router = APIRouter()


            @router.get("/shelves")
            async def list_shelves(limit: int = 20) -> list[str]:
                \"\"\"List the first shelves.\"\"\"
                return SHELVES[:limit]
            """,
    },
    context={
        "app/core/shelves.py": """
            SHELVES = ["Fiction", "History", "Science"]
            """,
    },
    matters=(
        "FastAPI validates a query parameter only if it has a type hint. Without one, `limit` is the "
        "raw string that the client sent, the slice raises a `TypeError`, and the client gets a 500. "
        "With `int` it gets the list, or a 422 that names the parameter."
    ),
    links={
        "FastAPI: query parameters": "https://fastapi.tiangolo.com/tutorial/query-params/",
        "FastAPI: Python types": "https://fastapi.tiangolo.com/python-types/",
        "Python: typing": "https://docs.python.org/3/library/typing.html",
    },
)

INVALID = (
    case(
        "an argument without a hint",
        """
        async def read_item(item_id) -> dict[str, int]:
            return {"id": item_id}
        """,
        1,
    ),
    case(
        "no return type",
        """
        def total(prices: list[int]):
            return sum(prices)
        """,
        1,
        path="app/services/prices.py",
    ),
    case(
        "*args and **kwargs",
        """
        def log(message: str, *args, **kwargs) -> None:
            print(message, args, kwargs)
        """,
        1,
        path="app/core/logs.py",
    ),
    case(
        "`__init__` without a return type, and the first argument of a static method",
        """
        class Mailer:
            def __init__(self, host: str):
                self.host = host

            @staticmethod
            def clean(address) -> str:
                return str(address).strip()
        """,
        2,
        6,
        path="app/services/mail.py",
    ),
    case(
        "a nested function and a private one",
        """
        from collections.abc import Callable


        def _twice(action: Callable[[], None]) -> Callable[[], None]:
            def again():
                action()
                action()

            return again


        def _once(action) -> None:
            action()
        """,
        5,
        12,
        path="app/core/calls.py",
    ),
    case(
        "a keyword-only argument, in a signature of several lines under a decorator",
        """
        from functools import cache


        @cache
        def search(
            text: str,
            *,
            limit=20,
        ) -> list[str]:
            return [text] * limit
        """,
        5,
        path="app/services/search.py",
    ),
    case(
        "a method defined under a condition, with a positional-only second argument",
        """
        import sys


        class Clock:
            if sys.platform == "win32":

                def wait(self, seconds, /) -> None: ...
        """,
        7,
        path="app/core/clock.py",
    ),
    case(
        "a method that is made static below its definition",
        """
        class Shelf:
            def label(name) -> str:
                return str(name)

            label = staticmethod(label)
        """,
        2,
    ),
)

VALID = (
    case(
        "everything has a hint",
        """
        async def add(first: int, second: int = 2, *rest: int, **named: int) -> int:
            return first + second + sum(rest) + sum(named.values())
        """,
    ),
    case(
        "the first argument of methods and class methods",
        """
        class Shelf:
            def __init__(self, size: int) -> None:
                self.size = size

            @classmethod
            def empty(cls) -> "Shelf":
                return cls(0)
        """,
        path="app/services/shelf.py",
    ),
    case("no functions at all", "LIMIT = 20\n", path="app/core/limits.py"),
)

VALID_ALTERNATIVE = (
    case(
        "lambdas cannot have hints",
        """
        by_title = lambda book: book.title
        """,
        path="app/services/sorting.py",
    ),
    case(
        "hints as strings, and a first argument that is not called self",
        """
        class Node:
            def join(this, other: "Node", /) -> "list[Node]":
                return [this, other]
        """,
        path="app/services/nodes.py",
    ),
    case(
        "`__new__`, `__init_subclass__` and a metaclass's methods",
        """
        class Meta(type):
            def __call__(cls, *args: object, **kwargs: object) -> object:
                return super().__call__(*args, **kwargs)


        class Only(metaclass=Meta):
            def __new__(cls) -> "Only":
                return super().__new__(cls)

            def __init_subclass__(cls, **kwargs: object) -> None:
                super().__init_subclass__()
        """,
        path="app/core/only.py",
    ),
    case(
        "a property, its setter, and overloads",
        """
        from typing import overload


        class Page:
            @property
            def size(self) -> int:
                return 1

            @size.setter
            def size(self, value: int) -> None: ...

            @overload
            def item(self, index: int) -> str: ...
            @overload
            def item(self, index: slice) -> list[str]: ...
            def item(self, index: int | slice) -> str | list[str]:
                return []
        """,
        path="app/services/pages.py",
    ),
    case(
        "tests are not application code",
        {
            "app/main.py": "TITLE = 'app'\n",
            "app/tests/test_title.py": "def test_title(app): assert app\n",
            "app/test_more.py": "def test_more(app): assert app\n",
        },
    ),
)
