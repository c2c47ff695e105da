"""GR105: Schemas and settings use Pydantic V2."""

import ast
import builtins
from collections.abc import Iterator

from groundrules.rules.cases import case, pair
from groundrules.rules.facts.project import Project
from groundrules.rules.facts.pydantic_models import is_model, is_wholly_known, model_of
from groundrules.rules.meaning.annotations import Annotations
from groundrules.rules.meaning.names import Names
from groundrules.rules.meaning.narrowing import told_of
from groundrules.rules.meaning.values import Attribute, ClassValue, External, Instance, Value
from groundrules.rules.places import at_name, at_node, at_statement, one_a_line
from groundrules.rules.rule import Violation
from groundrules.rules.source.syntax import written
from groundrules.rules.source.tree import CallSite, Class, Module, Scope

CLAUSE = "stack.validation"
RATIONALE = (
    "The names of Pydantic V1 are deprecated in V2 or already removed. A warning today becomes an "
    "error after an upgrade."
)
FIX = "Use the V2 name, and import it from `pydantic` or `pydantic_settings`."

_FUNCTIONS = {
    "validator": "`field_validator`",
    "root_validator": "`model_validator`",
    "validate_arguments": "`validate_call`",
    "parse_obj_as": "`TypeAdapter`",
    "parse_raw_as": "`TypeAdapter`",
    "schema_of": "`TypeAdapter`",
    "schema_json_of": "`TypeAdapter`",
}
_METHODS = {
    "from_orm": "`model_validate`",
    "parse_obj": "`model_validate`",
    "parse_raw": "`model_validate_json`",
    "parse_file": "`model_validate_json`",
    "construct": "`model_construct`",
    "update_forward_refs": "`model_rebuild`",
    "schema": "`model_json_schema`",
    "schema_json": "`model_json_schema`",
    "dict": "`model_dump`",
    "json": "`model_dump_json`",
    "copy": "`model_copy`",
}
_HOOKS = {
    "__root__": "`RootModel`",
    "__get_validators__": "`__get_pydantic_core_schema__`",
    "__modify_schema__": "`__get_pydantic_json_schema__`",
}
_ARGUMENTS = {
    "regex": "`pattern=`",
    "min_items": "`min_length=`",
    "max_items": "`max_length=`",
    "unique_items": "`set`",
    "allow_mutation": "`frozen=`",
    "const": "`Literal`",
}
_ATTRIBUTES = {"__fields__": "`model_fields`", "__fields_set__": "`model_fields_set`"}
_SETTINGS = {
    "orm_mode": "`from_attributes`",
    "allow_population_by_field_name": "`populate_by_name`",
    "schema_extra": "`json_schema_extra`",
    "json_encoders": "a `field_serializer`",
    "allow_mutation": "`frozen`",
    "anystr_lower": "`str_to_lower`",
    "anystr_upper": "`str_to_upper`",
    "anystr_strip_whitespace": "`str_strip_whitespace`",
    "min_anystr_length": "`str_min_length`",
    "max_anystr_length": "`str_max_length`",
    "keep_untouched": "`ignored_types`",
    "validate_all": "`validate_default`",
}
_CLASSES = {
    "BaseSettings": "the one of `pydantic_settings`",
    "GenericModel": "`BaseModel` with `Generic`",
}
_CONFIGS = frozenset({"ConfigDict", "SettingsConfigDict"})
_FIELDS = frozenset({"Field", "constr", "Query", "Path", "Body", "Header", "Cookie", "Form"})
_FIELDS |= {"conlist", "conset", "confrozenset"}


def check(project: Project) -> Iterator[Violation]:
    """Yield what is written in the style of Pydantic V1."""
    modules = project.modules.values()
    by_name = any(_has_old_name(module) for module in modules)
    for module in modules:
        checked = _Module(project.names, module)
        yield from one_a_line(checked.run(by_name=by_name))


