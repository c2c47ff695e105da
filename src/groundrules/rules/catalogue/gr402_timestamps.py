"""GR402: Every model has the columns `created_at` and `updated_at`."""

from collections.abc import Iterator

from groundrules.rules.cases import case, pair
from groundrules.rules.facts.columns import Columns
from groundrules.rules.facts.project import Project
from groundrules.rules.places import at_name
from groundrules.rules.rule import Violation

CLAUSE = "models.timestamps"
RATIONALE = "Each row should record when it was created and when it last changed."
FIX = "Define both on `Base` or on a mixin of every model, and add a migration."


def check(project: Project) -> Iterator[Violation]:
    """Yield each mapped class that lacks a column for one of its two times."""
    columns, wanted = Columns(project.names), project.options.timestamps
    for model in project.mapped.models:
        missing = columns.lacking(model, wanted)
        if missing:
            what = f"no `{missing[0]}` column"
            if len(missing) == len(wanted) == 2:
                first, second = (f"{_article(each)} `{each}`" for each in missing)
                what = f"neither {first} nor {second} column"
            yield at_name(model.cls, f"`{model.cls.name}` has {what}.")


def _article(name: str) -> str:
    return "an" if name[0] in "aeiou" else "a"


_BARE_BASE = """
    from sqlalchemy.orm import DeclarativeBase


    class Base(DeclarativeBase):
        pass
    """
_STAMPED_BASE = """
    from datetime import datetime

    from sqlalchemy import DateTime, func
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


    class Base(DeclarativeBase):
        created_at: Mapped[datetime] = mapped_column(
            DateTime(timezone=True), server_default=func.now()
        )
        updated_at: Mapped[datetime] = mapped_column(
            DateTime(timezone=True), server_default=func.now(), onupdate=func.now()
        )
    """

PAIR = pair(
    wrong={
        "app/models/loan.py": """
            from datetime import datetime

            from sqlalchemy import DateTime, func
            from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


            class Base(DeclarativeBase):
                created_at: Mapped[datetime] = mapped_column(
                    DateTime(timezone=True), server_default=func.now()
                )


            class Loan(Base):
                __tablename__ = "loans"

                id: Mapped[int] = mapped_column(primary_key=True)
            """,
    },
    right={
        "app/models/loan.py": """
            from datetime import datetime

            from sqlalchemy import DateTime, func
            from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


            class Base(DeclarativeBase):
                created_at: Mapped[datetime] = mapped_column(
                    DateTime(timezone=True), server_default=func.now()
                )
                updated_at: Mapped[datetime] = mapped_column(
                    DateTime(timezone=True), server_default=func.now(), onupdate=func.now()
                )
                __mapper_args__ = {"eager_defaults": True}


            class Loan(Base):
                __tablename__ = "loans"

                id: Mapped[int] = mapped_column(primary_key=True)
            """,
    },
    matters=(
        "When a customer asks how long a value has been wrong, `updated_at` is often the only clue. "
        "The columns can be added later, but for existing rows the times are lost. In async code, "
        "`eager_defaults` matters: without it, `updated_at` is expired after an UPDATE, and reading "
        "it raises `MissingGreenlet`."
    ),
    links={
        "SQLAlchemy: column defaults and onupdate": "https://docs.sqlalchemy.org/en/20/core/defaults.html",
        "SQLAlchemy: eager_defaults": "https://docs.sqlalchemy.org/en/20/orm/persistence_techniques.html#fetching-server-generated-defaults",
        "SQLAlchemy: mixins": "https://docs.sqlalchemy.org/en/20/orm/declarative_mixins.html",
    },
)

