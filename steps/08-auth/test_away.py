"""Task 08.8: when the database is away."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from groundrules.testing import task
from groundrules.testing.app import App, Response
from groundrules.testing.database import Database
from groundrules.testing.people import LOGIN, Person
from groundrules.testing.proxy import Proxy

API = "/api/v1"
INTERNAL = re.compile(
    r"traceback|asyncpg|sqlalchemy|\.py\b|errno|connection refused|\.s\.pgsql"
    r"|groundrules_|postgresql\+",
    re.IGNORECASE,
)
PATHS = ("/books/", "/users/me", "/loans/")


@asynccontextmanager
async def behind_a_way(app: App, database: Database) -> AsyncIterator[tuple[App, Proxy]]:
    """Give the application in another process, whose way to the database can be closed."""
    async with (
        database.proxy() as way,
        app.started(DATABASE_URL=way.url_for(database.name)) as other,
    ):
        yield other, way


@task("08.8")
async def test_a_database_that_is_away_is_a_503_until_it_is_back(
    app: App, database: Database, reader: Person
) -> None:
    me = f"{API}/users/me"
    form = {"username": reader.email, "password": reader.password, "grant_type": "password"}
    async with behind_a_way(app, database) as (other, way):
        before = await other.get(me, headers=reader.headers)
        assert before.status_code == 200, "GET /users/me must answer 200 to who is logged in."
        await asyncio.sleep(0.1)  # the session of that request is closed after its answer

        await way.close()

        for path in PATHS:
            response = await other.get(API + path, headers=reader.headers)
            must_be_503(response, f"GET {path}", "while the database is away")
        response = await other.post(LOGIN, data=form)
        must_be_503(response, "POST /auth/token", "while the database is away")
        health = await other.get(f"{API}/health")
        said = health.json().get("database")
        assert (health.status_code, said) == (200, "unreachable"), (
            'GET /health must answer 200 and "database": "unreachable" while the database is away.'
        )

        await way.open()

        after = await other.get(me, headers=reader.headers)
        assert after.status_code == 200, (
            "GET /users/me must answer 200 once the database is back, without a restart."
        )


@task("08.8")
async def test_a_database_that_goes_in_the_middle_is_a_503(app: App, database: Database) -> None:
    async with behind_a_way(app, database) as (other, way), database.session() as session:
        before = await other.get(f"{API}/books/")  # the engine knows the server from now on
        assert before.status_code == 200, "GET /books/ must answer 200 to anybody."
        await asyncio.sleep(0.1)  # the session of that request is closed after its answer

        await session.execute("BEGIN; LOCK TABLE books")
        waiting = asyncio.create_task(other.get(f"{API}/books/"))
        for _ in range(250):
            if waiting.done() or await database.waiting():
                break
            await asyncio.sleep(0.02)
        await way.close()
        response = await waiting
        await session.execute("ROLLBACK")

        must_be_503(response, "GET /books/", "when the database goes away while it is asked")


@task("08.8")
async def test_a_server_that_does_not_let_us_in_is_a_503(app: App, database: Database) -> None:
    async with (
        database.proxy() as way,
        app.started(DATABASE_URL=way.url_for("nowhere")) as other,
    ):
        response = await other.get(f"{API}/books/")

    must_be_503(response, "GET /books/", "where DATABASE_URL names a database that does not exist")


@task("08.8")
async def test_what_is_no_lost_connection_is_an_error_of_ours(app: App, database: Database) -> None:
    before = await app.get(f"{API}/books/")
    assert before.status_code == 200, "GET /books/ must answer 200 to anybody."

    await database.execute("ALTER TABLE books RENAME TO books_renamed")
    try:
        response = await app.get(f"{API}/books/")
    finally:
        await database.execute("ALTER TABLE books_renamed RENAME TO books")

    assert response.status_code != 503, (
        "GET /books/ answers 503 to a statement that fails because its table has another name. The "
        "database is there, so the client must not be told to try again: raise the error again."
    )


def must_be_503(response: Response, asked: str, when: str) -> None:
    assert response.status_code == 503, f"{asked} must answer 503 {when}."
    body = response.json()
    assert isinstance(body, dict), f"The 503 of {asked} must be a JSON object."
    assert isinstance(body.get("detail"), str), (
        f'The 503 of {asked} must have a body like {{"detail": "…"}}.'
    )
    told = INTERNAL.search(response.text)
    assert told is None, (
        f"The 503 of {asked} tells everybody what goes on inside: {told[0] if told else ''}."
    )