class _Module:
    def __init__(self, names: Names, module: Module) -> None:
        self._names = names
        self._annotations = Annotations(names)
        self._module = module

    def run(self, *, by_name: bool) -> Iterator[Violation]:
        """Yield what is old; `by_name` if calls and decorators have to be looked at as well."""
        yield from self._imports()
        for cls in self._module.classes:
            yield from self._class(cls)
        by_method = not self._module.attributes.isdisjoint(_METHODS)
        for site in self._module.calls if by_method or by_name else ():
            if message := self._call(site, by_name=by_name):
                yield at_statement(self._module, site.node, message)
        if by_name:
            yield from self._decorators()
        if self._module.mentions("Extra", *_ATTRIBUTES):
            yield from self._attributes()

    def _imports(self) -> Iterator[Violation]:
        for node in self._module.imports if "pydantic" in self._module.packages else ():
            if isinstance(node, ast.Import):
                named = [alias.name for alias in node.names]
            elif node.level:
                continue
            else:
                named = [f"{node.module}.{alias.name}" for alias in node.names]
            if any(f"{name}.".startswith("pydantic.v1.") for name in named):
                yield at_node(self._module, node, "`pydantic.v1` is the old version of Pydantic.")

    def _class(self, cls: Class) -> Iterator[Violation]:
        yield from self._hooks(cls)
        if not cls.node.bases:
            return
        for node in cls.node.bases:
            value = self._names.evaluate(node, cls.outer)
            name = _pydantic_name(value)
            if name in _CLASSES and not self._is_of_v2_too(node, cls.outer):
                yield at_name(
                    cls,
                    f"`{cls.name}` inherits from `{name}` of Pydantic V1; {_in_v2(_CLASSES[name])}.",
                )
        if not is_model(self._names, ClassValue(cls)):
            return
        for binding in cls.scope.bindings.get("Config", ()):
            if isinstance(binding.node, ast.ClassDef):
                config = self._module.defined[binding.node]
                message = f"`{cls.name}` has a `class Config`; {_in_v2('`model_config`')}."
                yield at_name(config, message)
            elif isinstance(binding.node, ast.Name) and binding.annotation is None:
                message = f"`{cls.name}` has a `Config`; {_in_v2('`model_config`')}."
                yield at_node(self._module, binding.node, message)
        for keyword in cls.node.keywords:
            if keyword.arg in _SETTINGS:
                message = (
                    f"`{keyword.arg}` belongs to Pydantic V1; {_in_v2(_SETTINGS[keyword.arg])}."
                )
                yield at_name(cls, message)
        for binding in cls.scope.bindings.get("model_config", ()):
            if isinstance(binding.value, ast.Dict) and isinstance(binding.node, ast.Name):
                keys = (self._names.constant(key, cls.scope) for key in binding.value.keys)
                for key in keys:
                    if isinstance(key, str) and key in _SETTINGS:
                        message = f"`{key}` belongs to Pydantic V1; {_in_v2(_SETTINGS[key])}."
                        yield at_node(self._module, binding.node, message)

    def _hooks(self, cls: Class) -> Iterator[Violation]:
        """Yield what only Pydantic V1 looks for in a class that has not what V2 looks for."""
        names = cls.scope.bindings
        for old in names.keys() & _HOOKS.keys():
            new = _HOOKS[old]
            if new.strip("`") in names:
                continue
            if old == "__root__" and not is_model(self._names, ClassValue(cls)):
                continue
            message = f"`{cls.name}` has `{old}` of Pydantic V1; {_in_v2(new)}."
            node = names[old][0].node
            defined = self._module.defined.get(node)
            if defined is not None:
                yield at_name(defined, message)
            elif isinstance(node, ast.Name):
                yield at_node(self._module, node, message)

    def _call(self, site: CallSite, *, by_name: bool) -> str | None:
        func = site.node.func
        for node in (func, *site.node.args):
            if not isinstance(node, ast.Attribute) or node.attr not in _METHODS:
                continue
            if self._is_old_method(node, site.scope):
                return f"`{written(node)}` belongs to Pydantic V1; {_in_v2(_METHODS[node.attr])}."
        return self._named_call(site) if by_name else None

    def _named_call(self, site: CallSite) -> str | None:
        named = {each.arg for each in site.node.keywords if each.arg}
        func = site.node.func
        value = self._names.called(site)
        name = value.name.rpartition(".")[2] if isinstance(value, External) else ""
        if name in _FIELDS and _is_of(value, ("pydantic.", "fastapi.")):
            for argument in sorted(named & _ARGUMENTS.keys()):
                return f"`{argument}=` belongs to Pydantic V1; {_in_v2(_ARGUMENTS[argument])}."
        old = sorted(key for key in _SETTINGS if key in named)
        if old and name in _CONFIGS and _is_of(value, ("pydantic.", "pydantic_settings.")):
            return f"`{old[0]}` belongs to Pydantic V1; {_in_v2(_SETTINGS[old[0]])}."
        if _pydantic_name(value) in _FUNCTIONS:
            return f"`{written(func)}` belongs to Pydantic V1; {_in_v2(_FUNCTIONS[name])}."
        if _pydantic_name(value) == "BaseSettings":
            return f"`{written(func)}` belongs to Pydantic V1; {_in_v2(_CLASSES[name])}."
        return None

    def _is_old_method(self, node: ast.Attribute, scope: Scope) -> bool:
        """Whether a method is Pydantic's own, and not one that the class defines under that name."""
        owner = self._names.evaluate(node.value, scope)
        possible = self._possible(node.value, scope)
        if possible is not None:
            having = [each for each in possible if _may_have(each, node.attr)]
            if not having or not all(is_model(self._names, each) for each in having):
                return False
            owner = Instance(having[0])
        cls = owner if isinstance(owner, (External, ClassValue)) else model_of(self._names, owner)
        if cls is None or not is_model(self._names, cls):
            return False
        if isinstance(cls, External):
            return True
        own = self._names.attribute(owner, node.attr)
        return isinstance(own, Attribute) and is_wholly_known(self._names, cls)

    def _possible(self, node: ast.expr, scope: Scope) -> list[External | ClassValue] | None:
        """Return the classes that a name may be of, by its annotation and by tests around its use.

        None if neither of them tells more than the name alone.
        """
        if not isinstance(node, ast.Name):
            return None
        bindings = scope.visible(node.id)
        annotation, home = (
            (bindings[0].annotation, bindings[0].scope) if bindings else (None, scope)
        )
        kinds = self._annotations.alternatives(annotation, home)
        is_declared = bool(kinds)
        told = told_of(node.id, node, scope) if self._module.mentions("isinstance", "case") else []
        for each in told:
            named = [self._names.type_of(cls, scope) for cls in each.classes]
            known = [kind for kind in named if isinstance(kind, (External, ClassValue))]
            if each.is_one:
                below = [kind for kind in kinds if self._is_below(kind, known)]
                kinds = below or known
            elif len(known) == len(named):
                kinds = [kind for kind in kinds if not self._is_below(kind, known)]
        if not kinds and not is_declared:
            return None
        return kinds if told or len(kinds) > 1 else None

    def _is_below(self, kind: External | ClassValue, kinds: list[External | ClassValue]) -> bool:
        return any(each in kinds for each in self._names.ancestors(kind))

    def _is_of_v2_too(self, node: ast.expr, scope: Scope) -> bool:
        """Whether a name is `pydantic_settings`' own where that package is installed."""
        bindings = scope.bindings.get(node.id, ()) if isinstance(node, ast.Name) else ()
        return any(_is_of(self._names.bound(each), ("pydantic_settings.",)) for each in bindings)

    def _decorators(self) -> Iterator[Violation]:
        for function in self._module.functions:
            for node in function.node.decorator_list:
                name = _pydantic_name(self._names.evaluate(node, function.outer))
                if name in _FUNCTIONS:
                    message = (
                        f"`{written(node)}` belongs to Pydantic V1; {_in_v2(_FUNCTIONS[name])}."
                    )
                    yield at_node(self._module, node, message)

    def _attributes(self) -> Iterator[Violation]:
        inside = set(self._old_configs())
        for node in ast.walk(self._module.tree):
            if not isinstance(node, ast.Attribute) or node in inside:
                continue
            if node.attr in _ATTRIBUTES:
                owner = self._names.evaluate(node.value, self._module.scope_at(node))
                kind = owner if isinstance(owner, ClassValue) else model_of(self._names, owner)
                if is_model(self._names, kind):
                    message = f"`{written(node)}` belongs to Pydantic V1; {_in_v2(_ATTRIBUTES[node.attr])}."
                    yield at_statement(self._module, node, message)
            elif isinstance(node.value, (ast.Name, ast.Attribute)):
                value = self._names.evaluate(node.value, self._module.scope_at(node))
                if _pydantic_name(value) == "Extra":
                    new = _in_v2(f'`"{node.attr}"`')
                    message = f"`{written(node)}` belongs to Pydantic V1; {new}."
                    yield at_statement(self._module, node, message)

    def _old_configs(self) -> Iterator[ast.AST]:
        """Yield all that stands in classes named `Config`, which are findings as they are."""
        for cls in self._module.classes:
            if cls.name == "Config" and isinstance(cls.outer.owner, Class):
                yield from ast.walk(cls.node)


