"""Logging in."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, Secret, StringConstraints

from app.schemas.base import PRINTABLE


class LoginForm(BaseModel):
    """The form of the OAuth2 password grant; here `username` is the email."""

    grant_type: Literal["password"] = "password"
    username: Annotated[
        str,
        StringConstraints(max_length=254, pattern=PRINTABLE),
        Field(examples=["ada@example.org"]),
    ]
    password: Annotated[
        Secret[Annotated[str, Field(max_length=128)]],
        Field(examples=["correct horse"], json_schema_extra={"format": "password"}),
    ]


class Token(BaseModel):
    """A token to send as `Authorization: Bearer …`."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"
