"""GR302: Request and response models are defined in the `schemas` package."""

from collections.abc import Iterator

from groundrules.rules.cases import case, pair
from groundrules.rules.facts.mapped import How
from groundrules.rules.facts.project import Project
from groundrules.rules.facts.pydantic_models import SQLMODEL, is_model, is_settings
from groundrules.rules.facts.requests import Requests
from groundrules.rules.meaning.values import ClassValue, External
from groundrules.rules.places import at_name, at_statement
from groundrules.rules.rule import Violation
from groundrules.rules.source.tree import Class, Module

CLAUSE = "structure.schemas"
RATIONALE = (
    "Request and response bodies are the contract of the API, and it should be possible to read "
    "that contract in one place."
)
FIX = "Move the class into a module of the `schemas` package."

_LAYERS = frozenset({"api", "models", "services"})
_CREATE_MODEL = (External("pydantic.create_model"), External("pydantic.main.create_model"))


def check(project: Project) -> Iterator[Violation]:
    """Yield each request or response model whose file does not lie below `schemas/`."""
    tables = _classes_of_tables(project)
    wrong = dict[Class, None]()
    for module in project.modules.values():
        if project.options.layer(module) in _LAYERS:
            wrong.update(dict.fromkeys(_models_in(project, module)))
            yield from _made_models(project, module)
    wrong.update(dict.fromkeys(Requests(project.names).models(project.routes)))
    for cls in wrong:
        if cls not in tables and project.options.layer(cls.module) != "schemas":
            yield at_name(cls, f"The schema `{cls.name}` is defined outside {_place(project)}.")


def _place(project: Project) -> str:
    return f"{project.package.name}/{project.options.folder('schemas')}/"


def _models_in(project: Project, module: Module) -> Iterator[Class]:
    for cls in module.classes:
        value = ClassValue(cls)
        if not cls.node.bases or is_settings(project.names, value):
            continue
        if is_model(project.names, value):
            yield cls


def _made_models(project: Project, module: Module) -> Iterator[Violation]:
    if not module.mentions("create_model"):
        return
    for site in module.calls:
        if project.names.called(site) in _CREATE_MODEL:
            message = f"A schema is created outside {_place(project)}."
            yield at_statement(module, site.node, message)


def _classes_of_tables(project: Project) -> set[Class]:
    """Return the tables of SQLModel, with the classes that they inherit from."""
    return {
        cls
        for model in project.mapped.models
        if model.how is How.SQLMODEL
        for cls in model.lineage.classes
        if project.names.is_a(ClassValue(cls), SQLMODEL)
    }


PAIR = pair(
    wrong={
        "app/api/availability.py": """
            from fastapi import APIRouter
            from pydantic import BaseModel

            router = APIRouter(prefix="/books")


            class Availability(BaseModel):
                available: int


            @router.get("/availability")
            async def read_availability() -> Availability:
                \"\"\"Show how many books can be borrowed.\"\"\"
                return Availability(available=3)
            """,
    },
    right={
        "app/schemas/availability.py": """
            from pydantic import BaseModel


            class Availability(BaseModel):
                available: int
            """,
        "app/api/availability.py": """
            from fastapi import APIRouter

            from app.schemas.availability import Availability

            router = APIRouter(prefix="/books")


            @router.get("/availability")
            async def read_availability() -> Availability:
                \"\"\"Show how many books can be borrowed.\"\"\"
                return Availability(available=3)
            """,
    },
    matters=(
        "A reviewer who looks for leaked fields reads `schemas/`. They will miss a response model in "
        "a handler's module, and the password hash that it exposes."
    ),
    links={
        "FastAPI: response model": "https://fastapi.tiangolo.com/tutorial/response-model/",
        "FastAPI: bigger applications": "https://fastapi.tiangolo.com/tutorial/bigger-applications/",
    },
)

