"""Task 08.8: when the database is away."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from groundrules.testing import demand, task
from groundrules.testing.app import App, Response
from groundrules.testing.database import Database
from groundrules.testing.library import Library
from groundrules.testing.people import LOGIN, Person
from groundrules.testing.proxy import Proxy
from groundrules.testing.samples import Samples

API = "/api/v1"
INTERNAL = re.compile(
    r"traceback|asyncpg|sqlalchemy|\.py\b|errno|connection refused|\.s\.pgsql"
    r"|groundrules_|postgresql\+|\b(?:interface|operational|internal|dbapi|os|timeout|postgres)error\b"
    r"|\b(?:connection\w*|filenotfound|invalidcatalogname|cannotconnectnow)error\b",
    re.IGNORECASE,
)
ROUTES = (
    ("POST", "/users/"),
    ("GET", "/users/"),
    ("GET", "/users/me"),
    ("PATCH", "/users/me"),
    ("GET", "/users/1"),
    ("DELETE", "/users/1"),
    ("GET", "/books/"),
    ("POST", "/books/"),
    ("GET", "/books/1"),
    ("PUT", "/books/1"),
    ("PATCH", "/books/1"),
    ("DELETE", "/books/1"),
    ("GET", "/loans/"),
    ("POST", "/loans/"),
    ("GET", "/loans/1"),
    ("POST", "/loans/1/return"),
)
WAITING_FOR = {
    "users": [("POST", "/users/"), ("GET", "/users/me")],
    "books": [
        ("GET", "/books/"),
        ("GET", "/books/{book}"),
        ("POST", "/books/"),
        ("PATCH", "/books/{book}"),
    ],
    "loans": [("GET", "/loans/"), ("POST", "/loans/{loan}/return")],
}


@asynccontextmanager
async def behind_a_way(app: App, database: Database) -> AsyncIterator[tuple[App, Proxy]]:
    """Give the application in another process, whose way to the database can be closed."""
    async with (
        database.proxy() as way,
        app.started(DATABASE_URL=way.url_for(database.name)) as other,
    ):
        yield other, way


@task("08.8", "away-503", "health-stays", "back-again", "no-internals")
async def test_a_database_that_is_away_is_a_503_until_it_is_back(
    app: App, database: Database, samples: Samples, reader: Person
) -> None:
    me = f"{API}/users/me"
    form = {"username": reader.email, "password": reader.password, "grant_type": "password"}
    async with behind_a_way(app, database) as (other, way):
        before = await other.get(me, headers=reader.headers)
        assert before.status_code == 200, (
            "GET /users/me must return 200 to a user who is logged in."
        )
        await asyncio.sleep(0.1)  # the session of that request is closed after its answer

        await way.close()

        for method, path in ROUTES:
            response = await other.request(
                method, API + path, headers=reader.headers, json=a_body(samples, method, path)
            )
            must_be_503(response, f"{method} {path}", "while the database is down")
        response = await other.post(LOGIN, data=form)
        must_be_503(response, "POST /auth/token", "while the database is down")
        health = await other.get(f"{API}/health")
        said = health.json().get("database")
        with demand("health-stays"):
            assert (health.status_code, said) == (200, "unreachable"), (
                'GET /health must return 200 and "database": "unreachable" while the database is down.'
            )

        await way.open()

        after = await other.get(me, headers=reader.headers)
        with demand("back-again"):
            assert after.status_code == 200, (
                "GET /users/me must return 200 once the database is back, without a restart."
            )
        await asyncio.sleep(0.1)
        await way.close()  # and nobody asks meanwhile
        await way.open()
        after = await other.get(me, headers=reader.headers)
        with demand("back-again"):
            assert after.status_code == 200, (
                "GET /users/me must return 200 once the database is back, even if no request came "
                "while it was down: have each connection of the pool tested before it is used."
            )


@task("08.8", "waiting-503", "no-internals")
@pytest.mark.parametrize("locked", list(WAITING_FOR))
async def test_a_database_that_goes_in_the_middle_is_a_503(
    app: App, database: Database, library: Library, samples: Samples, librarian: Person, locked: str
) -> None:
    book = await library.book()
    loan = await library.loan(librarian.row, await library.book())
    ids = {"book": book.id, "loan": loan.id}
    async with behind_a_way(app, database) as (other, way), database.session() as session:
        before = await other.get(f"{API}/books/")  # the engine knows the server from now on
        assert before.status_code == 200, "GET /books/ must return 200 to anybody."
        await asyncio.sleep(0.1)  # the session of that request is closed after its answer

        for method, path in WAITING_FOR[locked]:
            await session.execute(f"BEGIN; LOCK TABLE {locked}")
            waiting = asyncio.create_task(
                other.request(
                    method,
                    API + path.format(**ids),
                    headers=librarian.headers,
                    json=a_body(samples, method, path),
                )
            )
            for _ in range(250):
                if waiting.done() or await database.waiting():
                    break
                await asyncio.sleep(0.02)
            await way.close()
            response = await waiting
            await session.execute("ROLLBACK")
            await way.open()

            must_be_503(
                response,
                f"{method} {path}",
                ("when the database goes down while the request waits for it"),
            )


@task("08.8", "rejected-503", "no-internals")
async def test_a_server_that_does_not_let_us_in_is_a_503(
    app: App, database: Database, samples: Samples, reader: Person
) -> None:
    async with database.proxy() as way:
        right = way.url_for(database.name)
        role, _, server = right.removeprefix("postgresql+asyncpg://").partition("@")
        wrong = f"postgresql+asyncpg://{role.partition(':')[0]}:wrong@{server}"
        for url, when in (
            (way.url_for("nowhere"), "if there is no database of the name in DATABASE_URL"),
            (wrong, "if the password in DATABASE_URL is wrong"),
        ):
            async with app.started(DATABASE_URL=url) as other:
                for method, path in (("GET", "/books/"), ("POST", "/users/"), ("GET", "/users/me")):
                    response = await other.request(
                        method,
                        API + path,
                        headers=reader.headers,
                        json=a_body(samples, method, path),
                    )
                    must_be_503(response, f"{method} {path}", when)


@task("08.8", "still-500")
@pytest.mark.parametrize(
    ("method", "path", "table"),
    [
        ("GET", "/books/", "books"),
        ("POST", "/books/", "books"),
        ("POST", "/users/", "users"),
        ("GET", "/users/me", "users"),
        ("POST", "/loans/", "loans"),
        ("POST", "/auth/token", "users"),
    ],
)
async def test_what_is_no_lost_connection_is_an_error_of_ours(
    app: App,
    database: Database,
    samples: Samples,
    librarian: Person,
    method: str,
    path: str,
    table: str,
) -> None:
    before = await app.get(f"{API}/books/")
    assert before.status_code == 200, "GET /books/ must return 200 to anybody."
    form = {"username": librarian.email, "password": librarian.password}
    body = {"data": form} if API + path == LOGIN else {"json": a_body(samples, method, path)}

    await database.execute(f"ALTER TABLE {table} RENAME TO renamed")
    try:
        response = await app.request(method, API + path, headers=librarian.headers, **body)
    finally:
        await database.execute(f"ALTER TABLE renamed RENAME TO {table}")

    found = response.status_code
    assert found != 503, (
        f"{method} {path} returns 503 for a statement that fails because its table has another "
        "name. The database is up, so the client must not be told to try again: raise the error "
        "again."
    )
    assert found == 500, (
        f"{method} {path} must return 500 for a statement that fails because its table has "
        f"another name; it returns {found}. It is not the client's mistake: catch only the "
        "errors that you know."
    )


def a_body(samples: Samples, method: str, path: str) -> dict[str, Any] | None:
    """Return what a request sends that nothing is wrong with."""
    sign_up = {
        "email": samples.email(),
        "password": samples.password(),
        "full_name": samples.name(),
    }
    book = {
        "isbn": samples.isbn(),
        "title": samples.title(),
        "author": samples.name(),
        "copies": 1,
    }
    kind = (method, path.split("/")[1])
    bodies: dict[tuple[str, str], dict[str, Any] | None] = {
        ("POST", "users"): sign_up,
        ("PATCH", "users"): {"full_name": samples.name()},
        ("POST", "books"): book,
        ("PUT", "books"): book,
        ("PATCH", "books"): {"title": samples.title()},
        ("POST", "loans"): None if path.endswith("return") else {"book_id": 1},
    }
    return bodies.get(kind)


def must_be_503(response: Response, asked: str, when: str) -> None:
    assert response.status_code == 503, f"{asked} must return 503 {when}."
    body = response.json()
    assert isinstance(body, dict), f"The 503 of {asked} must be a JSON object."
    assert isinstance(body.get("detail"), str), (
        f'The 503 of {asked} must have a body like {{"detail": "…"}}.'
    )
    told = INTERNAL.search(response.text)
    with demand("no-internals"):
        assert told is None, f"The 503 of {asked} reveals internals: {told[0] if told else ''}."
