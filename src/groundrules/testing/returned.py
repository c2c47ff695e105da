"""What a call returns, as an answer would show it."""

from typing import Any

from groundrules.testing.calls import Call, Name, Part
from groundrules.worker.errors import Raised


async def as_answer(schema: Name, call: Call | Part) -> Any:
    """Return the answer that `schema` makes, in a call's own session, of the row that it returns.

    A field that cannot be read from the row is told, and so is what is no row.
    """
    try:
        return await schema.model_validate(call)
    except Raised as error:
        if error.failure.kind != "ValidationError" or error.frames:
            raise
        unread = [field for field in error.failure.fields if field]
        called = f"{call}".removeprefix("app.services.")
        if unread:
            raise AssertionError(
                f"The object that {called} returns has no `{unread[0]}` that can be read without "
                "the database: load it before the function returns."
            ) from None
        raise AssertionError(
            f"A {schema} cannot be created from the object that {called} returns."
        ) from None
