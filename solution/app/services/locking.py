"""Locks on single rows."""

from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.exceptions import NotFound
from app.models.base import Base

Row = TypeVar("Row", bound=Base)


async def lock(db: AsyncSession, model: type[Row], row_id: int) -> Row:
    """Return a row, read anew and locked until the transaction ends; others can still read it.

    Raises NotFound if it is gone. Counts that depend on the lock belong in a statement after it, which
    sees what others committed while this one waited.
    """
    row = await db.get(
        model, row_id, populate_existing=True, with_for_update={"key_share": True, "of": model}
    )
    if row is None:
        raise NotFound
    return row
