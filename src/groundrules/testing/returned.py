"""What a call returns, as an answer would show it."""

from collections.abc import Iterable, Mapping
from typing import Any

from groundrules.testing.app import App
from groundrules.testing.calls import Call, Name, Part
from groundrules.testing.marks import demand
from groundrules.worker.errors import Raised


def must_be_stored(
    called: str, shown: Any, stored: Mapping[str, Any], fields: Iterable[str]
) -> None:
    """Fail where a service shows a value that its table does not have: it was written, and not committed."""
    for field in fields:
        if getattr(shown, field) != stored[field]:
            with demand("committed"):
                raise AssertionError(
                    f"{called} returns the {field} {getattr(shown, field)!r}, but the table has "
                    f"{stored[field]!r}: commit before it returns. A flush does not do that, and neither "
                    "does a savepoint, which is what begin_nested() creates."
                )


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


async def fail_after(app: App, call: Call) -> None:
    """Make a call in a request that fails afterwards, because what the call returns is no sign-up."""
    try:
        await app.schemas.user.UserCreate.model_validate(call)
    except Raised as error:
        if "ValidationError" not in error.failure.kinds:
            raise
