"""Task 07.5: one book, added, shown and deleted."""

import json
from datetime import datetime
from typing import Any

import pytest

from groundrules.testing import demand, task
from groundrules.testing.answers import INVALID, must_answer, must_refuse, must_show
from groundrules.testing.app import App, Response
from groundrules.testing.database import Database
from groundrules.testing.library import Library
from groundrules.testing.people import People
from groundrules.testing.races import at_once, seen_with
from groundrules.testing.samples import Samples

BOOKS = "/api/v1/books"
GIVEN = ("isbn", "title", "author", "published_year", "copies")
FIELDS = ("id", *GIVEN, "available", "created_at", "updated_at")
JSON = {"Content-Type": "application/json"}
AT_ONCE = 8
HELD = "LOCK TABLE books IN SHARE MODE"  # all can be read, and nothing be written
NO_ID = ("0", "-1", f"{2**63}", "9" * 400, "9" * 5000, "1.5", "emma", "%00", "%ff")


@pytest.fixture
def book(samples: Samples) -> dict[str, Any]:
    """The body of a request that adds a book."""
    return {
        "isbn": samples.isbn(),
        "title": samples.title(),
        "author": samples.name(),
        "published_year": samples.year(),
        "copies": samples.numbers.randint(2, 99),
    }


@task("07.5", "book-added", "isbn-plain", "available", "whole-objects", "stored")
async def test_a_new_book_answers_201_with_the_book(
    people: People, database: Database, book: dict[str, Any]
) -> None:
    librarian = await people.librarian()
    isbn = book["isbn"]

    answer, stored = await seen_with(
        database,
        "books",
        librarian.post(f"{BOOKS}/", json={**book, "isbn": f"{isbn[:3]}-{isbn[3:]}"}),
        lambda: database.fetchrow("SELECT * FROM books"),
    )

    must_answer(answer, 201, to="a new book")
    shown = must_show(answer, FIELDS)
    with demand("stored"):
        assert stored is not None, (
            f"POST {BOOKS}/ returns 201, but the table books is still empty. The service must commit "
            "before the handler returns."
        )
    for field in ("id", *GIVEN):
        wanted = book.get(field, stored[field])
        assert (shown[field], stored[field]) == (wanted, wanted), (
            f"POST {BOOKS}/ must store and show the {field} {wanted!r}; it stores "
            f"{stored[field]!r} and shows {shown[field]!r}."
        )
    assert shown["available"] == book["copies"], (
        f"All {book['copies']} copies of a new book are available; POST {BOOKS}/ shows "
        f"{shown['available']!r}."
    )
    for field in ("created_at", "updated_at"):
        assert datetime.fromisoformat(shown[field]).tzinfo is not None, (
            f"POST {BOOKS}/ must show {field} with its time zone; it shows {shown[field]!r}."
        )


@task("07.5", "book-added", "whole-objects", "book-shown")
async def test_a_year_that_is_not_known_is_shown_as_null(
    people: People, book: dict[str, Any]
) -> None:
    librarian = await people.librarian()
    del book["published_year"]

    added = await librarian.post(f"{BOOKS}/", json=book)
    must_answer(added, 201, to="a new book without published_year")
    shown = must_show(added, FIELDS)
    found = await librarian.get(f"{BOOKS}/{shown['id']}")

    years = (shown["published_year"], must_show(found, FIELDS)["published_year"])
    assert years == (None, None), (
        f"POST and GET must show an unknown published_year as null, not as {years}."
    )


@task("07.5", "isbn-taken")
async def test_an_isbn_that_is_taken_is_refused(
    people: People, library: Library, book: dict[str, Any]
) -> None:
    librarian = await people.librarian()
    must_answer(await librarian.post(f"{BOOKS}/", json=book), 201, to="a new book")

    answer = await librarian.post(f"{BOOKS}/", json=book)

    must_refuse(answer, 400, to="a new book whose ISBN is taken")
    assert await library.count("books") == 1, "The book must not be stored a second time."


