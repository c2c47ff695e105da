"""Task 07.6: replace, or change."""

from typing import Any

import pytest

from groundrules.testing import demand, task
from groundrules.testing.answers import INVALID, must_answer, must_refuse, must_show
from groundrules.testing.app import Response
from groundrules.testing.database import Database
from groundrules.testing.library import Library
from groundrules.testing.people import People
from groundrules.testing.races import at_once, seen_with
from groundrules.testing.samples import Samples
from groundrules.testing.values import Row

BOOKS = "/api/v1/books"
GIVEN = ("isbn", "title", "author", "published_year", "copies")
FIELDS = ("id", *GIVEN, "available", "created_at", "updated_at")
both = pytest.mark.parametrize("method", ["PUT", "PATCH"])


@pytest.fixture
def wanted(samples: Samples) -> dict[str, Any]:
    """A body that says everything about a book."""
    return {
        "isbn": samples.isbn(),
        "title": samples.title(),
        "author": samples.name(),
        "published_year": samples.year(),
        "copies": samples.numbers.randint(10, 99),
    }


@task("07.6", "changed-book", "put-replaces", "patch-given", "available", "stored")
@both
async def test_a_change_of_everything_is_stored_and_shown(
    people: People, library: Library, database: Database, wanted: dict[str, Any], method: str
) -> None:
    librarian = await people.librarian()
    book, other = await library.book(copies=3), await library.book()
    await library.loan(await library.user(), book)

    answer, stored = await seen_with(
        database,
        "books",
        librarian.request(method, f"{BOOKS}/{book.id}", json=wanted),
        lambda: library.read(book),
    )

    must_answer(answer, 200, to="a change of everything")
    with demand("stored"):
        assert stored is None or stored["title"] != book.title, (
            f"{method} returns 200, but the table books has the old title still. The service must "
            "commit before the handler returns."
        )
    await must_be(library, book, wanted, f"{method} with all fields", must_show(answer, FIELDS))
    left = wanted["copies"] - 1
    assert answer.json()["available"] == left, (
        f"{method} sets {wanted['copies']} copies, of which one is out, so {left} are available; "
        f"it returns {answer.json()['available']!r}."
    )
    await must_be(library, other, other.values, f"{method} of another book")


@task("07.6", "put-replaces")
async def test_put_empties_the_year_that_is_not_given(
    people: People, library: Library, wanted: dict[str, Any]
) -> None:
    librarian, book = await people.librarian(), await library.book()
    del wanted["published_year"]

    answer = await librarian.put(f"{BOOKS}/{book.id}", json=wanted)

    must_answer(answer, 200, to="all fields but published_year")
    shown = must_show(answer, FIELDS)
    await must_be(
        library, book, {**wanted, "published_year": None}, "PUT without published_year", shown
    )


@task("07.6", "put-whole", "rejected")
async def test_put_takes_the_whole_book_only(
    people: People, library: Library, wanted: dict[str, Any]
) -> None:
    librarian, book = await people.librarian(), await library.book()
    whole = await librarian.put(f"{BOOKS}/{book.id}", json={**wanted, **given(book)})
    must_answer(whole, 200, to="all fields of a book")

    for left_out in ("isbn", "title", "author", "copies"):
        others = {name: value for name, value in wanted.items() if name != left_out}

        answer = await librarian.put(f"{BOOKS}/{book.id}", json=others)

        must_refuse(answer, *INVALID, to=f"a book without {left_out}")
        await must_be(library, book, book.values, f"PUT without {left_out}, which is rejected,")


@task("07.6", "body-of-the-schema", "rejected")
@both
async def test_a_change_needs_a_body(people: People, library: Library, method: str) -> None:
    librarian, book = await people.librarian(), await library.book()

    for what, body in (("no body", b""), ("null", b"null"), ("a list", b"[]")):
        answer = await librarian.request(
            method, f"{BOOKS}/{book.id}", content=body, headers={"Content-Type": "application/json"}
        )

        must_refuse(answer, *INVALID, to=what)
        await must_be(library, book, book.values, f"{method} with {what}, which is rejected,")


