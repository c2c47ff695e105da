"""Task 08.7: borrowing over HTTP."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol

import pytest

from groundrules.testing import demand, task
from groundrules.testing.app import App, Response
from groundrules.testing.database import Database
from groundrules.testing.library import Library
from groundrules.testing.people import Person
from groundrules.testing.races import at_once, seen_with
from groundrules.testing.values import Row

LOANS = "/api/v1/loans/"
ASKED = f"POST {LOANS}"
AT_ONCE = 10
NOBODY = 2**40  # an id that no row has
FIELDS = {
    *("id", "user_id", "book_id", "borrowed_at", "due_at", "returned_at"),
    *("created_at", "updated_at"),
}


class Access(Protocol):
    async def needs_login(self, method: str, path: str, json: Any = None, **ids: int) -> None: ...


@task("08.7", "borrow", "borrower", "loans-stored")
async def test_who_is_logged_in_borrows_a_book(
    library: Library, database: Database, reader: Person
) -> None:
    book = await library.book()

    response, stored = await seen_with(
        database, "loans", borrow(reader, book.id), lambda: library.open_loans(reader.row)
    )

    assert response.status_code == 201, f"{ASKED} must return 201 to a user who borrows a book."
    shown = response.json()
    assert shown.keys() == FIELDS, (
        f"{ASKED} must have the fields of LoanResponse; it has {', '.join(sorted(shown))}."
    )
    with demand("borrower"):
        assert (shown["user_id"], shown["book_id"]) == (reader.id, book.id), (
            f"{ASKED} must lend the book to the user whom the token names."
        )
    assert shown["returned_at"] is None, f"{ASKED} must return an open loan."
    period = datetime.fromisoformat(shown["due_at"]) - datetime.fromisoformat(shown["borrowed_at"])
    assert period == timedelta(days=21), (
        f"A loan is for 21 days; the one of {ASKED} is for {period}."
    )
    with demand("loans-stored"):
        assert stored == 1, f"{ASKED} returns 201, but the database has no open loan of the user."


@task("08.7", "borrower")
async def test_nobody_borrows_for_somebody_else(library: Library, reader: Person) -> None:
    other, books = await library.user(), await library.books(2)

    await reader.post(f"{LOANS}?user_id={other.id}", json={"book_id": books[0].id})
    await reader.post(LOANS, json={"book_id": books[1].id, "user_id": other.id})

    assert await library.open_loans(other) == 0, (
        f"{ASKED} with the user_id of somebody else must not lend them a book."
    )


@task("08.7", "loans-401")
async def test_nobody_borrows_without_a_login(access: Access, library: Library) -> None:
    book = await library.book()

    await access.needs_login("POST", "/loans/", {"book_id": book.id})

    assert await library.count("loans") == 0, f"{ASKED} returns 401, but it lends the book."


@task("08.7", "borrow-404")
async def test_a_book_that_is_not_there_cannot_be_borrowed(reader: Person) -> None:
    response = await borrow(reader, NOBODY)

    assert response.status_code == 404, f"{ASKED} must return 404 if there is no such book."
    must_say_why(response)


@task("08.7", "borrow-400")
async def test_the_last_copy_is_lent_once(
    library: Library, reader: Person, librarian: Person
) -> None:
    book = await library.book(copies=1)
    await library.loan(librarian.row, book)

    await must_be_refused(reader, book, "if no copy is left")


@task("08.7", "borrow-400")
async def test_nobody_has_a_book_twice(library: Library, reader: Person) -> None:
    book = await library.book(copies=2)
    await library.loan(reader.row, book)

    await must_be_refused(reader, book, "to a user who has the book already")


@task("08.7", "borrow-400")
async def test_five_books_are_the_limit(library: Library, reader: Person) -> None:
    for book in await library.books(4):
        await library.loan(reader.row, book)
    fifth, sixth = await library.books(2)

    response = await borrow(reader, fifth.id)

    assert response.status_code == 201, f"{ASKED} must return 201 for the fifth book."
    await must_be_refused(reader, sixth, "for the sixth book of a user")


@task("08.7", "borrow")
@pytest.mark.parametrize(
    "body",
    [{}, {"book_id": None}, {"book_id": "x"}, {"book_id": 2**63}, {"book_id": 1, "user_id": 1}, []],
    ids=str,
)
async def test_a_body_that_is_none_is_refused(reader: Person, body: object) -> None:
    response = await reader.post(LOANS, json=body)

    assert response.status_code in (400, 422), f"{ASKED} must return 422 for {body}."


@task("08.7", "loan-returned")
async def test_a_book_that_came_back_can_be_borrowed_again(
    library: Library, reader: Person, librarian: Person
) -> None:
    book = await library.book(copies=1)
    loan = (await borrow(librarian, book.id)).json()

    returned = await librarian.post(f"{LOANS}{loan.get('id')}/return")
    response = await borrow(reader, book.id)

    assert (returned.status_code, response.status_code) == (200, 201), (
        f"After POST {LOANS}{{id}}/return, {ASKED} must lend the copy to another user."
    )


@task("08.7", "borrow-400")
async def test_many_who_want_the_last_copy_at_once_get_it_once(
    app: App,
    database: Database,
    library: Library,
    headers_of: Callable[[Row], dict[str, str]],
) -> None:
    book = await library.book(copies=1)
    headers = [headers_of(await library.user()) for _ in range(AT_ONCE)]
    answers: list[Response] = []

    async def ask(header: dict[str, str]) -> None:
        answers.append(await app.post(LOANS, json={"book_id": book.id}, headers=header))

    await at_once(database, *map(ask, headers), holding="LOCK TABLE loans IN SHARE MODE")

    codes = Counter(answer.status_code for answer in answers)
    assert codes == {201: 1, 400: AT_ONCE - 1}, (
        f"Of {AT_ONCE} users who borrow the last copy at once, one must get 201, and the others 400; "
        f"the status codes are {dict(codes)}."
    )
    assert await library.open_loans(book) == 1, "The last copy must be lent only once."


async def borrow(person: Person, book_id: int) -> Response:
    return await person.post(LOANS, json={"book_id": book_id})


async def must_be_refused(person: Person, book: Row, when: str) -> None:
    response = await borrow(person, book.id)
    assert response.status_code == 400, f"{ASKED} must return 400 {when}."
    must_say_why(response)


def must_say_why(response: Response) -> None:
    body = response.json()
    assert isinstance(body, dict), f"{ASKED} must say why it rejects a loan, in a JSON object."
    assert isinstance(body.get("detail"), str), (
        f'{ASKED} must say why it rejects a loan, in a body like {{"detail": "…"}}.'
    )