def _may_have(kind: External | ClassValue, method: str) -> bool:
    """Whether instances of a class may have a method: all but Python's own, which are known."""
    if isinstance(kind, External) and kind.name.startswith("builtins."):
        return hasattr(getattr(builtins, kind.name.partition(".")[2], None), method)
    return True


def _in_v2(name: str) -> str:
    return f"V2 has {name}"


def _pydantic_name(value: Value | None) -> str:
    """Return the last part of a name of `pydantic` itself, nothing for all others."""
    if isinstance(value, External) and value.name.startswith("pydantic."):
        return value.name.rpartition(".")[2]
    return ""


def _is_of(value: Value | None, modules: tuple[str, ...]) -> bool:
    return isinstance(value, External) and value.name.startswith(modules)


def _has_old_name(module: Module) -> bool:
    """Whether a module's text has a word of V1 in it, that a function or an argument may be."""
    text = module.text
    return (
        _has_old_validator(text)
        or module.mentions("validate_arguments", "parse_obj_as", "parse_raw_as", "schema_of")
        or module.mentions("schema_json_of", "regex", "_items", "const=", "allow_mutation")
        or ("ConfigDict" in text and module.mentions(*_SETTINGS))
        or ("BaseSettings" in text and "pydantic_settings" not in text)
    )