@task("07.5", "eight-books-at-once", "detail")
async def test_of_many_books_with_one_isbn_one_is_taken(
    people: People, library: Library, database: Database, book: dict[str, Any]
) -> None:
    librarian = await people.librarian()
    answers: list[Response] = []

    async def add() -> None:
        answers.append(await librarian.post(f"{BOOKS}/", json=book))

    await at_once(database, *(add() for _ in range(AT_ONCE)), holding=HELD)

    codes = sorted(answer.status_code for answer in answers)
    assert codes == [201, *[400] * (AT_ONCE - 1)], (
        f"Of {AT_ONCE} new books with one ISBN at once, one must get 201, and the others 400; "
        f"the status codes are {', '.join(map(str, codes))}."
    )
    assert await library.count("books") == 1, "After that, the table books must have one row."
    with demand("detail"):
        for answer in answers:
            if answer.status_code == 400:
                must_refuse(answer, 400, to="a book with an ISBN that another one has just taken")


@task("07.5", "body-of-the-schema", "no-500")
async def test_a_book_that_cannot_be_is_refused(
    people: People, library: Library, samples: Samples, book: dict[str, Any]
) -> None:
    librarian = await people.librarian()
    last = int(book["isbn"][-1])
    wrong: dict[str, dict[str, Any]] = {
        "a wrong check digit": {"isbn": f"{book['isbn'][:-1]}{(last + 1) % 10}"},
        "a blank title": {"title": " "},
        "an author with a NUL": {"author": samples.name() + "\0"},
        "the published_year 10000": {"published_year": 10_000},
        "-1 copies": {"copies": -1},
        "2**63 copies": {"copies": 2**63},
        "10**400 copies": {"copies": 10**400},
        "copies of null": {"copies": None},
        "the field available": {"available": 1},
        "the field id": {"id": samples.numbers.randint(1, 100)},
    }
    bodies = {f"a new book with {what}": {**book, **fields} for what, fields in wrong.items()}
    for left_out in ("isbn", "title", "author", "copies"):
        others = {name: value for name, value in book.items() if name != left_out}
        bodies[f"a new book without {left_out}"] = others

    for what, body in bodies.items():
        must_refuse(await librarian.post(f"{BOOKS}/", json=body), *INVALID, to=what)
    for number in ("NaN", "1e999"):
        text = json.dumps(book)[:-1] + f', "copies": {number}}}'
        answer = await librarian.post(f"{BOOKS}/", content=text, headers=JSON)
        must_refuse(answer, *INVALID, to=f"a new book with {number} copies")

    stored = await library.count("books")
    assert stored == 0, f"A rejected book must not be stored; the table books has {stored} rows."


@task("07.5", "book-shown", "available")
async def test_anyone_sees_a_book_and_how_many_copies_are_left(app: App, library: Library) -> None:
    book, other = await library.book(copies=3), await library.book(copies=9)
    readers = [await library.user() for _ in range(3)]
    await library.loan(readers[0], book)
    await library.loan(readers[1], book)
    await library.loan(readers[2], book, returned=True)
    await library.loan(readers[0], other)

    answer = await app.get(f"{BOOKS}/{book.id}")

    must_answer(answer, 200, to="the id of a book")
    shown = must_show(answer, FIELDS)
    for field in ("id", *GIVEN):
        assert shown[field] == book.values[field], (
            f"GET {BOOKS}/{book.id} must show the book's {field}, {book.values[field]!r}; "
            f"it shows {shown[field]!r}."
        )
    assert shown["available"] == 1, (
        "Of 3 copies two are out and one was returned, so 1 is available; "
        f"GET {BOOKS}/{book.id} shows {shown['available']!r}."
    )


