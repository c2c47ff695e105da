"""GR104: Models and queries use the SQLAlchemy 2.0 style."""

import ast
from collections.abc import Iterator

from groundrules.rules.cases import case, pair
from groundrules.rules.catalogue.samples import LIBRARY
from groundrules.rules.facts.project import Project
from groundrules.rules.facts.session_kinds import attribute_kind, sqlalchemy_name
from groundrules.rules.meaning.names import Names
from groundrules.rules.meaning.values import (
    Attribute,
    ClassValue,
    External,
    Instance,
    Result,
    Value,
)
from groundrules.rules.places import at_name, at_node, at_statement, one_a_line
from groundrules.rules.rule import Violation
from groundrules.rules.source.syntax import written
from groundrules.rules.source.tree import Binding, CallSite, Class, Function, Module

CLAUSE = "stack.orm"
RATIONALE = (
    "The older style hides column types from type checkers, and its `query` does not exist on "
    "an async session."
)
FIX = "Use `DeclarativeBase`, `Mapped` with `mapped_column`, and `select` with `session.execute`."

_OLD_NAMES = ("as_declarative", "generate_base")
_OLD_FUNCTIONS = frozenset({"declarative_base", "as_declarative"})
_OLD_METHODS = frozenset({"generate_base", "as_declarative_base"})
_WRAPPERS = frozenset({"deferred", "column_property"})
_DECLARED = frozenset({"declared_attr", "cascading", "directive"})


def check(project: Project) -> Iterator[Violation]:
    """Yield what is written in the style of SQLAlchemy 1."""
    modules = project.modules.values()
    has_old_base = any(each.mentions("declarative_base", *_OLD_NAMES) for each in modules)
    for module in modules:
        yield from one_a_line(_calls(project, module, has_old_base=has_old_base))
    if any(module.mentions("Column") for module in modules):
        for cls in project.mapped.mapping_classes:
            yield from one_a_line(_columns(project.names, cls))


def _calls(project: Project, module: Module, *, has_old_base: bool) -> Iterator[Violation]:
    if not has_old_base and not module.mentions(".query("):
        return
    for site in module.calls:
        func = site.node.func
        if isinstance(func, ast.Attribute) and func.attr == "query" and site.node.args:
            if _is_query(project, func, site):
                message = f"`{written(func)}` is a query in the older style."
                yield at_statement(module, site.node, message)
        elif has_old_base and _makes_old_base(project.names.called(site)):
            message = f"`{written(func)}` creates a base in the older style."
            yield at_statement(module, site.node, message)


def _makes_old_base(value: Value | None) -> bool:
    match value:
        case External():
            return sqlalchemy_name(value) in _OLD_FUNCTIONS
        case Attribute(of=Instance(of=of), name=name):
            return name in _OLD_METHODS and sqlalchemy_name(of) == "registry"
    return False


def _is_query(project: Project, func: ast.Attribute, site: CallSite) -> bool:
    receiver = project.names.evaluate(func.value, site.scope)
    if attribute_kind(project.names, func, receiver) is not None:
        return True
    if not isinstance(receiver, (Attribute, Result, type(None))):
        return False
    first = site.node.args[0]
    value = project.names.evaluate(first, site.scope)
    if isinstance(value, Attribute):
        value = value.of
    models = {model.cls for model in project.mapped.models}
    return isinstance(value, ClassValue) and value.cls in models


def _columns(names: Names, cls: Class) -> Iterator[Violation]:
    for name, bindings in cls.scope.bindings.items():
        for binding in bindings:
            message = f"`{cls.name}.{name}` is a `Column`, not a `mapped_column`."
            if isinstance(binding.node, ast.FunctionDef):
                function = cls.module.defined[binding.node]
                if isinstance(function, Function) and _declares_column(names, function):
                    yield at_name(function, message)
            elif isinstance(binding.node, ast.Name) and _holds_column(names, binding):
                yield at_node(cls.module, binding.node, message)


def _declares_column(names: Names, function: Function) -> bool:
    decorators = (names.evaluate(each, function.outer) for each in function.node.decorator_list)
    if not any(sqlalchemy_name(each) in _DECLARED for each in decorators):
        return False
    values = (names.evaluate(each, function.scope) for each in function.returns)
    return any(_is_column(names, value) for value in values)


def _holds_column(names: Names, binding: Binding) -> bool:
    if not isinstance(binding.value, (ast.Call, ast.Name)):
        return False
    if binding.element or binding.unpacked is not None:
        return False
    return _is_column(names, names.evaluate(binding.value, binding.scope))


def _is_column(names: Names, value: Value | None) -> bool:
    match value:
        case Instance(of=of, call=ast.Call(args=[first, *_])) if (
            sqlalchemy_name(of) in _WRAPPERS and value.scope is not None
        ):
            return _is_column(names, names.evaluate(first, value.scope))
        case Instance(of=External() | ClassValue() as of, call=ast.Call()):
            return any(sqlalchemy_name(each) == "Column" for each in names.ancestors(of))
    return False