INVALID = (
    case(
        "a model with neither column",
        {
            "app/models/base.py": _BARE_BASE,
            "app/models/book.py": """
                from sqlalchemy.orm import Mapped, mapped_column

                from app.models.base import Base


                class Book(Base):
                    __tablename__ = "books"

                    id: Mapped[int] = mapped_column(primary_key=True)
                """,
        },
        6,
        path="app/models/book.py",
    ),
    case(
        "one of the two, under the usual name and under another",
        {
            "app/models/base.py": _BARE_BASE,
            "app/models/book.py": """
                from datetime import datetime

                from sqlalchemy.orm import Mapped, mapped_column

                from app.models.base import Base


                class Book(Base):
                    __tablename__ = "books"

                    id: Mapped[int] = mapped_column(primary_key=True)
                    created_at: Mapped[datetime] = mapped_column()


                class Loan(Base):
                    __tablename__ = "loans"

                    id: Mapped[int] = mapped_column(primary_key=True)
                    created: Mapped[datetime] = mapped_column()
                    updated_at: Mapped[datetime] = mapped_column()
                """,
        },
        8,
        15,
        path="app/models/book.py",
    ),
    case(
        "a mixin that one model has and another does not",
        {
            "app/models/base.py": _BARE_BASE,
            "app/models/mixins.py": """
                from datetime import datetime

                from sqlalchemy.orm import Mapped, mapped_column


                class Timestamps:
                    created_at: Mapped[datetime] = mapped_column()
                    updated_at: Mapped[datetime] = mapped_column()
                """,
            "app/models/book.py": """
                from sqlalchemy.orm import Mapped, mapped_column

                from app.models import base, mixins


                class Book(mixins.Timestamps, base.Base):
                    __tablename__ = "books"

                    id: Mapped[int] = mapped_column(primary_key=True)


                class Copy(base.Base):
                    __tablename__ = "copies"

                    id: Mapped[int] = mapped_column(primary_key=True)
                """,
        },
        12,
        path="app/models/book.py",
    ),
    case(
        "attributes that are not columns: a property, a plain annotation, a constant, a "
        "class variable",
        {
            "app/models/base.py": _BARE_BASE,
            "app/models/book.py": """
                from datetime import datetime
                from typing import ClassVar

                from sqlalchemy.ext.hybrid import hybrid_property
                from sqlalchemy.orm import Mapped, mapped_column

                from app.models.base import Base


                class Book(Base):
                    __tablename__ = "books"

                    id: Mapped[int] = mapped_column(primary_key=True)
                    updated_at: datetime

                    @property
                    def created_at(self) -> datetime:
                        return datetime.min


                class Loan(Base):
                    __tablename__ = "loans"
                    created_at = "yesterday"
                    updated_at: ClassVar[datetime] = datetime.min

                    id: Mapped[int] = mapped_column(primary_key=True)


                class Copy(Base):
                    __tablename__ = "copies"

                    id: Mapped[int] = mapped_column(primary_key=True)
                    made_at: Mapped[datetime] = mapped_column("created_at")

                    @hybrid_property
                    def updated_at(self) -> datetime:
                        return self.made_at
                """,
        },
        10,
        21,
        29,
        path="app/models/book.py",
    ),
    case(
        "an explicit `Table` without both",
        {
            "app/models/base.py": _BARE_BASE,
            "app/models/book.py": """
                import sqlalchemy as sa

                from app.models.base import Base

                books = sa.Table(
                    "books",
                    Base.metadata,
                    sa.Column("id", sa.Integer, primary_key=True),
                    sa.Column("created_at", sa.DateTime(timezone=True)),
                )


                class Book(Base):
                    __table__ = books
                """,
        },
        13,
        path="app/models/book.py",
    ),
    case(
        "a mixin's column that the model removes, and an abstract base without columns",
        {
            "app/models/base.py": _STAMPED_BASE,
            "app/models/plain.py": """
                from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

                from app.models.base import Base


                class Fixed(Base):
                    __abstract__ = True


                class Country(Fixed):
                    __tablename__ = "countries"

                    id: Mapped[int] = mapped_column(primary_key=True)
                    updated_at = None
                """,
        },
        10,
        path="app/models/plain.py",
    ),
    case(
        "a base with a base class, and a model that inherits from a model",
        {
            "app/models/base.py": """
                from sqlalchemy.orm import DeclarativeBase


                class Id:
                    pass


                class Base(Id, DeclarativeBase):
                    pass
                """,
            "app/models/user.py": """
                from sqlalchemy import ForeignKey
                from sqlalchemy.orm import Mapped, mapped_column

                from .base import Base


                class User(Base):
                    __tablename__ = "users"

                    id: Mapped[int] = mapped_column(primary_key=True)


                class Librarian(User):
                    __tablename__ = "librarians"

                    id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
                """,
        },
        7,
        13,
        path="app/models/user.py",
    ),
    case(
        "values that are not columns",
        {
            "app/models/base.py": _BARE_BASE,
            "app/models/loan.py": """
                from datetime import UTC, datetime

                from sqlalchemy import DateTime, func
                from sqlalchemy.orm import Mapped, mapped_column

                from app.models.base import Base


                class Loan(Base):
                    __tablename__ = "loans"

                    id: Mapped[int] = mapped_column(primary_key=True)
                    created_at = datetime.now(UTC)
                    updated_at: Mapped[datetime]


                class Fine(Base):
                    __tablename__ = "fines"

                    id: Mapped[int] = mapped_column(primary_key=True)
                    created_at = DateTime(timezone=True)
                    updated_at = func.now()
                """,
        },
        9,
        17,
        path="app/models/loan.py",
    ),
)

