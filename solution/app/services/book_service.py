"""Which books the library owns."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.exceptions import HasOpenLoans, IsbnTaken, TooFewCopies
from app.models.book import Book
from app.models.loan import Loan
from app.schemas.book import BookCreate, BookUpdate
from app.services.pages import fetch_page
from app.services.transactions import commit, lock


async def get(db: AsyncSession, *, book_id: int) -> Book | None:
    """Return the book with that id, or None."""
    return await db.get(Book, book_id)


async def list_page(
    db: AsyncSession, *, search: str | None, limit: int, offset: int
) -> tuple[Sequence[Book], int]:
    """Return one page of the books, ordered by id, and their total number.

    With `search`, only books that contain it in their title, author or ISBN, in any case.
    """
    wanted = _matches(search) if search else true()
    books = select(Book).where(wanted).order_by(Book.id)
    return await fetch_page(db, books, limit=limit, offset=offset)


async def create(db: AsyncSession, *, obj_in: BookCreate) -> Book:
    """Add a book; raise IsbnTaken if another has the ISBN."""
    await _must_be_free(db, obj_in.isbn)
    book = Book(**obj_in.model_dump())
    db.add(book)
    await commit(db)
    await db.refresh(book, ["available"])
    return book


async def replace(db: AsyncSession, *, book: Book, obj_in: BookCreate) -> Book:
    """Set every field, to null if it is not given; raise the errors of `update`."""
    return await _change(db, book, obj_in.model_dump())


async def update(db: AsyncSession, *, book: Book, obj_in: BookUpdate) -> Book:
    """Change the given fields.

    Raises IsbnTaken if another book has the ISBN, and TooFewCopies if more copies are out than it would have.
    """
    return await _change(db, book, obj_in.model_dump(exclude_unset=True))


async def delete(db: AsyncSession, *, book: Book) -> None:
    """Delete a book and its returned loans; raise HasOpenLoans if a copy is out."""
    book = await lock(db, Book, book.id)
    if await open_loans(db, book_id=book.id):
        raise HasOpenLoans
    await db.delete(book)
    await db.commit()


async def open_loans(db: AsyncSession, *, book_id: int) -> int:
    """Return how many copies of a book are out."""
    open_ones = (Loan.book_id == book_id, Loan.returned_at.is_(None))
    return await db.scalar(select(func.count()).select_from(Loan).where(*open_ones)) or 0


def _matches(search: str) -> ColumnElement[bool]:
    columns = (Book.title, Book.author, Book.isbn)
    return or_(*(column.icontains(search, autoescape=True) for column in columns))


async def _change(db: AsyncSession, book: Book, changes: Mapping[str, Any]) -> Book:
    book = await lock(db, Book, book.id)
    if changes.get("isbn", book.isbn) != book.isbn:
        await _must_be_free(db, changes["isbn"])
    if changes.get("copies", book.copies) < await open_loans(db, book_id=book.id):
        raise TooFewCopies
    for name, value in changes.items():
        setattr(book, name, value)
    await commit(db)
    await db.refresh(book, ["available"])
    return book


async def _must_be_free(db: AsyncSession, isbn: str) -> None:
    if await db.scalar(select(Book.id).where(Book.isbn == isbn)) is not None:
        raise IsbnTaken