def _has_old_validator(text: str) -> bool:
    new = ("field_validator", "model_validator")
    return "validator" in text and text.count("validator") != sum(map(text.count, new))


PAIR = pair(
    wrong={
        "app/schemas/book.py": """
            from pydantic import BaseModel, validator


            class BookResponse(BaseModel):
                id: int
                title: str

                class Config:
                    orm_mode = True

                @validator("title")
                def strip_title(cls, title: str) -> str:
                    return title.strip()
            """,
    },
    right={
        "app/schemas/book.py": """
            from pydantic import BaseModel, ConfigDict, field_validator


            class BookResponse(BaseModel):
                model_config = ConfigDict(from_attributes=True)

                id: int
                title: str

                @field_validator("title")
                @classmethod
                def strip_title(cls, title: str) -> str:
                    return title.strip()
            """,
    },
    matters=(
        "Pydantic V2 accepts a `class Config` with a misspelled option without any message about "
        "it, and for a renamed one it only warns. The limit or alias that it was meant to set is "
        "missing from the API."
    ),
    links={
        "Pydantic: migration guide": "https://docs.pydantic.dev/latest/migration/",
        "Pydantic: validators": "https://docs.pydantic.dev/latest/concepts/validators/",
    },
)

INVALID = (
    case(
        "a `class Config` and a `validator`",
        """
        from pydantic import BaseModel, validator


        class UserResponse(BaseModel):
            id: int
            email: str

            @validator("email")
            def lower(cls, value: str) -> str:
                return value.lower()

            class Config:
                orm_mode = True
                extra = "forbid"
        """,
        8,
        12,
        path="app/schemas/user.py",
    ),
    case(
        "V1 methods called on a class, on an argument and on the result of a class method",
        {
            "app/schemas/user.py": """
                from pydantic import BaseModel


                class UserCreate(BaseModel):
                    email: str


                class UserResponse(UserCreate):
                    id: int
                """,
            "app/services/users.py": """
                from app.models.user import User
                from app.schemas import user as schemas


                async def create(user_in: schemas.UserCreate | None) -> User:
                    if user_in is None:
                        user_in = schemas.UserCreate.parse_obj({"email": "a@b.c"})
                    return User(**user_in.dict(exclude_unset=True))


                async def show(user: User) -> schemas.UserResponse:
                    return schemas.UserResponse.from_orm(user).copy(
                        update={"id": 3},
                    )


                async def text(user: User) -> str:
                    shown = await show(user)
                    return shown.json()
                """,
        },
        7,
        8,
        12,
        19,
        path="app/services/users.py",
    ),
    case(
        "V1 methods of loop variables and in comprehensions, and a V1 method passed as a function",
        {
            "app/schemas/book.py": """
                from pydantic import BaseModel


                class Book(BaseModel):
                    title: str
                """,
            "app/services/books.py": """
                from collections.abc import Sequence

                from app.schemas.book import Book


                def rows(books: Sequence[Book]) -> list[object]:
                    return [book.dict() for book in books]


                def texts(books: dict[int, Book]) -> None:
                    for book in books.values():
                        print(book.json())


                def parsed(rows: list[dict[str, str]]) -> list[Book]:
                    return list(map(Book.parse_obj, rows))
                """,
        },
        7,
        12,
        16,
        path="app/services/books.py",
    ),
    case(
        "V1 settings, and imports from `pydantic.v1`",
        """
        import pydantic
        from pydantic import v1
        from pydantic.v1 import SecretStr


        class Settings(pydantic.BaseSettings):
            secret: SecretStr
            old: v1.SecretStr
        """,
        2,
        3,
        6,
        path="app/core/config.py",
    ),
    case(
        "V1 keys in `model_config`, `Extra`, `regex=` and V1 attributes",
        """
        from pydantic import BaseModel, ConfigDict, Extra, Field

        Name = Field(regex="^[a-z]+$")


        class Author(BaseModel):
            model_config = ConfigDict(
                orm_mode=True,
                extra="forbid",
            )

            name: str = Name

            def known(self) -> list[str]:
                return list(self.__fields__)


        class Book(BaseModel, allow_population_by_field_name=True):
            model_config = {"json_encoders": {int: str}, "title": "Book"}

            title: str


        class Loan(BaseModel):
            model_config = ConfigDict(extra=Extra.forbid)
        """,
        3,
        7,
        15,
        18,
        19,
        25,
        path="app/schemas/book.py",
    ),
    case(
        "`root_validator` under another name, a reused `validator`, and `parse_obj_as`",
        {
            "app/schemas/loan.py": """
                import pydantic as p
                from pydantic import root_validator as check
                from pydantic.class_validators import validator


                def positive(value: int) -> int:
                    return abs(value)


                class Loan(p.BaseModel):
                    days: int

                    _positive = validator("days", allow_reuse=True)(positive)

                    @check(pre=True)
                    def checked(cls, values: dict[str, int]) -> dict[str, int]:
                        return values

                    @p.root_validator
                    def again(cls, values: dict[str, int]) -> dict[str, int]:
                        return values


                LOANS = p.parse_obj_as(list[Loan], [])
                """,
        },
        13,
        15,
        19,
        24,
        path="app/schemas/loan.py",
    ),
    case(
        "`regex=` for a query parameter of a handler",
        """
        from typing import Annotated

        from fastapi import APIRouter, Query

        router = APIRouter()


        @router.get("/items")
        async def list_items(name: Annotated[str, Query(regex="^[a-z]+$")]) -> str:
            \"\"\"List the items of a name.\"\"\"
            return name
        """,
        9,
    ),
    case(
        "a V1 method that is overridden in an intermediate class and calls `super()`",
        {
            "app/schemas/base.py": """
                from typing import Any, Generic, TypeVar

                from pydantic import BaseModel

                T = TypeVar("T")


                class Schema(BaseModel):
                    def dict(self, **kwargs: Any) -> dict[str, Any]:
                        return super().dict(by_alias=True, **kwargs)


                class Page(Schema, Generic[T]):
                    items: list[T]
                """,
            "app/services/pages.py": """
                from app.schemas.base import Page


                def text(page: Page[int]) -> str:
                    return str(page.dict()) + page.model_dump_json()
                """,
        },
        10,
        path="app/schemas/base.py",
    ),
    case(
        "V1 methods on a value whose type is a type parameter, a captured pattern or a callable's result",
        {
            "app/schemas/book.py": """
                from pydantic import BaseModel


                class Book(BaseModel):
                    title: str


                class Loan(BaseModel):
                    book: Book
                """,
            "app/services/books.py": """
                from collections.abc import Callable

                from pydantic import BaseModel

                from app.schemas.book import Book, Loan


                def dump[T: BaseModel](item: T) -> dict[str, object]:
                    return item.dict()


                class Store[M: Book]:
                    kind: type[M]

                    def __init__(self, first: M) -> None:
                        self.first = first

                    def read(self, data: dict[str, object]) -> M:
                        return self.kind.parse_obj(data)

                    def show(self) -> str:
                        return self.first.json()

                    async def copies[N: Book](self, books: list[N]) -> list[N]:
                        return [book.copy() for book in books]


                def show(given: object) -> object:
                    match given:
                        case Book() as book:
                            return book.dict()
                        case Loan(book=Book(title="Emma") as book):
                            return book.json()
                        case Loan(book=lent):
                            return lent.dict()
                        case [Book() | Loan() as first, *_]:
                            return first.copy()
                    return None


                def made(make: Callable[[], Book]) -> dict[str, object]:
                    return make().dict()


                def rest(books: list[Book]) -> list[object]:
                    first, *others = books
                    return [other.dict() for other in others]
                """,
        },
        9,
        19,
        22,
        25,
        31,
        33,
        35,
        37,
        42,
        47,
        path="app/services/books.py",
    ),
    case(
        "V1 methods on a value whose type is a type variable, with a bound or with constraints",
        {
            "app/schemas/book.py": """
                from pydantic import BaseModel


                class Book(BaseModel):
                    title: str


                class Loan(BaseModel):
                    book: Book
                """,
            "app/services/books.py": """
                from typing import TypeVar

                from app.schemas.book import Book, Loan

                B = TypeVar("B", bound="Book")
                E = TypeVar("E", Book, Loan)


                def show(book: B) -> str:
                    return book.json()


                def dump(either: E) -> dict[str, object]:
                    return either.dict()


                def same[T: (Book, Loan)](either: T) -> T:
                    return either.copy()
                """,
        },
        10,
        14,
        18,
        path="app/services/books.py",
    ),
)

