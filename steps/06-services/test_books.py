"""Task 06.4: books, and how many of them are available."""

from typing import Any

import pytest

from groundrules.testing import demand, task
from groundrules.testing.app import App
from groundrules.testing.calls import Call
from groundrules.testing.database import Database
from groundrules.testing.library import Library
from groundrules.testing.races import at_once
from groundrules.testing.refused import must_be_refused, must_go_on
from groundrules.testing.returned import as_answer, fail_after
from groundrules.testing.samples import Samples
from groundrules.worker.errors import Raised

FIELDS = ("isbn", "title", "author", "published_year", "copies")
ADDED_ELSEWHERE = """
INSERT INTO books (isbn, title, author, copies, created_at, updated_at)
VALUES ('{}', 'A title', 'Somebody', 1, now(), now())
"""


@pytest.fixture
def book_in(samples: Samples) -> dict[str, Any]:
    return {
        "isbn": samples.isbn(),
        "title": samples.title(),
        "author": samples.name(),
        "published_year": samples.year(),
        "copies": samples.numbers.randint(1, 9),
    }


@task("06.4", "available", "committed", "readable", "signatures")
async def test_a_book_is_added(app: App, database: Database, book_in: dict[str, Any]) -> None:
    with app.accepts("A new book"):
        made = await as_answer(app.schemas.book.BookResponse, create(app, book_in))

    found = await database.fetch("SELECT * FROM books")
    assert len(found) == 1, (
        f"book_service.create() must add one row to books and commit; there are {len(found)}."
    )
    assert made.id == found[0]["id"], "book_service.create() must return the book that it created."
    for field in FIELDS:
        assert found[0][field] == book_in[field], (
            f"A book added with the {field} {book_in[field]!r} must have it, not {found[0][field]!r}."
        )
    assert made.available == book_in["copies"], (
        f"A new book of {book_in['copies']} copies must have all of them available, not "
        f"{made.available}."
    )


@task("06.4", "committed")
async def test_a_book_that_is_added_stays_whatever_happens_next(
    app: App, library: Library, book_in: dict[str, Any]
) -> None:
    await fail_after(app, create(app, book_in))

    assert await library.count("books") == 1, (
        "book_service.create() must commit: an error later in the same request undid it."
    )


@task("06.4", "isbn-taken", "rejected")
async def test_an_isbn_that_is_taken_is_refused(
    app: App, library: Library, book_in: dict[str, Any]
) -> None:
    book = await library.book()

    with app.refuses(
        "IsbnTaken", message=f"A second book with the ISBN {book.isbn} must be rejected."
    ):
        await create(app, {**book_in, "isbn": book.isbn})

    assert await library.count("books") == 1, "A book that is rejected must add no row."


@task("06.4", "in-a-transaction")
async def test_a_session_may_have_been_asked_before(
    app: App, library: Library, book_in: dict[str, Any]
) -> None:
    there = await library.book()
    asked = app.services.book_service.get(book_id=there.id)

    found, made = await app.in_one_session(asked, create(app, book_in))

    if isinstance(found, Raised):
        raise found
    if isinstance(made, Raised):
        what = "A new book in a session that has sent a query before, as in a dependency,"
        raise Raised(made.failure, made.doing, refused=what)
    assert await library.count("books") == 2, (
        "book_service.create() must commit even if the session has sent a query before."
    )


@task("06.4", "usable-afterwards", "isbn-taken")
async def test_after_a_refusal_the_session_can_be_used(
    app: App,
    database: Database,
    library: Library,
    book_in: dict[str, Any],
    samples: Samples,
) -> None:
    other = {**book_in, "isbn": samples.isbn()}
    outcomes = []

    async def add_both() -> None:
        outcomes.extend(await app.in_one_session(create(app, book_in), create(app, other)))

    await at_once(database, add_both(), holding=ADDED_ELSEWHERE.format(book_in["isbn"]))

    refused, made = outcomes
    assert isinstance(refused, Raised), (
        "A book whose ISBN another call has just taken must be rejected with IsbnTaken; it is not."
    )
    if "IsbnTaken" not in refused.failure.kinds:
        raise Raised(refused.failure, refused.doing, instead_of="IsbnTaken")
    if isinstance(made, Raised):
        raise AssertionError(
            "After book_service.create() has raised IsbnTaken, its session must be usable: "
            f"the next call raised {made.failure.kind}. Roll back before you raise."
        )
    assert await library.count("books") == 2, (
        "After book_service.create() has raised IsbnTaken, the next book in the same session "
        "must be committed."
    )


