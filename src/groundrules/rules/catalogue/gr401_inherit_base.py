"""GR401: Every model inherits from the project's single declarative base."""

from collections.abc import Iterator

from groundrules.rules.cases import case, pair
from groundrules.rules.facts.mapped import Base, How, Mapped, Model
from groundrules.rules.facts.project import Project
from groundrules.rules.places import at_name
from groundrules.rules.rule import Violation

CLAUSE = "models.base"
RATIONALE = (
    "One base means one `metadata`, so that migrations and the naming convention cover every table."
)
FIX = "Let the class inherit from `Base`, the project's subclass of `DeclarativeBase`."


def check(project: Project) -> Iterator[Violation]:
    """Yield each mapped class that does not descend from the project's declarative base."""
    main = main_base(project.mapped)
    for model in project.mapped.models:
        if reason := _reason(model, main):
            yield at_name(model.cls, f"The model `{model.cls.name}` {reason}.")


def main_base(mapped: Mapped) -> Base | None:
    """Return the base that is meant to be the only one: named so, in models/, with most models."""

    def weight(base: Base) -> tuple[bool, bool, int]:
        parts = base.module.parts or ()
        count = sum(base in model.lineage.bases for model in mapped.models)
        return base.name == "Base", parts[:1] == ("models",), count

    return max(mapped.bases, key=weight, default=None)


def _reason(model: Model, main: Base | None) -> str | None:
    name = f"`{main.name}`" if main else "`Base`"
    bases = model.lineage.bases
    match model.how:
        case How.SQLMODEL:
            return f"is a table of SQLModel and does not inherit from {name}"
        case How.DECORATED | How.IMPERATIVE if main not in bases:
            return f"is mapped by {model.how.value} and does not inherit from {name}"
        case How.DECLARATIVE if bases and main is not None and main not in bases:
            return f"inherits from `{bases[0].name}`, not from {name} in {main.module.path}"
    return None


_BASE = """
    from datetime import datetime

    from sqlalchemy import func
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


    class Base(DeclarativeBase):
        created_at: Mapped[datetime] = mapped_column(server_default=func.now())
        updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """
_USER = """
    from sqlalchemy.orm import Mapped, mapped_column

    from app.models.base import Base


    class User(Base):
        __tablename__ = "users"

        id: Mapped[int] = mapped_column(primary_key=True)
    """

PAIR = pair(
    wrong={
        "app/models/loan.py": """
            from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

            from app.models.base import Timestamps


            class LoanBase(DeclarativeBase):
                pass


            class Loan(Timestamps, LoanBase):
                __tablename__ = "loans"

                id: Mapped[int] = mapped_column(primary_key=True)
            """,
    },
    right={
        "app/models/loan.py": """
            from sqlalchemy.orm import Mapped, mapped_column

            from app.models.base import Base, Timestamps


            class Loan(Timestamps, Base):
                __tablename__ = "loans"

                id: Mapped[int] = mapped_column(primary_key=True)
            """,
    },
    context={
        "app/models/base.py": """
            from datetime import datetime

            from sqlalchemy import DateTime, func
            from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


            class Base(DeclarativeBase):
                pass


            class Timestamps:
                created_at: Mapped[datetime] = mapped_column(
                    DateTime(timezone=True), server_default=func.now()
                )
                updated_at: Mapped[datetime] = mapped_column(
                    DateTime(timezone=True), server_default=func.now(), onupdate=func.now()
                )
            """,
        "app/models/book.py": """
            from sqlalchemy.orm import Mapped, mapped_column

            from app.models.base import Base, Timestamps


            class Book(Timestamps, Base):
                __tablename__ = "books"

                id: Mapped[int] = mapped_column(primary_key=True)
            """,
    },
    matters=(
        "A second base has its own `metadata`, which Alembic's `target_metadata` does not "
        "include. Its tables are missing after the next deployment, and a foreign key to `books.id` "
        "raises `NoReferencedTableError`."
    ),
    links={
        "SQLAlchemy: declarative mapping": "https://docs.sqlalchemy.org/en/20/orm/declarative_styles.html",
        "Alembic: autogenerate": "https://alembic.sqlalchemy.org/en/latest/autogenerate.html",
    },
)

