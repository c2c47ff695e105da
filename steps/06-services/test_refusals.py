"""Task 06.1: the refusals."""

from groundrules.testing import task
from groundrules.testing.app import App
from groundrules.testing.values import Class

FILE = "app/core/exceptions.py"
REFUSALS = (
    "NotFound",
    "EmailTaken",
    "IsbnTaken",
    "TooFewCopies",
    "HasOpenLoans",
    "NoCopyLeft",
    "AlreadyBorrowed",
    "LoanLimitReached",
    "AlreadyReturned",
)


@task("06.1", "library-errors")
async def test_each_refusal_is_a_library_error(app: App) -> None:
    for name in REFUSALS:
        kinds = await kinds_of(app, name)
        assert kinds[0] == name, (
            f"`{name}` in {FILE} must be a class with that name; it is the class {kinds[0]}."
        )
        assert "LibraryError" in kinds[1:], f"{name} in {FILE} must inherit from LibraryError."


@task("06.1", "not-each-other")
async def test_no_refusal_is_another(app: App) -> None:
    for name in REFUSALS:
        others = [kind for kind in (await kinds_of(app, name))[1:] if kind in REFUSALS]
        assert not others, (
            f"{name} in {FILE} inherits from {others[0]}: code that catches one would "
            "catch the other."
        )


@task("06.1", "no-http")
async def test_a_refusal_knows_nothing_of_http(app: App) -> None:
    for name in ("LibraryError", *REFUSALS):
        kinds = await kinds_of(app, name)
        assert "Exception" in kinds, f"{name} in {FILE} must be an exception."
        assert "HTTPException" not in kinds, (
            f"{name} in {FILE} must not be an HTTPException: services know nothing about HTTP."
        )


async def kinds_of(app: App, name: str) -> list[str]:
    """Return the names of a class and of all that it inherits from."""
    kinds = await getattr(app.core.exceptions, name).mro()
    assert isinstance(kinds, list), f"`{name}` in {FILE} must be a class."
    return [kind.name for kind in kinds if isinstance(kind, Class)]
