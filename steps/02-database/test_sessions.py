"""Task 02.3: a session for each request."""

import asyncio

import pytest

from groundrules.testing import demand, task
from groundrules.testing.app import App
from groundrules.testing.database import Database

SWALLOWED = (
    "get_db() must raise the exception of the handler again, so that FastAPI can respond to it."
)


@task("02.3", "new-session", "one-engine")
async def test_sessions_lead_to_the_database_of_the_settings(app: App, database: Database) -> None:
    name = await app.query("SELECT current_database()")

    assert name == database.name, (
        f"DATABASE_URL names the database {database.name}; the sessions of get_db() are on {name}."
    )


@task("02.3", "new-session", "one-engine")
async def test_the_address_is_read_from_the_environment_only(app: App, database: Database) -> None:
    async with database.proxy() as way:
        async with app.started(DATABASE_URL=way.url_for(database.name)) as other:
            await other.query("SELECT 1")

        assert way.taken > 0, (
            "The sessions of get_db() do not connect to the database of DATABASE_URL."
        )


@task("02.3", "new-session")
async def test_each_request_has_a_new_session(app: App) -> None:
    assert await app.renews_session(), (
        "get_db() gives a second request the session of the first: it must create a new one each time."
    )


@task("02.3", "two-connections")
async def test_two_requests_at_a_time_have_two_sessions(app: App) -> None:
    asked = "SELECT pg_backend_pid() FROM pg_sleep(0.2)"

    first, second = await asyncio.gather(app.query(asked), app.query(asked))

    assert first != second, (
        "Two concurrent requests must have two sessions, each with its own connection; get_db() "
        "gives both the same connection."
    )


@task("02.3", "session-factory", "new-session")
async def test_objects_can_be_read_after_a_commit(app: App) -> None:
    assert not await app.expires_on_commit(), (
        "The sessions of get_db() expire their objects at a commit: the session factory in "
        "app/core/database.py needs expire_on_commit=False."
    )


@task("02.3", "closed")
async def test_a_session_is_closed_after_the_request(app: App, database: Database) -> None:
    for _ in range(3):
        await app.query("SELECT 1")

    left = await database.left("idle in transaction%")

    assert left == 0, (
        f"After 3 requests, {left} of the connections are still in a transaction: "
        "get_db() must close its session."
    )
    assert await app.closes_session(), (
        "When get_db() has ended, its session is still in a transaction: await its close() there, and "
        "not in a task of its own."
    )


@task("02.3", "closed-after-error", "error-goes-on")
@pytest.mark.parametrize("error", ["DBAPIError", "LookupError", "HTTPException"])
async def test_a_session_is_closed_after_an_error_too(
    app: App, database: Database, error: str
) -> None:
    ours = None if error == "DBAPIError" else error
    await app.query("SELECT 1")
    for _ in range(3):
        with demand("error-goes-on"):
            with app.refuses(message=SWALLOWED) as refusal:
                await app.query("SELECT 1" if ours else "SELECT nothing", fails=ours)
            assert not refusal.message.startswith("get_db() catches"), SWALLOWED

    left = await database.left("idle in transaction%")

    assert left == 0, (
        f"After 3 requests that failed, {left} of the connections are still in a transaction: "
        "get_db() must close its session in any case"
        + (
            f", even if the handler raises an error that is not the database's: {ours}."
            if ours
            else "."
        )
    )


@task("02.3", "closed-after-cancel")
async def test_a_session_is_closed_after_a_request_that_was_cancelled(
    app: App, database: Database
) -> None:
    await app.query("SELECT 1")
    for _ in range(3):
        await app.query("SELECT 1", cancelled=True)

    left = await database.left("idle in transaction%")

    assert left == 0, (
        f"After 3 requests that were cancelled, {left} of the connections are still in a transaction: "
        "get_db() must close its session whatever happens, also on asyncio.CancelledError, which is no "
        "Exception."
    )
