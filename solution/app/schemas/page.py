"""Lists, one page at a time."""

from typing import Generic, TypeVar

from pydantic import BaseModel, Field

from app.schemas.base import MAX_ID

Item = TypeVar("Item")


class PageQuery(BaseModel):
    """Which page of a list to show."""

    limit: int = Field(20, ge=1, le=100, description="The maximum number of items.")
    offset: int = Field(0, ge=0, le=MAX_ID, description="The number of items to skip.")


class Page(BaseModel, Generic[Item]):
    """One page of a list; `total` counts the items on all pages."""

    items: list[Item]
    total: int
    limit: int
    offset: int
