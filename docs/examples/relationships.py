"""From a loan to its book and back, with as few statements as possible."""

from sqlalchemy import ForeignKey, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    joinedload,
    mapped_column,
    relationship,
    selectinload,
)


class Base(DeclarativeBase):
    """The base of all models; the timestamps are left out here."""


class Book(Base):
    """A book, and its loans."""

    __tablename__ = "books"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    loans: Mapped[list["Loan"]] = relationship(back_populates="book", lazy="raise")


class Loan(Base):
    """A loan, and its book."""

    __tablename__ = "loans"

    id: Mapped[int] = mapped_column(primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("books.id"), index=True)
    book: Mapped[Book] = relationship(back_populates="loans", lazy="raise")


async def titles_unloaded(db: AsyncSession) -> list[str]:
    """Return the title of each loan's book, which nobody has loaded."""
    loans = await db.scalars(select(Loan).order_by(Loan.id))
    return [loan.book.title for loan in loans]


async def titles_one_by_one(db: AsyncSession) -> list[str]:
    """Return the title of each loan's book: one statement for the loans, and one for each book."""
    titles = []
    for loan in (await db.scalars(select(Loan).order_by(Loan.id))).all():
        book = await db.get_one(Book, loan.book_id)
        titles.append(book.title)
    return titles


async def titles_joined(db: AsyncSession) -> list[str]:
    """Return the title of each loan's book, in one statement with a JOIN."""
    query = select(Loan).options(joinedload(Loan.book)).order_by(Loan.id)
    return [loan.book.title for loan in await db.scalars(query)]


async def loans_by_title(db: AsyncSession) -> dict[str, int]:
    """Return how many loans each book has, in two statements."""
    query = select(Book).options(selectinload(Book.loans)).order_by(Book.id)
    return {book.title: len(book.loans) for book in await db.scalars(query)}
