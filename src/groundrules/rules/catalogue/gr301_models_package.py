"""GR301: Database models are defined in the `models` package."""

from collections.abc import Iterator

from groundrules.rules.cases import case, pair
from groundrules.rules.catalogue.samples import LIBRARY
from groundrules.rules.facts.mapped import Model
from groundrules.rules.facts.project import Project
from groundrules.rules.places import at_name
from groundrules.rules.rule import Violation
from groundrules.rules.source.tree import Module

CLAUSE = "structure.models"
RATIONALE = "Both people and the migration tool need to find every table in one place."
FIX = "Move the class into a module of the `models` package."


def check(project: Project) -> Iterator[Violation]:
    """Yield each mapped class whose file does not lie below `models/`."""
    for model in project.mapped.models:
        if project.options.layer(_mapped_in(model)) != "models":
            models = f"{project.package.name}/{project.options.folder('models')}/"
            yield at_name(model.cls, f"The model `{model.cls.name}` is defined outside {models}.")


def _mapped_in(model: Model) -> Module:
    """Return the module that says how a class is mapped, which may be another than its own."""
    return model.scope.module if model.scope is not None else model.cls.module


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
    """

PAIR = pair(
    wrong={
        "app/services/loans.py": """
            from sqlalchemy.orm import Mapped, mapped_column

            from app.models.base import Base


            class Loan(Base):
                __tablename__ = "loans"

                id: Mapped[int] = mapped_column(primary_key=True)
            """,
    },
    right={
        "app/models/loan.py": """
            from sqlalchemy.orm import Mapped, mapped_column

            from app.models.base import Base


            class Loan(Base):
                __tablename__ = "loans"

                id: Mapped[int] = mapped_column(primary_key=True)
            """,
    },
    context={"app/models/base.py": LIBRARY["app/models/base.py"]},
    matters=(
        "Alembic compares the database with the models it has imported. A model defined in a service "
        "module may not have been imported at that point, and then autogenerate proposes to drop "
        "its table."
    ),
    links={
        "FastAPI: bigger applications": "https://fastapi.tiangolo.com/tutorial/bigger-applications/",
        "Alembic: autogenerate": "https://alembic.sqlalchemy.org/en/latest/autogenerate.html",
    },
)

INVALID = (
    case(
        "a model in a service's module",
        {"app/models/base.py": _BASE, "app/services/books.py": _BOOK},
        6,
        path="app/services/books.py",
    ),
    case(
        "a model in a module named `models.py` instead of the package",
        {
            "app/models.py": """
                from datetime import datetime

                from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


                class Base(DeclarativeBase):
                    created_at: Mapped[datetime] = mapped_column()
                    updated_at: Mapped[datetime] = mapped_column()


                class Book(Base):
                    __tablename__ = "books"

                    id: Mapped[int] = mapped_column(primary_key=True)
                """,
        },
        11,
        path="app/models.py",
    ),
    case(
        "a model in a folder `models` that is not directly in the package",
        {
            "app/models/base.py": _BASE,
            "app/books/models/book.py": _BOOK,
        },
        6,
        path="app/books/models/book.py",
    ),
    case(
        "a model created inside a function",
        {
            "app/models/base.py": _BASE,
            "app/core/history.py": """
                from sqlalchemy.orm import Mapped, mapped_column

                from app.models.base import Base


                def history_of(name: str) -> type[Base]:
                    class History(Base):
                        __tablename__ = f"{name}_history"

                        id: Mapped[int] = mapped_column(primary_key=True)

                    return History
                """,
        },
        7,
        path="app/core/history.py",
    ),
    case(
        "a base under another name, through a package and an abstract class",
        {
            "app/models/base.py": _BASE,
            "app/models/__init__.py": "from .base import Base as Model\n",
            "app/core/owned.py": """
                from sqlalchemy.orm import Mapped

                from app import models


                class Owned(models.Model):
                    __abstract__ = True

                    owner_id: Mapped[int]
                """,
            "app/services/loans.py": """
                from sqlalchemy.orm import Mapped, mapped_column

                import app.core.owned as parents


                class Loan(parents.Owned):
                    __tablename__ = "loans"

                    id: Mapped[int] = mapped_column(primary_key=True)
                """,
        },
        6,
        path="app/services/loans.py",
    ),
    case(
        "a base from another package, if the class names its table and columns",
        """
        from company_database import Base
        from sqlalchemy.orm import Mapped, mapped_column


        class Book(Base):
            __tablename__ = "books"

            id: Mapped[int] = mapped_column(primary_key=True)
        """,
        5,
        path="app/core/book.py",
    ),
    case(
        "single-table inheritance in another package",
        {
            "app/models/base.py": _BASE,
            "app/models/book.py": _BOOK,
            "app/services/novels.py": """
                from app.models.book import Book


                class Novel(Book):
                    \"\"\"A book of one story.\"\"\"
                """,
        },
        4,
        path="app/services/novels.py",
    ),
)

VALID = (
    case(
        "a model in a module of `models/`",
        {"app/models/base.py": _BASE, "app/models/book.py": _BOOK},
    ),
    case(
        "a model in a package below `models/`",
        {"app/models/base.py": _BASE, "app/models/library/book.py": _BOOK},
    ),
    case(
        "`Base` in `core/`",
        {
            "app/core/database.py": _BASE,
            "app/models/book.py": _BOOK.replace("app.models.base", "app.core.database"),
        },
    ),
)

VALID_ALTERNATIVE = (
    case(
        "abstract classes and mixins elsewhere",
        {
            "app/models/base.py": _BASE,
            "app/core/owned.py": """
                from sqlalchemy.orm import Mapped, declared_attr

                from app.models.base import Base


                class Named:
                    name: Mapped[str]

                    @declared_attr.directive
                    def __tablename__(cls) -> str:
                        return "named"


                class Owned(Named, Base):
                    __abstract__ = True

                    owner_id: Mapped[int]
                """,
        },
    ),
    case(
        "all models in the package's own `__init__.py`",
        {"app/models/__init__.py": _BASE + _BOOK.replace("from app.models.base import Base", "")},
    ),
    case(
        "a table without a class, and a query for rows",
        {
            "app/models/base.py": _BASE,
            "app/core/outbox.py": """
                from sqlalchemy import Column, Integer, Table, select

                from app.models.base import Base

                outbox = Table("outbox", Base.metadata, Column("id", Integer, primary_key=True))
                WAITING = select(outbox)
                """,
        },
    ),
    case(
        "classes that only look like models, such as a dataclass with `__tablename__`",
        """
        from dataclasses import dataclass
        from typing import ClassVar

        from legacy import Model


        class Export(Model):
            __tablename__ = "books"


        @dataclass
        class Row:
            __tablename__: ClassVar[str] = "books"

            id: int
        """,
        path="app/services/export.py",
    ),
    case(
        "a model that `models/` exports, used and mentioned elsewhere",
        {
            "app/models/base.py": _BASE,
            "app/models/book.py": _BOOK,
            "app/services/books.py": """
                from typing import TypeAlias

                from app.models.book import Book as Model

                Book: TypeAlias = Model


                def blank() -> Book:
                    return Book(id=0)
                """,
        },
    ),
)