INVALID = (
    case(
        "a second base",
        {
            "app/models/base.py": _BASE,
            "app/models/user.py": _USER,
            "app/models/loan.py": """
                from datetime import datetime

                from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


                class LoanBase(DeclarativeBase):
                    pass


                class Loan(LoanBase):
                    __tablename__ = "loans"

                    id: Mapped[int] = mapped_column(primary_key=True)
                    created_at: Mapped[datetime]
                    updated_at: Mapped[datetime]
                """,
        },
        10,
        path="app/models/loan.py",
    ),
    case(
        "a table defined with SQLModel",
        """
        from datetime import datetime

        from sqlmodel import Field, SQLModel


        class Book(SQLModel, table=True):
            id: int | None = Field(default=None, primary_key=True)
            created_at: datetime
            updated_at: datetime
        """,
        6,
        path="app/models/book.py",
    ),
    case(
        "a base of SQLModel, even if it is called `Base`",
        {
            "app/models/base.py": """
                from datetime import datetime

                from sqlmodel import SQLModel


                class Base(SQLModel):
                    created_at: datetime
                    updated_at: datetime
                """,
            "app/models/book.py": """
                import sqlmodel

                from app.models.base import Base

                IS_TABLE = True


                class Book(Base, table=IS_TABLE):
                    id: int = sqlmodel.Field(primary_key=True)
                """,
        },
        8,
        path="app/models/book.py",
    ),
    case(
        "classes mapped by the decorators of a registry",
        """
        from dataclasses import dataclass
        from datetime import datetime

        from sqlalchemy.orm import Mapped, mapped_column, registry

        mappers = registry()


        @mappers.mapped
        class Book:
            __tablename__ = "books"

            id: Mapped[int] = mapped_column(primary_key=True)
            created_at: Mapped[datetime] = mapped_column()
            updated_at: Mapped[datetime] = mapped_column()


        @mappers.mapped_as_dataclass(kw_only=True)
        class Loan:
            __tablename__ = "loans"

            id: Mapped[int] = mapped_column(primary_key=True)
            created_at: Mapped[datetime]
            updated_at: Mapped[datetime]
        """,
        10,
        19,
        path="app/models/book.py",
    ),
    case(
        "a class that is mapped imperatively",
        """
        from sqlalchemy import Column, DateTime, Integer, Table

        from app.models.base import Base


        class Book:
            def __init__(self, title: str) -> None:
                self.title = title


        books = Table(
            "books",
            Base.metadata,
            Column("id", Integer, primary_key=True),
            Column("created_at", DateTime(timezone=True)),
            Column("updated_at", DateTime(timezone=True)),
        )
        Base.registry.map_imperatively(Book, books)
        """,
        6,
        path="app/models/book.py",
    ),
    case(
        "a base from a registry, next to `Base`",
        {
            "app/models/base.py": _BASE,
            "app/models/user.py": _USER,
            "app/models/audit.py": """
                from sqlalchemy.orm import DeclarativeMeta, Mapped, mapped_column, registry

                from app.models import base


                class Stamps:
                    created_at = base.Base.created_at
                    updated_at = base.Base.updated_at


                class AuditBase(metaclass=DeclarativeMeta):
                    __abstract__ = True
                    registry = registry()


                class Audit(Stamps, AuditBase):
                    __tablename__ = "audits"

                    id: Mapped[int] = mapped_column(primary_key=True)


                class Detail(Audit):
                    pass
                """,
        },
        16,
        22,
        path="app/models/audit.py",
    ),
)

VALID = (
    case(
        "a model that inherits from `Base`",
        {"app/models/base.py": _BASE, "app/models/user.py": _USER},
    ),
    case(
        "a base between, and a mixin",
        {
            "app/models/base.py": _BASE,
            "app/models/named.py": """
                from sqlalchemy.orm import Mapped

                from .base import Base


                class Described:
                    description: Mapped[str | None]


                class Named(Described, Base):
                    __abstract__ = True

                    name: Mapped[str]
                """,
            "app/models/book.py": """
                from sqlalchemy.orm import Mapped, mapped_column

                from .named import Named


                class Book(Named):
                    __tablename__ = "books"

                    id: Mapped[int] = mapped_column(primary_key=True)
                """,
        },
    ),
    case(
        "an association table",
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
        "`Base` in `core/`, imported under another name through a package",
        {
            "app/core/database.py": _BASE,
            "app/models/__init__.py": "from app.core.database import Base as Model\n",
            "app/models/user.py": """
                from sqlalchemy.orm import Mapped, mapped_column

                from app import models


                class User(models.Model):
                    __tablename__ = "users"

                    id: Mapped[int] = mapped_column(primary_key=True)
                """,
        },
    ),
    case(
        "a base with another name, for dataclasses, with a generic base class",
        """
        from datetime import datetime
        from typing import Generic, TypeVar

        from sqlalchemy.ext.asyncio import AsyncAttrs
        from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column

        T = TypeVar("T")


        class Model(MappedAsDataclass, AsyncAttrs, DeclarativeBase):
            created_at: Mapped[datetime] = mapped_column(init=False)
            updated_at: Mapped[datetime] = mapped_column(init=False)


        class Owned(Model, Generic[T]):
            __abstract__ = True

            owner: Mapped[int]


        class Book(Owned[int]):
            __tablename__ = "books"

            id: Mapped[int] = mapped_column(primary_key=True)
        """,
        path="app/models/book.py",
    ),
    case(
        "a base from a package outside the project",
        """
        from company_database import Base
        from sqlalchemy.orm import Mapped, mapped_column


        class Book(Base):
            __tablename__ = "books"

            id: Mapped[int] = mapped_column(primary_key=True)
        """,
        path="app/models/book.py",
    ),
    case(
        "SQLModel for a schema without a table",
        {
            "app/models/base.py": _BASE,
            "app/models/user.py": _USER,
            "app/schemas/user.py": """
                from sqlmodel import SQLModel


                class UserCreate(SQLModel):
                    email: str


                class UserUpdate(SQLModel, table=False):
                    email: str | None = None
                """,
        },
    ),
    case(
        "a second base that no model inherits from",
        {
            "app/models/base.py": _BASE,
            "app/models/user.py": _USER,
            "app/core/reporting.py": """
                from sqlalchemy.orm import DeclarativeBase


                class ReportBase(DeclarativeBase):
                    pass
                """,
        },
    ),
    case(
        "a model created inside a function, for a base that is an argument",
        {
            "app/models/base.py": _BASE,
            "app/models/history.py": """
                from sqlalchemy.orm import Mapped, mapped_column

                from app.models.base import Base


                def history_of(name: str, base: type[Base]) -> type[Base]:
                    class History(base):
                        __tablename__ = f"{name}_history"

                        id: Mapped[int] = mapped_column(primary_key=True)

                    return History


                UserHistory = history_of("users", Base)
                """,
        },
    ),
)