VALID = (
    case(
        "the names of V2",
        """
        from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator


        class UserResponse(BaseModel):
            model_config = ConfigDict(from_attributes=True, extra="forbid")

            id: int
            email: str = Field(pattern="@")

            @field_validator("email")
            @classmethod
            def lower(cls, value: str) -> str:
                return value.lower()

            @model_validator(mode="after")
            def checked(self) -> "UserResponse":
                return self
        """,
        path="app/schemas/user.py",
    ),
    case(
        "methods of V2",
        {
            "app/schemas/user.py": """
                from pydantic import BaseModel


                class UserCreate(BaseModel):
                    email: str
                """,
            "app/services/users.py": """
                from app.schemas.user import UserCreate


                def changed(user_in: UserCreate) -> dict[str, str]:
                    again = UserCreate.model_validate(user_in.model_dump())
                    return again.model_copy(update={"email": "a@b.c"}).model_dump()
                """,
        },
    ),
    case(
        "settings from `pydantic_settings`",
        """
        from pydantic_settings import BaseSettings, SettingsConfigDict


        class Settings(BaseSettings):
            model_config = SettingsConfigDict(env_file=".env")

            database_url: str
        """,
        path="app/core/config.py",
    ),
)

VALID_ALTERNATIVE = (
    case(
        "the same names on objects that are not schemas",
        """
        import json

        import httpx


        class Config:
            orm_mode = True


        class Report:
            class Config:
                extra = "forbid"

            def dict(self) -> dict[str, str]:
                return {}

            def json(self) -> str:
                return json.dumps(self.dict())


        def use(report: Report, answer: httpx.Response, given: dict[str, str]) -> str:
            given = given.copy()
            return str(report.dict()) + report.json() + str(answer.json()) + str(given)
        """,
        path="app/services/reports.py",
    ),
    case(
        "methods and fields that the class itself defines under these names",
        """
        from pydantic import BaseModel


        class Book(BaseModel):
            title: str
            copy: str = ""
            schema: str = ""

            def json(self) -> str:
                return self.model_dump_json(indent=2)

            @classmethod
            def construct(cls, title: str) -> "Book":
                return cls(title=title)


        def show(book: Book) -> str:
            return Book.construct("a").json() + book.json() + book.copy + book.schema
        """,
        path="app/schemas/book.py",
    ),
    case(
        "a value that is a schema or a dict, and a fallback import of V1's settings",
        """
        try:
            from pydantic_settings import BaseSettings
        except ImportError:
            from pydantic import BaseSettings

        from pydantic import BaseModel


        class Settings(BaseSettings):
            database_url: str


        class UserUpdate(BaseModel):
            email: str


        def changes(given: UserUpdate | dict[str, str]) -> dict[str, str]:
            if isinstance(given, dict):
                return given.copy()
            return given.model_dump(exclude_unset=True)
        """,
        path="app/core/config.py",
    ),
    case(
        "a validator of another package, and functions with V1's names",
        """
        import re

        import attrs
        from sqlalchemy.orm import validates


        def validator(name: str) -> str:
            return name


        @attrs.define
        class Book:
            title: str = attrs.field(validator=attrs.validators.instance_of(str))


        TITLE = validator("title")
        PATTERN = re.compile("^[a-z]+$")
        __all__ = ["validates"]
        """,
        path="app/services/books.py",
    ),
    case(
        "objects whose class or base class is unknown",
        """
        from company_schemas import Described, Schema
        from pydantic import BaseModel


        class Book(Schema):
            title: str

            class Config:
                orm_mode = True


        class Loan(Described, BaseModel):
            days: int


        def texts(book: Book, loan: Loan, other: object) -> list[str]:
            return [book.json(), loan.json(), str(other)]
        """,
        path="app/schemas/book.py",
    ),
    case(
        "V2's own `validate`, Python's `dict`, and a model that contains a mapping",
        """
        from pydantic import BaseModel, RootModel, TypeAdapter


        class Names(RootModel[dict[str, str]]):
            def sorted(self) -> list[str]:
                return sorted(self.root.copy())


        class Book(BaseModel):
            names: Names
            more: dict[str, str]


        def plain(book: Book) -> dict[str, str]:
            adapter = TypeAdapter(dict[str, str])
            return adapter.validate_python(dict(book.more.copy()))
        """,
        path="app/schemas/book.py",
    ),
    case(
        "the same names on values whose type parameter or pattern names another class",
        {
            "app/schemas/shelf.py": """
                from collections import UserDict
                from dataclasses import dataclass

                from pydantic import BaseModel


                @dataclass
                class Shelf:
                    name: str
                    rows: UserDict[str, str]

                    def dict(self) -> dict[str, str]:
                        return {"name": self.name}


                class Box(BaseModel):
                    shelf: Shelf


                def dump[T: Shelf](item: T) -> dict[str, str]:
                    return item.dict()


                def same[T](item: T) -> T:
                    return item.copy()


                def show(given: Shelf | Box | UserDict[str, str]) -> object:
                    match given:
                        case Box(shelf=shelf):
                            return shelf.dict()
                        case Shelf(rows=rows):
                            return rows.copy()
                        case other:
                            return other.copy()
                """,
        },
    ),
    case(
        "a type variable of which one constraint is a plain class with that method",
        """
        from typing import TypeVar

        from app.schemas.book import Book

        E = TypeVar("E", Book, dict[str, str])


        def same(either: E) -> E:
            return either.copy()
        """,
        path="app/services/books.py",
    ),
)
