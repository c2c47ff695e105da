"""A small library application that rules' cases share, clean by every rule."""

from collections.abc import Mapping

_BASE = """
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
_BOOK = """
    from sqlalchemy.orm import Mapped, mapped_column

    from app.models.base import Base


    class Book(Base):
        __tablename__ = "books"

        id: Mapped[int] = mapped_column(primary_key=True)
        title: Mapped[str]
        copies: Mapped[int]
    """
_SCHEMAS = """
    from pydantic import BaseModel, ConfigDict


    class BookCreate(BaseModel):
        title: str
        copies: int = 1


    class BookResponse(BaseModel):
        model_config = ConfigDict(from_attributes=True)

        id: int
        title: str
        copies: int
    """
_DEPS = """
    from collections.abc import AsyncIterator
    from typing import Annotated

    from fastapi import Depends
    from sqlalchemy.ext.asyncio import AsyncSession

    from app.core.database import async_session


    async def get_db() -> AsyncIterator[AsyncSession]:
        async with async_session() as session:
            yield session


    Db = Annotated[AsyncSession, Depends(get_db)]
    """
_DATABASE = """
    from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

    engine = create_async_engine("postgresql+asyncpg://library@localhost/library")
    async_session = async_sessionmaker(engine, expire_on_commit=False)
    """
_SERVICE = """
    from sqlalchemy import delete as delete_rows
    from sqlalchemy import select
    from sqlalchemy.ext.asyncio import AsyncSession

    from app.models.book import Book
    from app.schemas.book import BookCreate


    async def get(db: AsyncSession, book_id: int) -> Book | None:
        return await db.get(Book, book_id)


    async def list_all(db: AsyncSession, *, search: str | None = None) -> list[Book]:
        query = select(Book)
        if search:
            query = query.where(Book.title.contains(search))
        return list(await db.scalars(query))


    async def create(db: AsyncSession, *, obj_in: BookCreate) -> Book:
        book = Book(**obj_in.model_dump())
        db.add(book)
        await db.commit()
        return book


    async def update(db: AsyncSession, *, book: Book, obj_in: BookCreate) -> Book:
        book.title = obj_in.title
        book.copies = obj_in.copies
        await db.commit()
        return book


    async def delete(db: AsyncSession, *, book: Book) -> None:
        await db.delete(book)
        await db.commit()


    async def delete_all(db: AsyncSession) -> None:
        await db.execute(delete_rows(Book))
        await db.commit()
    """
LIBRARY: Mapping[str, str] = {
    "app/models/base.py": _BASE,
    "app/models/book.py": _BOOK,
    "app/schemas/book.py": _SCHEMAS,
    "app/api/deps.py": _DEPS,
    "app/core/database.py": _DATABASE,
    "app/services/books.py": _SERVICE,
}


def library(path: str, text: str) -> dict[str, str]:
    """Return the files of the application with one more at `path`."""
    return {**LIBRARY, path: text}