VALID = (
    case(
        "both on `Base`",
        {
            "app/models/base.py": _STAMPED_BASE,
            "app/models/book.py": """
                from sqlalchemy.orm import Mapped, mapped_column

                from app.models.base import Base


                class Book(Base):
                    __tablename__ = "books"

                    id: Mapped[int] = mapped_column(primary_key=True)
                """,
        },
    ),
    case(
        "both on a mixin",
        {
            "app/models/base.py": _BARE_BASE,
            "app/models/timestamps.py": """
                from datetime import datetime

                from sqlalchemy import func
                from sqlalchemy.orm import Mapped, mapped_column


                class Timestamps:
                    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
                    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
                """,
            "app/models/book.py": """
                from sqlalchemy.orm import Mapped, mapped_column

                from .base import Base
                from .timestamps import Timestamps


                class Book(Timestamps, Base):
                    __tablename__ = "books"

                    id: Mapped[int] = mapped_column(primary_key=True)
                """,
        },
    ),
    case(
        "both written in the model",
        {
            "app/models/base.py": _BARE_BASE,
            "app/models/book.py": """
                from datetime import datetime

                from sqlalchemy.orm import Mapped, mapped_column

                from app.models.base import Base


                class Book(Base):
                    __tablename__ = "books"

                    id: Mapped[int] = mapped_column(primary_key=True)
                    created_at: Mapped[datetime]
                    updated_at: Mapped[datetime]
                """,
        },
    ),
)