_BASE = """
    from datetime import datetime

    from sqlalchemy import func
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


    class Base(DeclarativeBase):
        created_at: Mapped[datetime] = mapped_column(server_default=func.now())
        updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """
_BOOK = """
    from sqlalchemy.orm import Mapped, mapped_column

    from app.models.base import Base


    class Book(Base):
        __tablename__ = "books"

        id: Mapped[int] = mapped_column(primary_key=True)
        title: Mapped[str]
    """

PAIR = pair(
    wrong={
        "app/models/book.py": """
            from sqlalchemy import Column, Integer, String

            from app.models.base import Base


            class Book(Base):
                __tablename__ = "books"

                id = Column(Integer, primary_key=True)
                title = Column(String(200), nullable=False)
                published_year = Column(Integer)
            """,
    },
    right={
        "app/models/book.py": """
            from sqlalchemy import String
            from sqlalchemy.orm import Mapped, mapped_column

            from app.models.base import Base


            class Book(Base):
                __tablename__ = "books"

                id: Mapped[int] = mapped_column(primary_key=True)
                title: Mapped[str] = mapped_column(String(200))
                published_year: Mapped[int | None]
            """,
    },
    context={"app/models/base.py": LIBRARY["app/models/base.py"]},
    matters=(
        "With `Mapped[int | None]`, mypy reports `book.published_year + 1` before it runs. With "
        "`Column(Integer)` the same line becomes a 500 for the first book whose year is null."
    ),
    links={
        "SQLAlchemy: migrating to 2.0": "https://docs.sqlalchemy.org/en/20/changelog/migration_20.html",
        "SQLAlchemy: declarative tables": "https://docs.sqlalchemy.org/en/20/orm/declarative_tables.html",
    },
)

INVALID = (
    case(
        "columns without `mapped_column`",
        {
            "app/models/base.py": _BASE,
            "app/models/book.py": """
                from sqlalchemy import Column, Integer, String

                from app.models.base import Base


                class Book(Base):
                    __tablename__ = "books"

                    id = Column(Integer, primary_key=True)
                    title = Column(
                        String(200),
                        nullable=False,
                    )
                """,
        },
        9,
        10,
        path="app/models/book.py",
    ),
    case(
        "a base created with `declarative_base()`",
        """
        from datetime import datetime

        from sqlalchemy.ext.declarative import declarative_base
        from sqlalchemy.orm import Mapped, mapped_column


        class Stamps:
            created_at: Mapped[datetime] = mapped_column()
            updated_at: Mapped[datetime] = mapped_column()


        Base = declarative_base(cls=Stamps)


        class Book(Base):
            __tablename__ = "books"

            id: Mapped[int] = mapped_column(primary_key=True)
        """,
        12,
        path="app/models/base.py",
    ),
    case(
        "bases from a registry or a decorator, under other names",
        """
        from typing import Any

        import sqlalchemy.orm as orm
        from sqlalchemy.orm import as_declarative as declare

        make_base = orm.declarative_base
        mappers = orm.registry()

        First: Any = make_base()
        Second = mappers.generate_base()
        Third = orm.registry().generate_base(
            cls=object,
        )


        @declare()
        class Fourth:
            pass
        """,
        9,
        10,
        11,
        16,
        path="app/models/base.py",
    ),
    case(
        "columns of a mixin, of an abstract base, and of a generated base",
        {
            "app/models/base.py": """
                import sqlalchemy as sa
                from sqlalchemy.orm import DeclarativeBase, declared_attr


                class Stamps:
                    created_at = sa.Column(sa.DateTime(timezone=True))

                    @declared_attr
                    def updated_at(cls) -> sa.Column[str]:
                        return sa.Column(sa.DateTime(timezone=True))


                class Base(Stamps, DeclarativeBase):
                    pass


                class Named(Base):
                    __abstract__ = True

                    name = sa.Column(sa.String)
                """,
            "app/models/book.py": """
                from sqlalchemy.orm import Mapped, mapped_column

                from app.models.base import Named


                class Book(Named):
                    __tablename__ = "books"

                    id: Mapped[int] = mapped_column(primary_key=True)
                """,
        },
        6,
        9,
        20,
        path="app/models/base.py",
    ),
    case(
        "columns created by a function, a project class or a variable, or wrapped in `deferred` or `Mapped`",
        {
            "app/models/base.py": _BASE,
            "app/models/kinds.py": """
                from sqlalchemy import Column, Integer


                class Number(Column[int]):
                    inherit_cache = True


                def key() -> Column[int]:
                    return Column(Integer, primary_key=True)
                """,
            "app/models/book.py": """
                from sqlalchemy import Column, Integer, String
                from sqlalchemy.orm import Mapped, deferred

                from app.models import kinds
                from app.models.base import Base

                name = Column(String)


                class Book(Base):
                    __tablename__ = "books"

                    id = kinds.key()
                    copies = kinds.Number(Integer)
                    author = name
                    text = deferred(Column(String))
                    title: Mapped[str] = Column(String)
                """,
        },
        13,
        14,
        15,
        16,
        17,
        path="app/models/book.py",
    ),
    case(
        "`query` on an async session, and on one whose type is unknown",
        {
            "app/models/base.py": _BASE,
            "app/models/book.py": _BOOK,
            "app/services/books.py": """
                from sqlalchemy.ext.asyncio import AsyncSession

                from app.core.database import current
                from app.models import book as models


                async def titles(db: AsyncSession) -> list[str]:
                    return list(db.query(models.Book.title))


                async def all_books() -> list[models.Book]:
                    books = (
                        current.db.query(models.Book)
                        .filter(models.Book.title != "")
                        .all()
                    )
                    return list(books)
                """,
        },
        8,
        12,
        path="app/services/books.py",
    ),
    case(
        "`query` in a function that `run_sync` runs",
        {
            "app/models/base.py": _BASE,
            "app/models/book.py": _BOOK,
            "app/services/books.py": """
                from sqlalchemy.ext.asyncio import AsyncSession
                from sqlalchemy.orm import Session

                from app.models.book import Book


                def count(session: Session) -> int:
                    return session.query(Book).count()


                async def counted(db: AsyncSession) -> int:
                    first = await db.run_sync(count)
                    second = await db.run_sync(lambda session: session.query(Book).count())
                    return first + second
                """,
        },
        8,
        13,
        path="app/services/books.py",
    ),
)

