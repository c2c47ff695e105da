"""Books as requests and responses."""

import re
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints, field_validator

from app.schemas.base import PRINTABLE, RequestSchema, ResponseSchema, Text
from app.schemas.page import PageQuery


def check_isbn(isbn: str) -> str:
    """Return an ISBN without hyphens; raise ValueError unless it has 13 digits and a correct check digit."""
    digits = isbn.replace("-", "")
    if not re.fullmatch("[0-9]{13}", digits):
        raise ValueError("an ISBN has 13 digits")
    if sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits)) % 10:
        raise ValueError("the ISBN's check digit is wrong")
    return digits


Isbn = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=20),
    AfterValidator(check_isbn),
    Field(examples=["978-0-13-110362-7"]),
]
Title = Annotated[Text, Field(examples=["The C Programming Language"])]
Author = Annotated[Text, Field(examples=["Brian Kernighan, Dennis Ritchie"])]
# Strict: `true` is not a number of copies.
Year = Annotated[int, Field(strict=True, ge=1, le=9999, examples=[1988])]
Copies = Annotated[int, Field(strict=True, ge=0, le=1_000_000, examples=[3])]


class BookCreate(RequestSchema):
    """All fields of a book; `copies` is how many the library owns."""

    isbn: Isbn
    title: Title
    author: Author
    published_year: Year | None = None
    copies: Copies


class BookUpdate(RequestSchema):
    """The changes to a book; a field that is not given stays as it is."""

    isbn: Isbn | None = None
    title: Title | None = None
    author: Author | None = None
    published_year: Year | None = None  # the only field that null clears
    copies: Copies | None = None

    @field_validator("isbn", "title", "author", "copies")
    @classmethod
    def not_null(cls, value: object) -> object:
        """Reject null, which is not the same as not given."""
        if value is None:
            raise ValueError("may be left out, but not be null")
        return value


class BookResponse(ResponseSchema):
    """A book; `available` is how many copies can be borrowed now."""

    id: int
    isbn: str
    title: str
    author: str
    published_year: int | None
    copies: int
    available: int
    created_at: datetime
    updated_at: datetime


class BookQuery(PageQuery):
    """Which books to list."""

    search: Annotated[
        str | None,
        StringConstraints(strip_whitespace=True, max_length=200, pattern=PRINTABLE),
        Field(description="Part of a title, an author's name or an ISBN.", examples=["kernighan"]),
    ] = None
