"""Loans as requests and responses."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from app.schemas.base import Id, RequestSchema, ResponseSchema


class LoanCreate(RequestSchema):
    """Which book to borrow."""

    book_id: Annotated[Id, Field(strict=True, examples=[1])]


class LoanResponse(ResponseSchema):
    """A loan; `returned_at` is null while the book is out."""

    id: int
    user_id: int
    book_id: int
    borrowed_at: datetime
    due_at: datetime
    returned_at: datetime | None
    created_at: datetime
    updated_at: datetime