VALID = (
    case(
        "a base and a model in the SQLAlchemy 2.0 style",
        {"app/models/base.py": _BASE, "app/models/book.py": _BOOK},
    ),
    case(
        "a query with `select`",
        {
            "app/models/base.py": _BASE,
            "app/models/book.py": _BOOK,
            "app/services/books.py": """
                from sqlalchemy import select
                from sqlalchemy.ext.asyncio import AsyncSession

                from app.models.book import Book


                async def titles(db: AsyncSession) -> list[str]:
                    return list(await db.scalars(select(Book.title)))
                """,
        },
    ),
    case(
        "columns of an association table",
        {
            "app/models/base.py": _BASE,
            "app/models/tags.py": """
                from sqlalchemy import Column, ForeignKey, Table

                from app.models.base import Base

                book_tags = Table(
                    "book_tags",
                    Base.metadata,
                    Column("book_id", ForeignKey("books.id"), primary_key=True),
                    Column("tag_id", ForeignKey("tags.id"), primary_key=True),
                )
                """,
        },
    ),
)

VALID_ALTERNATIVE = (
    case(
        "`MappedAsDataclass`, and `mapped_column` without `Mapped`",
        """
        from datetime import datetime

        from sqlalchemy import Integer
        from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column


        class Base(MappedAsDataclass, DeclarativeBase):
            created_at: Mapped[datetime] = mapped_column(init=False)
            updated_at: Mapped[datetime] = mapped_column(init=False)


        class Book(Base):
            __tablename__ = "books"

            id = mapped_column(Integer, primary_key=True)
        """,
        path="app/models/book.py",
    ),
    case(
        "a model on an explicit `Table`, with other names for its columns",
        {
            "app/models/base.py": _BASE,
            "app/models/book.py": """
                from sqlalchemy import Column, DateTime, Integer, String, Table
                from sqlalchemy.orm import column_property

                from app.models.base import Base

                books = Table(
                    "books",
                    Base.metadata,
                    Column("id", Integer, primary_key=True),
                    Column("name", String),
                    Column("created_at", DateTime(timezone=True)),
                    Column("updated_at", DateTime(timezone=True)),
                )


                class Book(Base):
                    __table__ = books

                    title = books.c.name
                    length = column_property(books.c.name)
                """,
        },
    ),
    case(
        "`query` on other objects, and on a class of the project",
        {
            "app/models/base.py": _BASE,
            "app/models/book.py": _BOOK,
            "app/services/search.py": """
                from app.models.book import Book


                class Index:
                    def query(self, kind: type[object], text: str) -> list[str]:
                        return [kind.__name__, text]


                def search(index: Index, text: str) -> list[str]:
                    return index.query(Book, text)


                def ask(client: object, text: str) -> object:
                    return client.query(text)


                class Library:
                    def __init__(self) -> None:
                        self.index = Index()

                    def search(self) -> list[str]:
                        return self.index.query(Book, "")
                """,
        },
    ),
    case(
        "columns in classes that are not mapped, and in the arguments of a table",
        {
            "app/models/base.py": _BASE,
            "app/models/book.py": """
                from sqlalchemy import CheckConstraint, Column, Index, Integer, column
                from sqlalchemy.orm import Mapped, mapped_column

                from app.models.base import Base


                class Reports:
                    number = Column("number", Integer)


                class Book(Base):
                    __tablename__ = "books"
                    __table_args__ = (
                        CheckConstraint(column("copies") >= 0),
                        Index("ix_books_copies", "copies"),
                    )

                    id: Mapped[int] = mapped_column(primary_key=True)
                    copies: Mapped[int]
                """,
        },
    ),
    case(
        "project functions with the old names",
        """
        def declarative_base(name: str) -> str:
            return name


        BASE = declarative_base("books")
        """,
        path="app/core/names.py",
    ),
)
