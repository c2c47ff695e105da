"""Task 08.6: what only librarians may do."""

from typing import Any, Protocol

import pytest

from groundrules.testing import task
from groundrules.testing.app import App
from groundrules.testing.library import Library
from groundrules.testing.people import Person
from groundrules.testing.samples import Samples

API = "/api/v1"
NOBODY = 2**40  # an id that no row has
USER_ROUTES = [("GET", "/users/", 200), ("GET", "/users/{id}", 200), ("DELETE", "/users/{id}", 204)]
BOOK_ROUTES = [
    ("POST", "/books/", 201),
    ("PUT", "/books/{id}", 200),
    ("PATCH", "/books/{id}", 200),
    ("DELETE", "/books/{id}", 204),
]


ENDS = {"is_librarian = false": 403, "is_active = false": 401}


class Access(Protocol):
    async def needs_librarian(
        self, method: str, path: str, json: Any = None, **ids: int
    ) -> None: ...


@task("08.6", "librarian-403", "librarian-401")
@pytest.mark.parametrize(("method", "path", "success"), USER_ROUTES)
async def test_only_a_librarian_may_see_and_delete_users(
    access: Access, library: Library, librarian: Person, method: str, path: str, success: int
) -> None:
    user = await library.user()
    before = await library.read(user)

    await access.needs_librarian(method, path, id=user.id)

    assert await library.read(user) == before, f"{method} {path} rejects a reader too late."
    response = await librarian.request(method, API + path.format(id=user.id))
    assert response.status_code == success, f"{method} {path} must return {success} to a librarian."


@task("08.6", "librarian-403", "librarian-401")
@pytest.mark.parametrize(("method", "path", "success"), BOOK_ROUTES)
async def test_only_a_librarian_may_change_books(
    access: Access,
    library: Library,
    samples: Samples,
    librarian: Person,
    method: str,
    path: str,
    success: int,
) -> None:
    book = await library.book()
    json = a_body(samples, method, path)
    before = await library.read(book)

    await access.needs_librarian(method, path, json, id=book.id)

    assert await library.read(book) == before, f"{method} {path} rejects a reader too late."
    assert await library.count("books") == 1, f"{method} {path} rejects a reader too late."
    response = await librarian.request(method, API + path.format(id=book.id), json=json)
    assert response.status_code == success, f"{method} {path} must return {success} to a librarian."


@task("08.6", "librarian-403", "librarian-401", "librarian-each-time", "active-each-time")
@pytest.mark.parametrize("change", list(ENDS))
async def test_who_is_no_librarian_any_more_may_do_nothing(
    library: Library, samples: Samples, librarian: Person, change: str
) -> None:
    book, user = await library.book(), await library.user()
    wanted = ENDS[change]
    before = [await library.read(book), await library.read(user)]
    await library.database.execute(f"UPDATE users SET {change} WHERE id = $1", librarian.id)

    for method, path, _ in USER_ROUTES + BOOK_ROUTES:
        row = user if path.startswith("/users") else book
        response = await librarian.request(
            method, API + path.format(id=row.id), json=a_body(samples, method, path)
        )
        assert response.status_code == wanted, (
            f"{method} {path} must return {wanted} to a librarian after `{change}`, even with an "
            f"older token; it returns {response.status_code}."
        )

    assert [await library.read(book), await library.read(user)] == before, (
        f"A librarian's request after `{change}` is rejected, but it changes the library."
    )


@task("08.6", "before-404", "librarian-401", "librarian-403")
@pytest.mark.parametrize(
    ("method", "path"), [route[:2] for route in USER_ROUTES + BOOK_ROUTES if "{id}" in route[1]]
)
async def test_who_may_not_ask_is_not_told_what_is_there(
    app: App,
    library: Library,
    samples: Samples,
    reader: Person,
    librarian: Person,
    method: str,
    path: str,
) -> None:
    there = await (library.user() if path.startswith("/users") else library.book())
    json = a_body(samples, method, path)

    url = API + path.format(id=NOBODY)
    answers = {
        "401 without a token": await app.request(method, url, json=json),
        "403 to a user who is not a librarian": await reader.request(method, url, json=json),
    }
    response = await librarian.request(method, url, json=json)

    for wanted, answer in answers.items():
        assert str(answer.status_code) == wanted[:3], (
            f"{method} {path} must return {wanted} even if there is no such id: authentication "
            "comes first."
        )
    assert response.status_code == 404, (
        f"{method} {path} must return 404 to a librarian if there is no such id."
    )

    for person in (app, reader):
        told = {
            (await person.request(method, API + path.format(id=number), json=json)).text.replace(
                str(number), "{id}"
            )
            for number in (NOBODY, there.id)
        }
        assert len(told) == 1, (
            f"{method} {path} must return the same for an id that exists and for one that does "
            f"not; {' and '.join(sorted(told))} reveal which exist."
        )


@task("08.6", "anyone")
async def test_anybody_may_sign_up_and_look_for_books(
    app: App, library: Library, samples: Samples, librarian: Person
) -> None:
    book = await library.book()
    sign_up = {
        "email": samples.email(),
        "password": samples.password(),
        "full_name": samples.name(),
    }
    users = (await librarian.get(f"{API}/users/")).json()

    answers = {
        ("POST", "/users/"): (201, await app.post(f"{API}/users/", json=sign_up)),
        ("GET", "/books/"): (200, await app.get(f"{API}/books/")),
        ("GET", "/books/{id}"): (200, await app.get(f"{API}/books/{book.id}")),
        ("GET", "/health"): (200, await app.get(f"{API}/health")),
    }

    assert users.get("total") == 1, "GET /users/ must list the users to a librarian."
    for (method, path), (status, response) in answers.items():
        assert response.status_code == status, (
            f"{method} {path} must return {status} to anybody, without a token; it returns "
            f"{response.status_code}."
        )


def a_body(samples: Samples, method: str, path: str) -> dict[str, Any] | None:
    """Return what a request with this method sends."""
    new = {
        "isbn": samples.isbn(),
        "title": samples.title(),
        "author": samples.name(),
        "copies": samples.numbers.randint(1, 9),
    }
    if path.startswith("/users"):
        return None
    bodies: dict[str, dict[str, Any]] = {
        "POST": new,
        "PUT": new,
        "PATCH": {"title": samples.title()},
    }
    return bodies.get(method)
