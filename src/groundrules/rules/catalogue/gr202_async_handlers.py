"""GR202: Route handlers are `async def`."""

from collections.abc import Iterator

from groundrules.rules.cases import case, pair
from groundrules.rules.facts.project import Project
from groundrules.rules.places import at_name
from groundrules.rules.rule import Violation

CLAUSE = "style.async"
RATIONALE = (
    "FastAPI runs a plain `def` handler in a thread pool. Such a handler cannot await a query or "
    "a service."
)
FIX = "Write `async def` and await the calls inside."


def check(project: Project) -> Iterator[Violation]:
    """Yield each handler of an HTTP route that is a plain function."""
    for handler in project.handlers:
        if not handler.is_async:
            yield at_name(handler, f"The route handler `{handler.name}` is not `async def`.")


PAIR = pair(
    wrong={
        "app/api/health.py": """
            from fastapi import APIRouter

            router = APIRouter()


            @router.get("/health")
            def read_health() -> dict[str, str]:
                \"\"\"Report whether the service is up.\"\"\"
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
        "FastAPI runs plain handlers in a pool of 40 threads. Forty slow requests fill it, and the "
        "forty-first waits although the event loop is idle. An `async def` handler that awaits "
        "needs no thread. But if a handler calls a blocking library, such as `requests`, `async "
        "def` alone makes it worse, because it then blocks every request: first replace the "
        "library, or call it with `await asyncio.to_thread(…)`."
    ),
    links={
        "FastAPI: concurrency and async": "https://fastapi.tiangolo.com/async/",
        "Starlette: thread pool": "https://www.starlette.io/threadpool/",
    },
)

INVALID = (
    case(
        "a decorated handler",
        """
        from fastapi import APIRouter

        router = APIRouter()


        @router.get("/items")
        def list_items() -> list[str]:
            \"\"\"List the items.\"\"\"
            return []
        """,
        7,
    ),
    case(
        "`api_route`, and the path by keyword",
        """
        import fastapi

        app = fastapi.FastAPI()


        @app.api_route(path="/items", methods=["GET", "POST"])
        @app.put(path="/items")
        def items() -> list[str]:
            \"\"\"Take or give the items.\"\"\"
            return []
        """,
        8,
    ),
    case(
        "a handler that is registered by a function call in another module",
        {
            "app/api/items.py": """
                def list_items() -> list[str]:
                    \"\"\"List the items.\"\"\"
                    return []
                """,
            "app/api/router.py": """
                from fastapi import APIRouter

                from . import items

                api_router = APIRouter()
                api_router.add_api_route("/items", items.list_items, methods=["GET"])
                """,
        },
        1,
    ),
    case(
        "`APIRouter` under an alias, and a router from a factory in another module",
        {
            "app/api/items.py": """
                from fastapi import APIRouter as Routes

                from app.core import make_router

                Router = Routes
                first, second = Router(), make_router("/second")


                @first.get("/")
                def one() -> int:
                    \"\"\"Give one.\"\"\"
                    return 1


                @second.get("/")
                def two() -> int:
                    \"\"\"Give two.\"\"\"
                    return 2
                """,
            "app/core/__init__.py": "from .routing import *\n",
            "app/core/routing.py": """
                import fastapi


                def make_router(prefix: str) -> "fastapi.APIRouter":
                    router = fastapi.APIRouter(prefix=prefix)
                    return router
                """,
        },
        10,
        16,
    ),
    case(
        "a router kept on an object, a subclass of the router, and the application's own router",
        """
        from fastapi import APIRouter, FastAPI


        class Versioned(APIRouter):
            pass


        class Area:
            def __init__(self) -> None:
                self.router = Versioned()


        area = Area()
        app = FastAPI()


        @area.router.post("/")
        def make() -> None:
            \"\"\"Make one.\"\"\"


        @app.router.delete("/")
        def remove() -> None:
            \"\"\"Remove it.\"\"\"
        """,
        18,
        23,
    ),
    case(
        "the decorator called by hand, stored under a name, or created with `partial`",
        """
        from functools import partial

        from fastapi import APIRouter

        router = APIRouter()
        route = router.get
        post = partial(router.post, tags=["items"])


        def by_hand() -> None:
            \"\"\"Be registered by hand.\"\"\"


        router.get("/by-hand")(by_hand)


        @route("/named")
        def named() -> None:
            \"\"\"Be registered by a name.\"\"\"


        @post("/partial")
        def made() -> None:
            \"\"\"Be registered by a partial.\"\"\"
        """,
        10,
        18,
        23,
    ),
    case(
        "the project's own decorators",
        """
        from collections.abc import Callable
        from typing import Any

        from fastapi import APIRouter

        router = APIRouter()
        Handler = Callable[..., Any]


        def page(path: str) -> Callable[[Handler], Handler]:
            return router.get(path, include_in_schema=False)


        def action(path: str) -> Callable[[Handler], Handler]:
            def register(handler: Handler) -> Handler:
                router.add_api_route(path, handler, methods=["POST"])
                return handler

            return register


        def home(handler: Handler) -> Handler:
            return router.get("/")(handler)


        @page("/about")
        def about() -> None:
            \"\"\"Tell about us.\"\"\"


        @action("/return")
        def give_back() -> None:
            \"\"\"Give it back.\"\"\"


        @home
        def index() -> None:
            \"\"\"Welcome.\"\"\"
        """,
        27,
        32,
        37,
    ),
    case(
        "handlers and routers passed to a function that registers them",
        """
        from collections.abc import Callable

        from fastapi import FastAPI


        def health() -> str:
            \"\"\"Say that all is well.\"\"\"
            return "well"


        def add(app: FastAPI, path: str, handler: Callable[[], str]) -> None:
            app.add_api_route(path, endpoint=handler)


        def create_app() -> FastAPI:
            app = FastAPI()
            add(app, "/health", health)

            @app.get("/version")
            def version() -> str:
                \"\"\"Tell the version.\"\"\"
                return "1"

            return app
        """,
        6,
        20,
    ),
    case(
        "methods of a class, and Starlette's routes",
        """
        from fastapi import APIRouter, FastAPI
        from starlette.requests import Request
        from starlette.responses import PlainTextResponse
        from starlette.routing import Route


        class Items:
            def __init__(self) -> None:
                self.router = APIRouter()
                self.router.add_api_route("/", self.all)

            def all(self) -> list[str]:
                \"\"\"List the items.\"\"\"
                return []


        def robots(request: Request) -> PlainTextResponse:
            \"\"\"Ask robots to stay away.\"\"\"
            return PlainTextResponse("")


        app = FastAPI(routes=[Route("/robots.txt", robots)])
        """,
        12,
        17,
    ),
    case(
        "handlers that are registered in a loop, or through a decorator that wraps them",
        """
        from collections.abc import Callable
        from functools import wraps

        from fastapi import APIRouter

        Handler = Callable[..., str]


        def logged(handler: Handler) -> Handler:
            @wraps(handler)
            async def wrapper(*args: object, **kwargs: object) -> str:
                return handler(*args, **kwargs)

            return wrapper


        def one() -> str:
            \"\"\"Give one.\"\"\"
            return "1"


        def two() -> str:
            \"\"\"Give two.\"\"\"
            return "2"


        def three() -> str:
            \"\"\"Give three.\"\"\"
            return "3"


        router = APIRouter()
        for path, handler in (("/1", one), ("/2", two)):
            router.add_api_route(path, handler)
        router.get("/3")(logged(three))
        """,
        17,
        22,
        27,
    ),
    case(
        "routers kept in a dict, in a tuple that a function returns, and on another object",
        """
        from types import SimpleNamespace

        from fastapi import APIRouter

        ROUTERS = {"items": APIRouter()}
        area = SimpleNamespace()
        area.router = APIRouter()


        def make() -> tuple[APIRouter, APIRouter]:
            return APIRouter(), APIRouter()


        public, private = make()


        @ROUTERS["items"].get("/")
        def first() -> None:
            \"\"\"Be first.\"\"\"


        @area.router.get("/")
        def second() -> None:
            \"\"\"Be second.\"\"\"


        @private.get("/")
        def third() -> None:
            \"\"\"Be third.\"\"\"
        """,
        18,
        23,
        28,
    ),
)

VALID = (
    case(
        "handlers that are `async def`",
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
        "a plain dependency",
        """
        from typing import Annotated

        from fastapi import APIRouter, Depends

        router = APIRouter()


        def page_size(limit: int = 20) -> int:
            return limit


        @router.get("/items")
        async def list_items(limit: Annotated[int, Depends(page_size)]) -> int:
            \"\"\"Give the page's size.\"\"\"
            return limit
        """,
    ),
    case(
        "plain functions that no route calls",
        """
        def slug(title: str) -> str:
            return title.lower().replace(" ", "-")
        """,
        path="app/services/slugs.py",
    ),
)

VALID_ALTERNATIVE = (
    case(
        "project objects that happen to have a method `get` or `post`",
        """
        from collections.abc import Callable


        class Registry:
            def __init__(self) -> None:
                self.known: dict[str, Callable[..., object]] = {}

            def get(self, name: str) -> Callable[[Callable[..., object]], Callable[..., object]]:
                def keep(function: Callable[..., object]) -> Callable[..., object]:
                    self.known[name] = function
                    return function

                return keep

            post = get


        class Router(Registry):
            pass


        router = Router()


        @router.get("/jobs")
        def job() -> None: ...


        @router.post("/jobs")
        def other() -> None: ...
        """,
        path="app/services/jobs.py",
    ),
    case(
        "WebSockets, middleware, and event and exception handlers are not HTTP routes",
        """
        from fastapi import FastAPI, Request, WebSocket
        from fastapi.responses import PlainTextResponse

        app = FastAPI()


        @app.websocket("/live")
        def live(socket: WebSocket) -> None: ...


        @app.exception_handler(KeyError)
        def missing(request: Request, error: KeyError) -> PlainTextResponse:
            return PlainTextResponse("missing", 404)


        @app.on_event("startup")
        def warm_up() -> None: ...
        """,
        path="app/main.py",
    ),
    case(
        "an HTTP client, a dict and a cache with a method `get`",
        """
        import functools

        import httpx
        from fastapi import APIRouter

        client = httpx.Client()
        names = {"/": "home"}


        @functools.cache
        def title(path: str) -> str | None:
            return names.get(path)


        def fetch() -> httpx.Response:
            return client.get("/items")
        """,
        path="app/services/names.py",
    ),
    case(
        "an `async def` handler in a plain wrapper or in `functools.partial`",
        """
        from collections.abc import Callable
        from functools import partial, wraps
        from typing import Any

        from fastapi import APIRouter

        router = APIRouter()


        def counted(handler: Callable[..., Any]) -> Callable[..., Any]:
            @wraps(handler)
            async def wrapper(*args: Any, **kwargs: Any) -> Any:
                return await handler(*args, **kwargs)

            return wrapper


        @router.get("/items")
        @counted
        async def list_items() -> list[str]:
            \"\"\"List the items.\"\"\"
            return []


        async def greet(name: str) -> str:
            \"\"\"Greet somebody.\"\"\"
            return name


        router.add_api_route("/anna", partial(greet, "Anna"))
        """,
    ),
    case(
        "a name that is a router in one module and something else in another",
        {
            "app/api/items.py": """
                from fastapi import APIRouter

                router = APIRouter()


                @router.get("/")
                async def read() -> None:
                    \"\"\"Read it.\"\"\"
                """,
            "app/services/commands.py": """
                from app.services.bus import router


                @router.get("/")
                def read() -> None: ...
                """,
            "app/services/bus.py": """
                from bus import Router

                router = Router()
                """,
        },
    ),
)
