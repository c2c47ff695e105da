"""What the schemas share."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

MAX_ID = 2**63 - 1  # the largest number that PostgreSQL's bigint holds

# No control characters: they do not belong in a line of text, and PostgreSQL cannot store NUL.
PRINTABLE = r"^[^\x00-\x1f\x7f]*$"

Id = Annotated[int, Field(ge=1, le=MAX_ID)]

Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=PRINTABLE),
]


class RequestSchema(BaseModel):
    """The base of request schemas: unknown fields are rejected."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)  # errors end up in logs


class ResponseSchema(BaseModel):
    """The base of response schemas: they can be created from a row."""

    model_config = ConfigDict(from_attributes=True)


class ErrorResponse(BaseModel):
    """Why a request was rejected."""

    detail: str
