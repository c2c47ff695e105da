"""GR204: Every API endpoint has a docstring."""

from collections.abc import Iterator

from groundrules.rules.cases import case, pair
from groundrules.rules.facts.project import Project
from groundrules.rules.places import at_name
from groundrules.rules.rule import Violation

CLAUSE = "style.docstrings"
RATIONALE = "The docstring is the description that readers of the generated API documentation see."
FIX = "Begin the handler with a one-line docstring that tells users of the API what the endpoint does."


def check(project: Project) -> Iterator[Violation]:
    """Yield each handler of an HTTP route that has no docstring."""
    for handler in project.handlers:
        if handler.docstring is None:
            yield at_name(handler, f"The route handler `{handler.name}` has no docstring.")


PAIR = pair(
    wrong={
        "app/api/health.py": """
            from fastapi import APIRouter

            router = APIRouter()


            @router.get("/health")
            async def read_health() -> dict[str, str]:
                return {"status": "ok"}
            """,
    },
    right={
        "app/api/health.py": """
            from fastapi import APIRouter

            router = APIRouter()


            @router.get("/health")
            async def read_health() -> dict[str, str]:
                \"\"\"Report whether the service is up.\"\"\"
                return {"status": "ok"}
            """,
    },
    matters=(
        "FastAPI copies the docstring into `/openapi.json`. Without it, `/docs` shows only a title "
        'that FastAPI derives from the function\'s name, such as "Read Health", and client '
        "developers have to ask what the endpoint does."
    ),
    links={
        "FastAPI: description from docstring": "https://fastapi.tiangolo.com/tutorial/path-operation-configuration/#description-from-docstring",
        "PEP 257: docstring conventions": "https://peps.python.org/pep-0257/",
    },
)

INVALID = (
    case(
        "no docstring",
        """
        from fastapi import APIRouter

        router = APIRouter()


        @router.get("/items")
        async def list_items() -> list[str]:
            return []
        """,
        7,
    ),
    case(
        "an empty docstring, and one of spaces",
        """
        from fastapi import APIRouter

        router = APIRouter()


        @router.get("/one")
        async def one() -> int:
            ""
            return 1


        @router.get("/two")
        async def two() -> int:
            \"\"\"

            \"\"\"
            return 2
        """,
        7,
        13,
    ),
    case(
        "an f-string, bytes or a comment instead of a docstring",
        """
        from fastapi import APIRouter

        router = APIRouter()
        THING = "item"


        @router.get("/f")
        async def with_f_string() -> None:
            f"Give the {THING}."


        @router.get("/b")
        async def with_bytes() -> None:
            b"Give the item."


        @router.get("/c")
        async def with_comment() -> None:
            # Give the item.
            return
        """,
        8,
        13,
        18,
    ),
    case(
        "a string that is not the first statement",
        """
        from fastapi import APIRouter

        router = APIRouter()


        @router.get("/items")
        async def list_items() -> list[str]:
            items: list[str] = []
            \"\"\"List the items.\"\"\"
            return items
        """,
        7,
    ),
    case(
        "`summary=` and `description=` instead of a docstring",
        """
        from fastapi import APIRouter

        router = APIRouter()


        @router.post("/items", summary="Make an item", description="Make an item of any kind.")
        async def make_item() -> None:
            return
        """,
        7,
    ),
    case(
        "a handler that another module registers",
        {
            "app/api/items.py": """
                async def list_items() -> list[str]:
                    return []
                """,
            "app/main.py": """
                from fastapi import FastAPI

                from app.api.items import list_items

                app = FastAPI()
                app.router.add_api_route(path="/items", endpoint=list_items)
                """,
        },
        1,
    ),
    case(
        "a method that handles a route",
        """
        from fastapi import APIRouter

        router = APIRouter()


        class Items:
            \"\"\"Everything about items.\"\"\"

            @staticmethod
            @router.get("/items")
            async def all() -> list[str]:
                return []
        """,
        11,
    ),
)

VALID = (
    case(
        "a docstring of one line",
        """
        from fastapi import APIRouter

        router = APIRouter()


        @router.get("/items")
        async def list_items() -> list[str]:
            \"\"\"List the items.\"\"\"
            return []
        """,
    ),
    case(
        "a docstring of several lines that begins on the second",
        """
        from fastapi import APIRouter

        router = APIRouter()


        @router.get("/items")
        async def list_items() -> list[str]:
            \"\"\"
            List the items.

            The newest come first.
            \"\"\"
            return []
        """,
    ),
    case(
        "functions that are not handlers",
        """
        async def load() -> list[str]:
            return []
        """,
        path="app/services/items.py",
    ),
)

VALID_ALTERNATIVE = (
    case(
        "single quotes, a raw string, and adjacent string literals",
        """
        from fastapi import APIRouter

        router = APIRouter()


        @router.get("/one")
        async def one() -> int:
            'Give one.'
            return 1


        @router.get("/two")
        async def two() -> int:
            r"Give two \\ no more."
            return 2


        @router.get("/three")
        async def three() -> int:
            ("Give three, "
             "as a number.")
            return 3
        """,
    ),
    case(
        "a handler that contains only a docstring",
        """
        from fastapi import APIRouter

        router = APIRouter()


        @router.delete("/items", status_code=204)
        async def remove_items() -> None: "Remove every item."
        """,
    ),
    case(
        "a dependency without a docstring, next to a handler with one",
        """
        from fastapi import APIRouter, Depends

        router = APIRouter()


        async def page_size(limit: int = 20) -> int:
            return limit


        @router.get("/items")
        async def list_items(limit: int = Depends(page_size)) -> int:
            \"\"\"Give the page's size.\"\"\"
            return limit
        """,
    ),
    case(
        "the handler of a WebSocket, which is not an HTTP endpoint",
        """
        from fastapi import APIRouter, WebSocket

        router = APIRouter()


        @router.websocket("/live")
        async def live(socket: WebSocket) -> None:
            await socket.accept()
        """,
    ),
    case(
        "a wrapper that a decorator puts around a handler",
        """
        from collections.abc import Awaitable, Callable
        from functools import wraps

        from fastapi import APIRouter

        router = APIRouter()
        Handler = Callable[..., Awaitable[object]]


        def traced(handler: Handler) -> Handler:
            @wraps(handler)
            async def wrapper(*args: object, **kwargs: object) -> object:
                return await handler(*args, **kwargs)

            return wrapper


        @router.get("/items")
        @traced
        async def list_items() -> list[str]:
            \"\"\"List the items.\"\"\"
            return []
        """,
    ),
)
