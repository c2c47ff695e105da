"""What the services' transactions have in common: locks on rows, and constraints that refuse."""

from typing import TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.exceptions import AlreadyBorrowed, EmailTaken, IsbnTaken, NotFound
from app.models.base import Base

Row = TypeVar("Row", bound=Base)

REFUSALS = {  # by the names of the constraints, as in app/models/
    "uq_users_email": EmailTaken,
    "uq_books_isbn": IsbnTaken,
    "uq_loans_open": AlreadyBorrowed,
}


async def lock(db: AsyncSession, model: type[Row], row_id: int) -> Row:
    """Return a row, read anew and locked until the transaction ends; others can still read it.

    Raises NotFound if it is gone. What depends on the lock is to be counted after it: then it is seen what
    others committed while this one waited.
    """
    row = await db.get(
        model, row_id, populate_existing=True, with_for_update={"key_share": True, "of": model}
    )
    if row is None:
        raise NotFound
    return row


async def commit(db: AsyncSession) -> None:
    """Commit; raise the refusal that stands for the constraint which another request made us violate."""
    try:
        await db.commit()
    except IntegrityError as error:
        await db.rollback()  # a session whose flush has failed takes nothing else
        cause = error.orig and error.orig.__cause__  # asyncpg's own
        refusal = REFUSALS.get(getattr(cause, "constraint_name", ""))
        if refusal is None:
            raise
        raise refusal from error
