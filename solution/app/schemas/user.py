"""Users as requests and responses; a password never leaves the server."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, EmailStr, Field, Secret, field_validator

from app.schemas.base import RequestSchema, ResponseSchema, Text

MAX_PASSWORD_BYTES = 72  # bcrypt reads no more; argon2 does, but may be replaced one day


def check_password(password: str) -> str:
    """Return a password; raise ValueError if it contains a NUL or is too long for a hasher."""
    if "\0" in password:
        raise ValueError("a password must not contain a NUL")
    if len(password.encode()) > MAX_PASSWORD_BYTES:
        raise ValueError(f"a password has at most {MAX_PASSWORD_BYTES} bytes in UTF-8")
    return password


Email = Annotated[
    EmailStr,
    AfterValidator(str.lower),  # one mailbox is one user, in whatever case it is written
    Field(max_length=254, examples=["ada@example.org"]),
]
Password = Annotated[
    Secret[Annotated[str, Field(min_length=8), AfterValidator(check_password)]],
    Field(
        description=f"At most {MAX_PASSWORD_BYTES} bytes in UTF-8.",
        examples=["correct horse"],
        json_schema_extra={"format": "password"},
    ),
]
FullName = Annotated[Text, Field(examples=["Ada Lovelace"])]


class UserCreate(RequestSchema):
    """A sign-up."""

    email: Email
    password: Password
    full_name: FullName


class UserUpdate(RequestSchema):
    """The changes to a user; a field that is not given stays as it is."""

    email: Email | None = None
    password: Password | None = None
    full_name: FullName | None = None

    @field_validator("email", "password", "full_name")
    @classmethod
    def not_null(cls, value: object) -> object:
        """Reject null, which is not the same as not given."""
        if value is None:
            raise ValueError("may be left out, but not be null")
        return value


class UserResponse(ResponseSchema):
    """A user."""

    id: int
    email: str
    full_name: str
    is_librarian: bool
    is_active: bool
    created_at: datetime
    updated_at: datetime