INVALID = (
    case(
        "a request model next to the handler that takes it",
        """
        from fastapi import APIRouter
        from pydantic import BaseModel

        router = APIRouter()


        class Search(BaseModel):
            text: str


        @router.get("/items")
        async def list_items(search: Search) -> str:
            \"\"\"List the items.\"\"\"
            return search.text
        """,
        7,
    ),
    case(
        "a response model in `core/`, named by `response_model=` or imported under another name",
        {
            "app/core/answers.py": """
                from pydantic import BaseModel


                class Item(BaseModel):
                    name: str
                """,
            "app/core/__init__.py": "from .answers import Item as Answer\n",
            "app/api/items.py": """
                from fastapi import APIRouter

                from app import core

                router = APIRouter()


                @router.get("/items", response_model=list[core.Answer])
                async def list_items() -> list[dict[str, str]]:
                    \"\"\"List the items.\"\"\"
                    return []
                """,
        },
        4,
        path="app/core/answers.py",
    ),
    case(
        "a schema in a module named `schemas.py` instead of the package",
        {
            "app/schemas.py": """
                import pydantic


                class Item(pydantic.BaseModel):
                    name: str


                class Unused(pydantic.BaseModel):
                    name: str
                """,
            "app/api/items.py": """
                from typing import Annotated

                from fastapi import APIRouter, Query

                from app import schemas

                router = APIRouter()


                @router.get("/items")
                async def list_items(given: "Annotated[schemas.Item | None, Query()]" = None) -> str:
                    \"\"\"List the items.\"\"\"
                    return str(given)
                """,
        },
        4,
        path="app/schemas.py",
    ),
    case(
        "nested models: as the argument of a generic model, as the type of a field, or in an inherited field",
        {
            "app/core/parts.py": """
                from pydantic import BaseModel


                class Item(BaseModel):
                    name: str


                class Tag(BaseModel):
                    text: str


                class Numbered(BaseModel):
                    id: int


                class Internal(BaseModel):
                    text: str
                """,
            "app/schemas/page.py": """
                from __future__ import annotations

                from typing import Generic, TypeVar

                from pydantic import BaseModel

                from app.core import parts

                T = TypeVar("T")


                class Page(parts.Numbered, Generic[T]):
                    items: list[T]
                    tags: dict[str, list[parts.Tag]]
                """,
            "app/api/items.py": """
                from fastapi import APIRouter

                from app.core.parts import Internal, Item
                from app.schemas.page import Page

                router = APIRouter()
                Items = Page[Item]


                @router.get("/items")
                async def list_items() -> Items:
                    \"\"\"List the items.\"\"\"
                    return Items(id=1, items=[], tags={Internal(text="a").text: []})
                """,
        },
        4,
        8,
        12,
        path="app/core/parts.py",
    ),
    case(
        "models that dependencies take from the request",
        {
            "app/core/paging.py": """
                from pydantic import BaseModel


                class Paging(BaseModel):
                    limit: int = 20


                class Order(BaseModel):
                    by: str = "id"


                class Filter(BaseModel):
                    text: str = ""
                """,
            "app/api/items.py": """
                from typing import Annotated

                from fastapi import APIRouter, Depends

                from app.core.paging import Filter, Order, Paging

                router = APIRouter()
                PagingDep = Annotated[Paging, Depends()]


                async def order(order: Order) -> str:
                    return order.by


                class Filtered:
                    def __init__(self, given: Filter, by: str = Depends(order)) -> None:
                        self.text = given.text + by


                @router.get("/items")
                async def list_items(page: PagingDep, found: Filtered = Depends(Filtered)) -> str:
                    \"\"\"List the items.\"\"\"
                    return found.text
                """,
        },
        4,
        8,
        12,
        path="app/core/paging.py",
    ),
    case(
        "a model in `services/`, also one inside a function",
        """
        from pydantic import BaseModel, RootModel


        class Fine(BaseModel):
            amount: int


        def total(rows: list[int]) -> int:
            class Rows(RootModel[list[int]]):
                pass

            return sum(Rows(rows).root)
        """,
        4,
        9,
        path="app/services/fines.py",
    ),
    case(
        "a model in `models/`, and a SQLModel class without a table",
        """
        from pydantic import BaseModel
        from sqlmodel import SQLModel


        class Address(BaseModel):
            street: str


        class UserCreate(SQLModel):
            email: str
        """,
        5,
        9,
        path="app/models/user.py",
    ),
    case(
        "a model that a function creates",
        """
        from pydantic import create_model

        Item = create_model(
            "Item",
            name=(str, ...),
        )
        """,
        3,
    ),
    case(
        "a model that a handler creates, in a module next to the package",
        {
            "answers.py": """
                from pydantic import BaseModel


                class Health(BaseModel):
                    status: str
                """,
            "app/api/health.py": """
                from fastapi import APIRouter

                from answers import Health

                router = APIRouter()


                @router.get("/health")
                async def health() -> object:
                    \"\"\"Say that all is well.\"\"\"
                    return Health(status="well")
                """,
        },
        4,
        path="answers.py",
    ),
)