@task("07.5", "available", "book-shown")
async def test_what_is_available_follows_the_loans(
    app: App, library: Library, database: Database
) -> None:
    book, reader = await library.book(copies=1), await library.user()

    found = []
    for change in (
        None,
        "INSERT INTO loans (user_id, book_id, borrowed_at, due_at, created_at, updated_at)"
        " VALUES ($1, $2, now(), now() + interval '21 days', now(), now())",
        "UPDATE loans SET returned_at = now() WHERE user_id = $1 AND book_id = $2",
    ):
        if change is not None:
            await database.execute(change, reader.id, book.id)
        answer = await app.get(f"{BOOKS}/{book.id}")
        must_answer(answer, 200, to="the id of a book")
        found.append(must_show(answer, FIELDS)["available"])

    assert found == [1, 0, 1], (
        "Of one copy 1 is available, 0 while it is out, and 1 when it is back; "
        f"GET {BOOKS}/{book.id} shows {found}."
    )


@task("07.5", "no-such-book")
async def test_a_book_that_is_not_there_is_404(people: People, library: Library) -> None:
    librarian, book = await people.librarian(), await library.book()
    there = await librarian.get(f"{BOOKS}/{book.id}")
    must_answer(there, 200, to="the id of a book")

    for method in ("GET", "DELETE"):
        for number in (book.id + 1000, 2**63 - 1):
            answer = await librarian.request(method, f"{BOOKS}/{number}")

            must_refuse(answer, 404, to="an id that no book has")


@task("07.5", "odd-book-ids")
async def test_what_cannot_be_an_id_is_refused(people: People, library: Library) -> None:
    librarian, book = await people.librarian(), await library.book()
    there = await librarian.get(f"{BOOKS}/{book.id}")
    must_answer(there, 200, to="the id of a book")

    for method in ("GET", "DELETE"):
        for wrong in NO_ID:
            answer = await librarian.request(method, f"{BOOKS}/{wrong}")

            must_refuse(answer, *INVALID, 404, to="an invalid id")


@task("07.5", "book-deleted", "book-deleted-twice", "stored")
async def test_a_book_is_deleted(people: People, library: Library, database: Database) -> None:
    librarian = await people.librarian()
    book, other = await library.book(), await library.book()
    await library.loan(await library.user(), book, returned=True)

    answer, left = await seen_with(
        database,
        "books",
        librarian.delete(f"{BOOKS}/{book.id}"),
        lambda: library.read(book),
    )

    must_answer(answer, 204, to="the deletion of a book")
    assert answer.content == b"", f"DELETE {BOOKS}/{book.id} must return an empty body."
    with demand("book-deleted" if left and await library.read(book) else "stored"):
        assert left is None, (
            f"DELETE {BOOKS}/{book.id} returns 204, but the book is still in the table books."
        )
    assert await library.read(other) is not None, (
        f"DELETE {BOOKS}/{book.id} must delete this book and no other."
    )
    again = await librarian.delete(f"{BOOKS}/{book.id}")
    with demand("book-deleted-twice"):
        must_refuse(again, 404, to="the deletion of a book that is gone")


@task("07.5", "book-is-out")
async def test_a_book_that_is_out_is_not_deleted(people: People, library: Library) -> None:
    librarian, book = await people.librarian(), await library.book()
    await library.loan(await library.user(), book)

    answer = await librarian.delete(f"{BOOKS}/{book.id}")

    must_refuse(answer, 400, to="the deletion of a book that is out")
    assert await library.read(book) is not None, (
        f"DELETE {BOOKS}/{book.id} returns 400, but the book is gone from the table books."
    )


@task("07.5", "book-deleted-meanwhile")
async def test_a_book_that_is_deleted_meanwhile_is_404(
    people: People, library: Library, database: Database
) -> None:
    librarian, book = await people.librarian(), await library.book()
    there = await librarian.get(f"{BOOKS}/{book.id}")
    must_answer(there, 200, to="the id of a book")
    answers: list[Response] = []

    async def delete() -> None:
        answers.append(await librarian.delete(f"{BOOKS}/{book.id}"))

    await at_once(database, delete(), holding=f"DELETE FROM books WHERE id = {book.id}")

    must_refuse(answers[0], 404, to="the deletion of a book that another request has just deleted")