VALID_ALTERNATIVE = (
    case(
        "an abstract base without columns, and an association table",
        {
            "app/models/base.py": _BARE_BASE,
            "app/models/tags.py": """
                from sqlalchemy import Column, ForeignKey, Table
                from sqlalchemy.orm import Mapped, mapped_column

                from app.models.base import Base


                class Owned(Base):
                    __abstract__ = True

                    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"))


                book_tags = Table(
                    "book_tags",
                    Base.metadata,
                    Column("book_id", ForeignKey("books.id"), primary_key=True),
                    Column("tag_id", ForeignKey("tags.id"), primary_key=True),
                )
                """,
        },
    ),
    case(
        "mixins in several modules, type aliases and declared attributes",
        {
            "app/models/base.py": _BARE_BASE,
            "app/models/types.py": """
                from datetime import datetime
                from typing import Annotated

                from sqlalchemy.orm import Mapped, mapped_column

                Stamp = Annotated[datetime, mapped_column()]
                Stamped = Mapped[Stamp]
                """,
            "app/models/created.py": """
                from .types import Stamped


                class Created:
                    created_at: Stamped
                """,
            "app/models/mixins.py": """
                from datetime import datetime

                from sqlalchemy.orm import Mapped, declared_attr, mapped_column

                from app.models.created import Created


                class Stamps(Created):
                    @declared_attr
                    def updated_at(cls) -> Mapped[datetime]:
                        return mapped_column(index=True)
                """,
            "app/models/__init__.py": "from .base import Base\nfrom .mixins import Stamps\n",
            "app/models/book.py": """
                from sqlalchemy.orm import Mapped, mapped_column

                from app import models


                class Book(models.Stamps, models.Base):
                    __tablename__ = "books"

                    id: Mapped[int] = mapped_column(primary_key=True)


                class Novel(Book):
                    pages: Mapped[int | None]
                """,
        },
    ),
    case(
        "an explicit `Table` with both, and one whose columns are reflected from the database",
        {
            "app/models/base.py": _BARE_BASE,
            "app/models/book.py": """
                from sqlalchemy import Column, DateTime, Integer, Table, UniqueConstraint

                from app.core.database import engine
                from app.models.base import Base

                books = Table(
                    "books",
                    Base.metadata,
                    Column("id", Integer, primary_key=True),
                    Column("created_at", DateTime(timezone=True)),
                    Column("updated_at", DateTime(timezone=True)),
                    UniqueConstraint("id"),
                )


                class Book(Base):
                    __table__ = books


                class Old(Base):
                    __table__ = Table("old", Base.metadata, autoload_with=engine)
                """,
        },
    ),
    case(
        "columns with these names under other attributes, or created by a function of the project",
        {
            "app/models/base.py": _BARE_BASE,
            "app/models/book.py": """
                from datetime import datetime

                from sqlalchemy.orm import Mapped, MappedColumn, mapped_column

                from app.models.base import Base


                def stamp() -> MappedColumn[datetime]:
                    return mapped_column(index=True)


                class Book(Base):
                    __tablename__ = "books"

                    id: Mapped[int] = mapped_column(primary_key=True)
                    made: Mapped[datetime] = mapped_column("created_at")
                    changed: Mapped[datetime] = mapped_column("updated_at")


                class Loan(Base):
                    __tablename__ = "loans"

                    id: Mapped[int] = mapped_column(primary_key=True)
                    created_at = stamp()
                    updated_at = stamp()
                """,
        },
    ),
    case(
        "an unknown base class, and a decorator and a hook that may add the columns",
        {
            "app/models/base.py": """
                from sqlalchemy.orm import DeclarativeBase, mapped_column


                class Base(DeclarativeBase):
                    pass


                class Stamping(Base):
                    __abstract__ = True

                    def __init_subclass__(cls, **kwargs: object) -> None:
                        for name in ("created_at", "updated_at"):
                            setattr(cls, name, mapped_column())
                        super().__init_subclass__(**kwargs)
                """,
            "app/models/user.py": """
                from fastapi_users.db import SQLAlchemyBaseUserTable
                from sqlalchemy.orm import Mapped, mapped_column

                from app.models.base import Base, Stamping
                from app.models.stamps import stamped


                class User(SQLAlchemyBaseUserTable[int], Base):
                    id: Mapped[int] = mapped_column(primary_key=True)


                @stamped
                class Book(Base):
                    __tablename__ = "books"

                    id: Mapped[int] = mapped_column(primary_key=True)


                class Loan(Stamping):
                    __tablename__ = "loans"

                    id: Mapped[int] = mapped_column(primary_key=True)
                """,
            "app/models/stamps.py": """
                from typing import TypeVar

                from sqlalchemy.orm import mapped_column

                T = TypeVar("T")


                def stamped(cls: type[T]) -> type[T]:
                    for name in ("created_at", "updated_at"):
                        setattr(cls, name, mapped_column())
                    return cls
                """,
        },
    ),
)