@task("07.6", "patch-given")
@pytest.mark.parametrize("field", GIVEN)
async def test_patch_changes_what_is_given_and_nothing_else(
    people: People, library: Library, wanted: dict[str, Any], field: str
) -> None:
    librarian, book = await people.librarian(), await library.book()

    answer = await librarian.patch(f"{BOOKS}/{book.id}", json={field: wanted[field]})

    must_answer(answer, 200, to=f"a change of {field}")
    after = {**given(book), field: wanted[field]}
    await must_be(library, book, after, f"PATCH with {field} alone", must_show(answer, FIELDS))


@task("07.6", "patch-given", "available")
async def test_no_copies_are_a_number_too(people: People, library: Library) -> None:
    librarian, book = await people.librarian(), await library.book(copies=3)

    answer = await librarian.patch(f"{BOOKS}/{book.id}", json={"copies": 0})

    must_answer(answer, 200, to="a change of copies to 0")
    shown = must_show(answer, FIELDS)
    await must_be(library, book, {**given(book), "copies": 0}, "PATCH with copies 0", shown)


@task("07.6", "available", "changed-book")
@both
async def test_a_loan_that_comes_meanwhile_counts(
    people: People, library: Library, database: Database, wanted: dict[str, Any], method: str
) -> None:
    librarian, user, book = await people.librarian(), await library.user(), await library.book()
    answers: list[Response] = []

    async def change() -> None:
        answers.append(await librarian.request(method, f"{BOOKS}/{book.id}", json=wanted))

    held = f"SELECT id FROM books WHERE id = {book.id} FOR NO KEY UPDATE"
    await at_once(database, change(), library.loan(user, book), holding=held)

    must_answer(answers[0], 200, to="a change of everything")
    left = wanted["copies"] - 1
    assert answers[0].json()["available"] == left, (
        f"{method} sets {wanted['copies']} copies, of which one was borrowed while it waited for the row, "
        f"so {left} are available; it returns {answers[0].json()['available']!r}."
    )


@task("07.6", "patch-given")
async def test_patch_with_nothing_changes_nothing(people: People, library: Library) -> None:
    librarian, book = await people.librarian(), await library.book()

    answer = await librarian.patch(f"{BOOKS}/{book.id}", json={})

    must_answer(answer, 200, to="a change without any field")
    await must_be(library, book, book.values, "PATCH with nothing", must_show(answer, FIELDS))


@task("07.6", "patch-null", "patch-no-null")
async def test_patch_tells_null_from_not_given(people: People, library: Library) -> None:
    librarian, book = await people.librarian(), await library.book()

    answer = await librarian.patch(f"{BOOKS}/{book.id}", json={"published_year": None})

    must_answer(answer, 200, to="a published_year of null")
    emptied = {**given(book), "published_year": None}
    shown = must_show(answer, FIELDS)
    await must_be(library, book, emptied, "PATCH with a published_year of null", shown)
    for field in ("isbn", "title", "author", "copies"):
        refused = await librarian.patch(f"{BOOKS}/{book.id}", json={field: None})

        must_refuse(refused, *INVALID, to=f"a change in which {field} is null")
        await must_be(library, book, emptied, f"PATCH with null for {field}, which is rejected,")


@task("07.6", "body-of-the-schema", "own-isbn")
@both
async def test_a_change_that_cannot_be_is_refused(
    people: People, library: Library, wanted: dict[str, Any], method: str
) -> None:
    librarian, book = await people.librarian(), await library.book()
    same = await librarian.request(method, f"{BOOKS}/{book.id}", json=given(book))
    with demand("own-isbn"):
        must_answer(same, 200, to="a book without any change")

    for what, fields in (
        ("an isbn with letters", {"isbn": "978-ABC"}),
        ("a blank title", {"title": " "}),
        ("an author with a NUL", {"author": "A\0"}),
        ("the published_year 0", {"published_year": 0}),
        ("10**400 copies", {"copies": 10**400}),
        ("the field id", {"id": book.id}),
        ("the field available", {"available": 5}),
    ):
        answer = await librarian.request(method, f"{BOOKS}/{book.id}", json={**wanted, **fields})

        must_refuse(answer, *INVALID, to=f"a change with {what}")
    await must_be(library, book, book.values, f"{method} with an invalid body")


