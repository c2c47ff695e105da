"""Lending: who may borrow what, and for how long."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, true
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.exceptions import (
    AlreadyBorrowed,
    AlreadyReturned,
    LoanLimitReached,
    NoCopyLeft,
)
from app.models.book import Book
from app.models.loan import Loan
from app.models.user import User
from app.services import book_service
from app.services.pages import fetch_page
from app.services.transactions import commit, lock

LOAN_PERIOD = timedelta(days=21)
LOAN_LIMIT = 5


async def get(db: AsyncSession, *, loan_id: int) -> Loan | None:
    """Return the loan with that id, or None."""
    return await db.get(Loan, loan_id)


def may_access(*, user: User, loan: Loan) -> bool:
    """Return whether a user may see and return a loan: the borrower and every librarian may."""
    return user.is_librarian or loan.user_id == user.id


async def list_page(
    db: AsyncSession, *, user: User, limit: int, offset: int
) -> tuple[Sequence[Loan], int]:
    """Return one page of the loans that a user may see, ordered by id, and their total number.

    Users see their own loans, librarians all.
    """
    wanted = true() if user.is_librarian else Loan.user_id == user.id
    loans = select(Loan).where(wanted).order_by(Loan.id)
    return await fetch_page(db, loans, limit=limit, offset=offset)


async def borrow(db: AsyncSession, *, user: User, book_id: int) -> Loan:
    """Lend a book to a user for 21 days.

    Raises NotFound if there is no such book, and AlreadyBorrowed, LoanLimitReached or NoCopyLeft if the
    rules of lending forbid it.
    """
    # Always the user before the book: one order of locks for all functions prevents deadlocks.
    user = await lock(db, User, user.id)
    book = await lock(db, Book, book_id)
    open_ones = (Loan.user_id == user.id, Loan.returned_at.is_(None))
    borrowed = (await db.scalars(select(Loan.book_id).where(*open_ones))).all()
    if book.id in borrowed:
        raise AlreadyBorrowed
    if len(borrowed) >= LOAN_LIMIT:
        raise LoanLimitReached
    if await book_service.open_loans(db, book_id=book.id) >= book.copies:
        raise NoCopyLeft
    now = datetime.now(UTC)
    loan = Loan(user_id=user.id, book_id=book.id, borrowed_at=now, due_at=now + LOAN_PERIOD)
    db.add(loan)
    await commit(db)
    return loan


async def give_back(db: AsyncSession, *, loan: Loan) -> Loan:
    """Record that a book is returned; raise AlreadyReturned if it was before."""
    loan = await lock(db, Loan, loan.id)
    if loan.returned_at is not None:
        raise AlreadyReturned
    # The clock of the server that lent it may be a little ahead of this one's.
    loan.returned_at = max(datetime.now(UTC), loan.borrowed_at)
    await db.commit()
    return loan