VALID = (
    case(
        "models in `schemas/`, taken and given by a handler",
        {
            "app/schemas/item.py": """
                from pydantic import BaseModel


                class ItemQuery(BaseModel):
                    text: str


                class ItemResponse(BaseModel):
                    name: str
                """,
            "app/api/items.py": """
                from typing import Annotated

                from fastapi import APIRouter, Query

                from app.schemas.item import ItemQuery, ItemResponse

                router = APIRouter()


                @router.get("/items", response_model=list[ItemResponse])
                async def list_items(query: Annotated[ItemQuery, Query()]) -> list[ItemResponse]:
                    \"\"\"List the items.\"\"\"
                    return [ItemResponse(name=query.text)]
                """,
        },
    ),
    case(
        "a model in a package below `schemas/`",
        """
        from pydantic import BaseModel


        class ItemResponse(BaseModel):
            name: str
        """,
        path="app/schemas/library/item.py",
    ),
    case(
        "settings and their parts in `core/`",
        """
        from pydantic import BaseModel
        from pydantic_settings import BaseSettings


        class MailSettings(BaseModel):
            host: str = "localhost"


        class Settings(BaseSettings):
            mail: MailSettings = MailSettings()
        """,
        path="app/core/config.py",
    ),
)

VALID_ALTERNATIVE = (
    case(
        "A value from a dependency, which is not part of the request",
        {
            "app/core/security.py": """
                from pydantic import BaseModel


                class Caller(BaseModel):
                    name: str
                """,
            "app/core/config.py": """
                from pydantic_settings import BaseSettings


                class Settings(BaseSettings):
                    title: str = "Library"


                def get_settings() -> Settings:
                    return Settings()
                """,
            "app/api/deps.py": """
                from typing import Annotated

                from fastapi import Depends

                from app.core.config import Settings, get_settings
                from app.core.security import Caller


                async def get_caller() -> Caller:
                    return Caller(name="Anna")


                CallerDep = Annotated[Caller, Depends(get_caller)]
                SettingsDep = Annotated[Settings, Depends(get_settings)]
                """,
            "app/api/items.py": """
                from fastapi import APIRouter, Depends

                from app.api.deps import CallerDep, SettingsDep, get_caller
                from app.core.security import Caller

                router = APIRouter()


                @router.get("/name")
                async def name(
                    caller: CallerDep, settings: SettingsDep, again: Caller = Depends(get_caller)
                ) -> str:
                    \"\"\"Give the caller's name.\"\"\"
                    return caller.name + again.name + settings.title
                """,
        },
    ),
    case(
        "a base class in `core/` without fields",
        {
            "app/core/schema.py": """
                from pydantic import BaseModel, ConfigDict


                class Schema(BaseModel):
                    model_config = ConfigDict(extra="forbid")
                """,
            "app/schemas/item.py": """
                from app.core.schema import Schema


                class Item(Schema):
                    name: str
                """,
            "app/api/items.py": """
                from fastapi import APIRouter

                from app.schemas.item import Item

                router = APIRouter()


                @router.get("/items")
                async def list_items() -> list[Item]:
                    \"\"\"List the items.\"\"\"
                    return []
                """,
        },
    ),
    case(
        "models in `core/` and elsewhere that no handler takes or returns",
        {
            "app/core/events.py": """
                from pydantic import BaseModel


                class Event(BaseModel):
                    name: str
                """,
            "app/worker/jobs.py": """
                from pydantic import BaseModel

                from app.core.events import Event


                class Job(BaseModel):
                    event: Event


                async def run(job: Job) -> str:
                    return job.event.name
                """,
        },
    ),
    case(
        "dataclasses, typed dictionaries and protocols",
        """
        from dataclasses import dataclass
        from typing import NamedTuple, Protocol, TypedDict

        from fastapi import APIRouter

        router = APIRouter()


        class Item(TypedDict):
            name: str


        class Size(NamedTuple):
            width: int


        class Named(Protocol):
            name: str


        @dataclass
        class Row:
            item: Item
            size: Size


        @router.get("/items")
        async def list_items() -> list[Item]:
            \"\"\"List the items.\"\"\"
            return []
        """,
    ),
    case(
        "classes whose base class is unknown",
        """
        from company_schemas import BaseModel, Schema


        class Item(BaseModel):
            name: str


        class Row(Schema):
            name: str
        """,
        path="app/services/items.py",
    ),
    case(
        "schemas that `api/` and `services/` only pass on",
        {
            "app/schemas/item.py": """
                from pydantic import BaseModel


                class Item(BaseModel):
                    name: str
                """,
            "app/services/items.py": """
                from app.schemas import item as schemas
                from app.schemas.item import Item

                ItemList = list[Item]
                Row = schemas.Item
                """,
            "app/api/__init__.py": "from app.services.items import Row as Row\n",
        },
    ),
)