@task("07.6", "isbn-of-another", "too-few-copies", "detail")
@both
async def test_what_a_rule_of_the_library_forbids_is_400(
    people: People, library: Library, wanted: dict[str, Any], method: str
) -> None:
    librarian = await people.librarian()
    book, other = await library.book(copies=2), await library.book()
    for _ in range(2):
        await library.loan(await library.user(), book)

    taken = {**wanted, "isbn": other.isbn}
    answer = await librarian.request(method, f"{BOOKS}/{book.id}", json=taken)
    must_refuse(answer, 400, to="the ISBN of another book")
    too_few = {**wanted, "copies": 1}
    answer = await librarian.request(method, f"{BOOKS}/{book.id}", json=too_few)
    must_refuse(answer, 400, to="1 copy while two are out")

    await must_be(library, book, book.values, f"{method} with an invalid body")


@task("07.6", "change-of-nothing", "odd-book-ids", "put-creates-nothing")
@both
async def test_a_book_that_is_not_there_is_404(
    people: People, library: Library, wanted: dict[str, Any], method: str
) -> None:
    librarian, book = await people.librarian(), await library.book()
    there = await librarian.request(method, f"{BOOKS}/{book.id}", json=wanted)
    must_answer(there, 200, to="the id of a book")

    free = {**wanted, "isbn": library.samples.isbn()}
    answer = await librarian.request(method, f"{BOOKS}/{book.id + 1000}", json=free)
    with demand("put-creates-nothing" if answer.status_code < 300 else "change-of-nothing"):
        must_refuse(answer, 404, to="an id that no book has")
    for wrong in ("0", f"{2**63}", "emma", "%00"):
        answer = await librarian.request(method, f"{BOOKS}/{wrong}", json=wanted)
        must_refuse(answer, *INVALID, 404, to="an invalid id")
    with demand("put-creates-nothing"):
        assert await library.count("books") == 1, (
            f"{method} of a book that does not exist must not add one."
        )


@task("07.6", "changed-meanwhile")
@both
async def test_a_book_that_is_deleted_meanwhile_is_404(
    people: People, library: Library, database: Database, wanted: dict[str, Any], method: str
) -> None:
    librarian, book = await people.librarian(), await library.book()
    there = await librarian.request(method, f"{BOOKS}/{book.id}", json=wanted)
    must_answer(there, 200, to="the id of a book")
    answers: list[Response] = []

    async def change() -> None:
        answers.append(await librarian.request(method, f"{BOOKS}/{book.id}", json=wanted))

    await at_once(database, change(), holding=f"DELETE FROM books WHERE id = {book.id}")

    must_refuse(answers[0], 404, to="a change of a book that another request has just deleted")


def given(book: Row) -> dict[str, Any]:
    return {field: book.values[field] for field in GIVEN}


async def must_be(
    library: Library,
    book: Row,
    wanted: dict[str, Any],
    after: str,
    shown: dict[str, Any] | None = None,
) -> None:
    """Fail unless the database has these values, and the answer shows them if there is one."""
    stored = await library.read(book)
    assert stored is not None, f"After {after} the book is gone from the table books."
    for field in ("id", *GIVEN):
        value = wanted.get(field, book.id)
        assert stored[field] == value, (
            f"After {after} the table books must have the {field} {value!r}; "
            f"it has {stored[field]!r}."
        )
        assert shown is None or shown[field] == value, (
            f"The response to {after} must show the {field} {value!r}; it shows {shown[field]!r}."
        )
