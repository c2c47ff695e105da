"""GR303: Route handlers are defined in the `api` package."""

from collections.abc import Iterator

from groundrules.rules.cases import case, pair
from groundrules.rules.facts.project import Project
from groundrules.rules.places import at_name
from groundrules.rules.rule import Violation

CLAUSE = "structure.api"
RATIONALE = "All endpoints of the API should be easy to find in one place."
FIX = "Move the handler into a module of the `api` package and include its router."


def check(project: Project) -> Iterator[Violation]:
    """Yield each handler of an HTTP route whose file does not lie below `api/`."""
    for handler in project.handlers:
        if project.options.layer(handler.module) != "api":
            api = f"{project.package.name}/{project.options.folder('api')}/"
            yield at_name(handler, f"The route handler `{handler.name}` is defined outside {api}.")


PAIR = pair(
    wrong={
        "app/main.py": """
            from fastapi import FastAPI

            app = FastAPI(title="Library")


            @app.get("/api/v1/health")
            async def read_health() -> dict[str, str]:
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
        "app/main.py": """
            from fastapi import FastAPI

            from app.api import health

            app = FastAPI(title="Library")
            app.include_router(health.router, prefix="/api/v1")
            """,
    },
    matters=(
        "Authentication, rate limits and prefixes are attached where routers are included. A "
        "handler that is registered directly on the application in `main.py` gets none of them, and "
        "stays public when the rest is locked."
    ),
    links={
        "FastAPI: bigger applications": "https://fastapi.tiangolo.com/tutorial/bigger-applications/",
    },
)

INVALID = (
    case(
        "a handler in `main.py`",
        """
        from fastapi import FastAPI

        app = FastAPI()


        @app.get("/")
        async def home() -> str:
            \"\"\"Welcome.\"\"\"
            return "welcome"
        """,
        7,
        path="app/main.py",
    ),
    case(
        "a handler defined inside `create_app`",
        """
        from fastapi import FastAPI


        def create_app() -> FastAPI:
            app = FastAPI()

            @app.get("/health")
            async def health() -> str:
                \"\"\"Say that all is well.\"\"\"
                return "well"

            return app
        """,
        8,
        path="app/main.py",
    ),
    case(
        "a handler that is defined elsewhere and registered in `api/`",
        {
            "app/services/items.py": """
                async def list_items() -> list[str]:
                    \"\"\"List the items.\"\"\"
                    return []
                """,
            "app/api/items.py": """
                from fastapi import APIRouter

                from app.services import items

                router = APIRouter()
                router.get("/items")(items.list_items)
                """,
        },
        1,
        path="app/services/items.py",
    ),
    case(
        "a handler in a package next to `api/`, on a router from `api/`",
        {
            "app/routes/items.py": """
                from ..api.router import router


                @router.get("/items")
                async def list_items() -> list[str]:
                    \"\"\"List the items.\"\"\"
                    return []
                """,
            "app/api/router.py": """
                from fastapi import APIRouter

                router = APIRouter()
                """,
        },
        5,
        path="app/routes/items.py",
    ),
    case(
        "a handler in a module named `api.py` instead of the package",
        """
        from fastapi import APIRouter

        router = APIRouter()


        @router.get("/items")
        async def list_items() -> list[str]:
            \"\"\"List the items.\"\"\"
            return []
        """,
        7,
        path="app/api.py",
    ),
    case(
        "a handler in a folder `api` that is not directly in the package",
        """
        from fastapi import APIRouter

        router = APIRouter()


        @router.get("/items")
        async def list_items() -> list[str]:
            \"\"\"List the items.\"\"\"
            return []
        """,
        7,
        path="app/items/api/routes.py",
    ),
    case(
        "a method of a class in `core/`",
        """
        from fastapi import APIRouter


        class Health:
            def __init__(self) -> None:
                self.router = APIRouter()
                self.router.add_api_route("/health", self.check)

            async def check(self) -> str:
                \"\"\"Say that all is well.\"\"\"
                return "well"
        """,
        9,
        path="app/core/health.py",
    ),
    case(
        "a module next to the package, which the package imports",
        {
            "app/main.py": """
                from fastapi import FastAPI

                from pages import home

                app = FastAPI()
                app.add_api_route("/", home)
                """,
            "pages.py": """
                async def home() -> str:
                    \"\"\"Welcome.\"\"\"
                    return "welcome"
                """,
        },
        1,
        path="pages.py",
    ),
    case(
        "routes that a router class of the project adds to itself",
        {
            "app/core/crud.py": """
                from fastapi import APIRouter


                class Crud(APIRouter):
                    def __init__(self, prefix: str) -> None:
                        super().__init__(prefix=prefix)
                        self.add_api_route("/", self.everything)

                    async def everything(self) -> list[str]:
                        \"\"\"List everything.\"\"\"
                        return []
                """,
            "app/api/items.py": """
                from app.core.crud import Crud

                router = Crud("/items")
                """,
        },
        9,
        path="app/core/crud.py",
    ),
)

VALID = (
    case(
        "a handler in `api/`, its router included by `main.py`",
        {
            "app/api/items.py": """
                from fastapi import APIRouter

                router = APIRouter()


                @router.get("/items")
                async def list_items() -> list[str]:
                    \"\"\"List the items.\"\"\"
                    return []
                """,
            "app/main.py": """
                from fastapi import FastAPI

                from app.api.items import router

                app = FastAPI()
                app.include_router(router, prefix="/api/v1")
                """,
        },
    ),
    case(
        "a handler in a package below `api/`",
        """
        from fastapi import APIRouter

        router = APIRouter()


        @router.get("/items")
        async def list_items() -> list[str]:
            \"\"\"List the items.\"\"\"
            return []
        """,
        path="app/api/v1/endpoints/items.py",
    ),
    case(
        "middleware and exception handlers in `main.py`",
        """
        from collections.abc import Awaitable, Callable

        from fastapi import FastAPI, Request, Response

        app = FastAPI()


        @app.middleware("http")
        async def timed(
            request: Request, call_next: Callable[[Request], Awaitable[Response]]
        ) -> Response:
            return await call_next(request)


        @app.exception_handler(KeyError)
        async def missing(request: Request, error: KeyError) -> Response:
            return Response(status_code=404)
        """,
        path="app/main.py",
    ),
)

VALID_ALTERNATIVE = (
    case(
        "a handler that is defined in `api/` and registered in `main.py`",
        {
            "app/api/__init__.py": "from .items import list_items as list_items\n",
            "app/api/items.py": """
                async def list_items() -> list[str]:
                    \"\"\"List the items.\"\"\"
                    return []
                """,
            "app/main.py": """
                from fastapi import FastAPI

                from app import api

                app = FastAPI()
                app.add_api_route("/items", api.list_items)
                """,
        },
    ),
    case(
        "a handler in the package's own `__init__.py`, on a router from `core/`",
        {
            "app/api/__init__.py": """
                from app.core.routing import router


                @router.get("/")
                async def home() -> str:
                    \"\"\"Welcome.\"\"\"
                    return "welcome"
                """,
            "app/core/routing.py": """
                from fastapi import APIRouter

                router = APIRouter()
                """,
        },
    ),
    case(
        "a decorator in `core/` that registers what `api/` defines",
        {
            "app/core/routing.py": """
                from collections.abc import Callable

                from fastapi import APIRouter

                router = APIRouter()
                Handler = Callable[..., object]


                def public(path: str) -> Callable[[Handler], Handler]:
                    def register(handler: Handler) -> Handler:
                        return router.get(path, tags=["public"])(handler)

                    return register
                """,
            "app/api/items.py": """
                from app.core.routing import public


                @public("/items")
                async def list_items() -> list[str]:
                    \"\"\"List the items.\"\"\"
                    return []
                """,
        },
    ),
    case(
        "a source folder named `src`",
        {
            "src/app/api/items.py": """
                from fastapi import APIRouter

                router = APIRouter()


                @router.get("/items")
                async def list_items() -> list[str]:
                    \"\"\"List the items.\"\"\"
                    return []
                """,
        },
    ),
    case(
        "a command line whose functions have decorators like handlers",
        """
        from collections.abc import Callable


        class Commands:
            def get(self, name: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
                return lambda function: function


        commands = Commands()


        @commands.get("serve")
        async def serve() -> None: ...
        """,
        path="app/commands.py",
    ),
)
