"""A small application with a database, as text: a shelf of books that readers take."""

MODULES = {
    "core__database": """
        import os
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

        engine = create_async_engine(os.environ["DATABASE_URL"])
        factory = async_sessionmaker(engine, expire_on_commit=False)

        async def ping(db) -> int:  # without a hint
            return await db.scalar(text("SELECT 1"))

        async def elsewhere() -> None:
            other = create_async_engine(os.environ["DATABASE_URL"])
            async with other.connect():
                pass
            await other.dispose()
        """,
    "api__deps": """
        from collections.abc import AsyncIterator
        from sqlalchemy.ext.asyncio import AsyncSession
        from app.core.database import factory

        ended: list[str] = []

        async def get_db() -> AsyncIterator[AsyncSession]:
            async with factory() as session:
                try:
                    yield session
                except Exception as error:
                    ended.append(type(error).__name__)
                    raise
                ended.append("well")

        def told() -> list[str]:
            return ended
        """,
    "models__base": """
        from sqlalchemy.orm import DeclarativeBase

        class Base(DeclarativeBase): ...
        """,
    "models__book": """
        from datetime import datetime
        from decimal import Decimal
        from uuid import UUID
        from sqlalchemy import DateTime, ForeignKey, func
        from sqlalchemy.orm import Mapped, mapped_column
        from app.models.base import Base

        class Book(Base):
            __tablename__ = "books"
            id: Mapped[int] = mapped_column(primary_key=True)
            title: Mapped[str]
            price: Mapped[Decimal]
            cover: Mapped[bytes] = mapped_column(default=b"")
            notes: Mapped[str] = mapped_column(default="", deferred=True)
            taken_by: Mapped[UUID | None] = mapped_column(ForeignKey("readers.id"))
            made_at: Mapped[datetime] = mapped_column(
                DateTime(timezone=True), server_default=func.now()
            )
        """,
    "models__reader": """
        from uuid import UUID, uuid4
        from sqlalchemy.orm import Mapped, mapped_column
        from app.models.base import Base

        class Reader(Base):
            __tablename__ = "readers"
            id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
            name: Mapped[str]
        """,
    "schemas__book": """
        from decimal import Decimal
        from pydantic import BaseModel, ConfigDict, Field

        class BookCreate(BaseModel):
            model_config = ConfigDict(extra="forbid")
            title: str = Field(min_length=1)
            price: Decimal = Field(ge=0)
            tags: list[str] = []

        class BookResponse(BaseModel):
            model_config = ConfigDict(from_attributes=True)
            id: int
            title: str
            price: Decimal
        """,
    "schemas__page": """
        from typing import Generic, TypeVar
        from pydantic import BaseModel

        Item = TypeVar("Item")

        class Page(BaseModel, Generic[Item]):
            items: list[Item]
        """,
    "core__exceptions": """
        class ShelfError(Exception): ...

        class Taken(ShelfError): ...
        """,
    "services__shelf_service": """
        from sqlalchemy import func, select, text
        from sqlalchemy.ext.asyncio import AsyncSession
        from app.core.database import engine
        from app.core.exceptions import Taken
        from app.models.book import Book
        from app.models.reader import Reader
        from app.schemas.book import BookCreate

        async def create(db: AsyncSession, *, obj_in: BookCreate) -> Book:
            book = Book(title=obj_in.title, price=obj_in.price)
            db.add(book)
            await db.commit()
            return book

        async def join(db: AsyncSession, *, name: str) -> Reader:
            reader = Reader(name=name)
            db.add(reader)
            await db.commit()
            return reader

        async def take(db: AsyncSession, *, book: Book, reader: Reader) -> Book:
            if book.taken_by is not None:
                raise Taken(f"{book.title} is taken")
            book.taken_by = reader.id
            await db.commit()
            return book

        async def list_page(db: AsyncSession, *, limit: int) -> tuple[list[Book], int]:
            books = await db.scalars(select(Book).order_by(Book.id).limit(limit))
            return list(books), await db.scalar(select(func.count()).select_from(Book))

        async def prices(db: AsyncSession) -> list[object]:
            return list(await db.execute(select(Book.title, Book.price)))

        async def expired(db: AsyncSession) -> Book:
            book = Book(title="old", price=1)
            db.add(book)
            await db.commit()
            db.expire(book)
            return book

        async def sleep(db: AsyncSession, *, seconds: float) -> int:
            await db.execute(text(f"SELECT pg_sleep({seconds})"))
            return await db.scalar(text("SELECT pg_backend_pid()"))

        kept: list[object] = []

        async def keep_open(db: AsyncSession) -> None:
            connection = await engine.connect()
            await connection.execute(text("LOCK TABLE books"))
            kept.append(connection)
        """,
}

ALEMBIC = """
[alembic]
script_location = migrations
prepend_sys_path = .
"""

ENV = """
import asyncio
from alembic import context
from app.core.database import engine
from app.models import book, reader
from app.models.base import Base


def run(connection) -> None:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()


async def online() -> None:
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


if context.is_offline_mode():
    context.configure(dialect_name="postgresql", target_metadata=Base.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    asyncio.run(online())
"""

TEMPLATE = """
'''${message}'''

import sqlalchemy as sa
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    ${upgrades or "pass"}


def downgrade() -> None:
    ${downgrades or "pass"}
"""

FIRST = """
'''Make the tables.'''

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "readers",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
    )
    op.create_table(
        "books",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("price", sa.Numeric, nullable=False),
        sa.Column("cover", sa.LargeBinary, nullable=False),
        sa.Column("taken_by", sa.Uuid, sa.ForeignKey("readers.id")),
        sa.Column(
            "made_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
    )


def downgrade() -> None:
    op.drop_table("books")
    op.drop_table("readers")
"""

SECOND = """
'''Give books notes.'''

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("books", sa.Column("notes", sa.String, nullable=False, server_default=""))
    op.alter_column("books", "notes", server_default=None)


def downgrade() -> None:
    op.drop_column("books", "notes")
"""

FILES = {
    "alembic.ini": ALEMBIC,
    "migrations/env.py": ENV,
    "migrations/script.py.mako": TEMPLATE.lstrip(),
    "migrations/versions/0001_tables.py": FIRST,
    "migrations/versions/0002_notes.py": SECOND,
}
