"""Task 06.8: many at once, with one email or one ISBN."""

from typing import Any

import pytest

from groundrules.testing import task, when_begun
from groundrules.testing.app import App
from groundrules.testing.calls import Call
from groundrules.testing.database import Database
from groundrules.testing.library import Library
from groundrules.testing.races import DONE, at_once, counted
from groundrules.testing.samples import Samples
from groundrules.testing.values import Row

USERS_HELD = "LOCK TABLE users IN SHARE MODE"  # all can be read, and nothing be written
BOOKS_HELD = "LOCK TABLE books IN SHARE MODE"


@task("06.8", "names-at-once")
@when_begun
async def test_sign_ups_with_one_email(app: App, database: Database, samples: Samples) -> None:
    email = samples.email()
    spellings = (email, email.upper(), email.title())

    endings = await at_once(
        database,
        *(sign_up(app, samples, spelling) for spelling in spellings),
        holding=USERS_HELD,
        refusals=["EmailTaken"],
    )

    assert sorted(endings) == ["EmailTaken"] * 2 + [DONE], (
        "When 3 users sign up with the same email at the same time, one must succeed, and 2 must "
        f"be rejected with EmailTaken. The result was: {counted(endings)}."
    )


@task("06.8", "names-at-once")
@when_begun
async def test_users_who_change_to_one_email(
    app: App, database: Database, library: Library, samples: Samples
) -> None:
    users, email = [await library.user() for _ in range(2)], samples.email()

    endings = await at_once(
        database,
        *(change_email(app, user, email) for user in users),
        holding=USERS_HELD,
        refusals=["EmailTaken"],
    )

    assert sorted(endings) == ["EmailTaken", DONE], (
        "When 2 users change to the same email at the same time, one must get it, and the other "
        f"must be rejected with EmailTaken. The result was: {counted(endings)}."
    )


@task("06.8", "names-at-once")
@when_begun
@pytest.mark.parametrize("service", ["create", "update", "replace"])
async def test_books_of_one_isbn(
    app: App, database: Database, library: Library, samples: Samples, service: str
) -> None:
    fields = {
        "isbn": samples.isbn(),
        "title": samples.title(),
        "author": samples.name(),
        "copies": 1,
    }
    books = await library.books(2)

    endings = await at_once(
        database,
        *(give_isbn(app, service, book, fields) for book in books),
        holding=BOOKS_HELD,
        refusals=["IsbnTaken"],
    )

    assert sorted(endings) == ["IsbnTaken", DONE], (
        f"When book_service.{service}() gives 2 books the same ISBN at the same time, one must "
        "get it, and the other must be rejected with IsbnTaken. The result was: "
        f"{counted(endings)}."
    )


def sign_up(app: App, samples: Samples, email: str) -> Call:
    user_in = app.schemas.user.UserCreate(
        email=email, password=samples.password(), full_name=samples.name()
    )
    return app.services.user_service.create(obj_in=user_in)


def change_email(app: App, user: Row, email: str) -> Call:
    obj_in = app.schemas.user.UserUpdate(email=email)
    return app.services.user_service.update(user=user, obj_in=obj_in)


def give_isbn(app: App, service: str, book: Row, fields: dict[str, Any]) -> Call:
    books = app.services.book_service
    if service == "update":
        return books.update(book=book, obj_in=app.schemas.book.BookUpdate(isbn=fields["isbn"]))
    whole = app.schemas.book.BookCreate(**fields)
    if service == "replace":
        return books.replace(book=book, obj_in=whole)
    return books.create(obj_in=whole)
