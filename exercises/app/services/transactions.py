"""What the transactions of all services share: row locks, and errors for violated constraints."""

from typing import TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.exceptions import AlreadyBorrowed, EmailTaken, IsbnTaken, NotFound
from app.models.base import Base

Row = TypeVar("Row", bound=Base)

REJECTIONS = {  # by constraint name, as in app/models/
    "uq_users_email": EmailTaken,
    "uq_books_isbn": IsbnTaken,
    "uq_loans_open": AlreadyBorrowed,
}


async def lock(db: AsyncSession, model: type[Row], row_id: int) -> Row:
    """Return a row, reread and locked until the transaction ends; others can still read it.

    Raises NotFound if it does not exist. Query whatever depends on the lock after this call: only
    then does the query see what other transactions committed during the wait.
    """
    row = await db.get(
        model, row_id, populate_existing=True, with_for_update={"key_share": True, "of": model}
    )
    if row is None:
        raise NotFound
    return row


async def commit(db: AsyncSession) -> None:
    """Commit; if a constraint is violated, raise the error that belongs to it."""
    try:
        await db.commit()
    except IntegrityError as error:
        await db.rollback()  # after a failed flush, a session accepts nothing else
        cause = error.orig and error.orig.__cause__  # asyncpg's own
        rejection = REJECTIONS.get(getattr(cause, "constraint_name", ""))
        if rejection is None:
            raise
        raise rejection from error