@task("06.4", "book-or-none", "signatures")
async def test_a_book_is_found_by_id(app: App, library: Library) -> None:
    book, _ = await library.books(2)

    found = await app.services.book_service.get(book_id=book.id)
    none = await app.services.book_service.get(book_id=book.id + 1000)

    assert getattr(found, "id", None) == book.id, (
        f"book_service.get() must return the book with that id, not {found!r}."
    )
    assert none is None, (
        f"book_service.get() must return None if there is no such book, not {none!r}."
    )


@task("06.4", "available", "counted-in-the-table")
async def test_what_is_available_is_what_is_not_out(app: App, library: Library) -> None:
    users = [await library.user() for _ in range(3)]
    book, other = await library.books(2, copies=3)
    await library.loan(users[0], book, returned=True)
    await library.loan(users[0], other)

    for out, user in enumerate(users, start=1):
        await library.loan(user, book)
        call = app.services.book_service.get(book_id=book.id)
        told = await as_answer(app.schemas.book.BookResponse, call)
        assert told.available == 3 - out, (
            f"Of 3 copies, with {out} out, {3 - out} must be available, not {told.available}: "
            "only open loans of this book count."
        )


@task("06.4", "book-deleted", "counted-in-the-table")
async def test_a_book_goes_with_the_loans_that_are_over(app: App, library: Library) -> None:
    user = await library.user()
    book, other = await library.books(2)
    loan = await library.loan(user, book, returned=True)
    others_loan = await library.loan(user, other, returned=True)

    with app.accepts("The deletion of a book with no copy out"):
        await app.services.book_service.delete(book=book)

    assert await library.read(book) is None, (
        "book_service.delete() must delete the book, and commit."
    )
    assert await library.read(loan) is None, (
        "The returned loans of a deleted book must be deleted too."
    )
    for row in (other, others_loan, user):
        assert await library.read(row) is not None, (
            "book_service.delete() must not touch other books, their loans and the users."
        )


@task("06.4", "book-is-out", "counted-in-the-table")
async def test_a_book_that_is_out_stays(app: App, library: Library) -> None:
    user, book = await library.user(), await library.book(copies=3)
    over = await library.loan(user, book, returned=True)
    await library.loan(user, book)

    with app.refuses(
        "HasOpenLoans", message="The deletion of a book with a copy out must be rejected."
    ):
        await app.services.book_service.delete(book=book)

    assert await library.read(book) is not None, "A book with a copy out must stay."
    assert await library.read(over) is not None, (
        "A deletion that is rejected must keep all loans of the book, including the returned ones."
    )


@task("06.4", "not-written-later", "usable-afterwards", "book-is-out")
async def test_a_deletion_that_is_refused_is_not_done_later(
    app: App, library: Library, book_in: dict[str, Any]
) -> None:
    user, book = await library.user(), await library.book(copies=2)
    over = await library.loan(user, book, returned=True)
    await library.loan(user, book)
    refused = app.services.book_service.delete(book=book)

    first, second = await app.in_one_session(refused, create(app, book_in))

    with demand("book-is-out"):
        must_be_refused(first, "HasOpenLoans", "The deletion of a book with a copy out")
    must_go_on(second, "HasOpenLoans", "book_service.delete()")
    assert await library.database.fetchval(
        "SELECT count(*) FROM books WHERE isbn = $1", book_in["isbn"]
    ), (
        "After book_service.delete() has raised HasOpenLoans, the next book in the same session must "
        "be committed."
    )
    for row in (book, over):
        assert await library.read(row) is not None, (
            "The change that book_service.delete() rejected with HasOpenLoans was committed by "
            "the next call in the same session: delete nothing before all checks are done, or "
            "roll back before you raise."
        )


@task("06.4", "committed", "book-deleted")
async def test_a_deletion_stays_whatever_happens_next(app: App, library: Library) -> None:
    book = await library.book()

    await fail_after(app, app.services.book_service.delete(book=book))

    assert await library.read(book) is None, (
        "book_service.delete() must commit: an error later in the same request undid it."
    )


def create(app: App, book_in: dict[str, Any]) -> Call:
    return app.services.book_service.create(obj_in=app.schemas.book.BookCreate(**book_in))
