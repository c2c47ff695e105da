"""Task 08.7: whose loans these are."""

from typing import Any, Protocol

import pytest

from groundrules.testing import demand, task
from groundrules.testing.database import Database
from groundrules.testing.library import Library
from groundrules.testing.people import Person
from groundrules.testing.races import seen_with
from groundrules.testing.values import Row

LOANS = "/api/v1/loans/"
NOBODY = 2**40  # an id that no row has
FIELDS = {
    *("id", "user_id", "book_id", "borrowed_at", "due_at", "returned_at"),
    *("created_at", "updated_at"),
}


class Access(Protocol):
    async def needs_login(self, method: str, path: str, json: Any = None, **ids: int) -> None: ...


@pytest.fixture
async def loan(library: Library, reader: Person) -> Row:
    """An open loan of the reader's."""
    return await library.loan(reader.row, await library.book())


@pytest.fixture
async def other(library: Library) -> Row:
    """An open loan of somebody else's."""
    return await library.loan(await library.user(), await library.book())


@task("08.7", "loans-401")
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/loans/"), ("GET", "/loans/{id}"), ("POST", "/loans/{id}/return")]
)
async def test_loans_are_nobodys_business(
    access: Access, library: Library, loan: Row, method: str, path: str
) -> None:
    await access.needs_login(method, path, id=loan.id)
    await access.needs_login(method, path, id=NOBODY)

    assert await library.open_loans() == 1, f"{method} {path} returns 401, but it changes the loan."


@task("08.7", "loans-listed", "loans-total", "loans-page")
async def test_users_see_their_own_loans(
    library: Library, reader: Person, loan: Row, other: Row
) -> None:
    over = await library.loan(reader.row, await library.book(), returned=True)
    third = await library.loan(reader.row, await library.book())

    body = await listed(reader)
    most = await listed(reader, "?limit=100")

    assert most["limit"] == 100, f"GET {LOANS}?limit=100 must return the limit 100."
    lacking = [FIELDS - item.keys() for item in body["items"] if FIELDS - item.keys()]
    assert not lacking, (
        f"Each loan of GET {LOANS} must have all fields of LoanResponse, even those that are "
        f"null; one lacks {', '.join(sorted(lacking[0]))}."
    )
    found = [item["id"] for item in body["items"]]
    assert found == [loan.id, over.id, third.id], (
        f"GET {LOANS} must list the loans of the user whom the token names, open and returned, "
        f"ordered by id: {[loan.id, over.id, third.id]}; it lists {found}."
    )
    assert body["total"] == 3, (
        f"The total of GET {LOANS} must count the loans that this user may see: 2, "
        f"not {body['total']}."
    )


@task("08.7", "loans-listed", "loans-total")
async def test_librarians_see_all_loans(
    library: Library, librarian: Person, loan: Row, other: Row
) -> None:
    gone = await library.loan(await library.user(is_active=False), await library.book())
    over = await library.loan(await library.user(), await library.book(), returned=True)

    body = await listed(librarian)

    found = [item["id"] for item in body["items"]]
    assert (found, body["total"]) == ([loan.id, other.id, gone.id, over.id], 4), (
        f"GET {LOANS} must list all loans for a librarian, those that are over and those of users who "
        f"are not active, too; it lists {len(found)} of 4."
    )


@task("08.7", "loans-page")
async def test_loans_are_listed_in_pages(
    library: Library, reader: Person, loan: Row, other: Row
) -> None:
    second = await library.loan(reader.row, await library.book(), returned=True)

    page = await listed(reader, "?limit=1&offset=1")
    beyond = await listed(reader, "?offset=5")

    assert [item["id"] for item in page["items"]] == [second.id], (
        f"GET {LOANS}?limit=1&offset=1 must return only the second loan."
    )
    assert {name: page[name] for name in ("total", "limit", "offset")} == {
        "total": 2,
        "limit": 1,
        "offset": 1,
    }, f"GET {LOANS}?limit=1&offset=1 must return total 2, limit 1 and offset 1."
    assert (beyond["items"], beyond["total"], beyond["limit"]) == ([], 2, 20), (
        f"GET {LOANS}?offset=5 must return no items, total 2 and limit 20."
    )
    for query in ("?limit=0", "?limit=101", "?offset=-1"):
        response = await reader.get(LOANS + query)
        assert response.status_code in (400, 422), f"GET {LOANS}{query} must return 422."


@task("08.7", "loan-shown")
async def test_the_borrower_and_librarians_see_a_loan(
    reader: Person, librarian: Person, loan: Row
) -> None:
    for who, person in {"the borrower": reader, "a librarian": librarian}.items():
        response = await person.get(f"{LOANS}{loan.id}")
        assert response.status_code == 200, f"GET {LOANS}{{id}} must return 200 to {who}."
        shown = response.json()
        assert shown.get("id") == loan.id, f"GET {LOANS}{{id}} must return that loan."
        assert shown.keys() == FIELDS, (
            f"GET {LOANS}{{id}} must have all fields of LoanResponse, even those that are null; "
            f"it has {', '.join(sorted(shown))}."
        )


@task("08.7", "not-yours", "forbidden-unchanged")
async def test_nobody_else_does(library: Library, reader: Person, other: Row) -> None:
    over = await library.loan(await library.user(), await library.book(), returned=True)
    for method, path in (("GET", ""), ("POST", "/return")):
        for which, loan in {"": other, ", which was returned already": over}.items():
            response = await reader.request(method, f"{LOANS}{loan.id}{path}")
            assert response.status_code == 403, (
                f"{method} {LOANS}{{id}}{path} must return 403 to a user whose loan it is "
                f"not{which}; it returns {response.status_code}."
            )

    with demand("forbidden-unchanged"):
        assert await library.open_loans() == 1, (
            f"POST {LOANS}{{id}}/return returns 403, but it returns the book."
        )


@task("08.7", "loans-listed", "not-yours", "librarian-each-time")
async def test_who_was_a_librarian_has_no_more_than_others(
    library: Library, librarian: Person, loan: Row, other: Row
) -> None:
    own = await library.loan(librarian.row, await library.book())
    await library.database.execute(
        "UPDATE users SET is_librarian = false WHERE id = $1", librarian.id
    )

    body = await listed(librarian)
    answers = [
        await librarian.get(f"{LOANS}{other.id}"),
        await librarian.post(f"{LOANS}{other.id}/return"),
    ]

    assert ([item["id"] for item in body["items"]], body["total"]) == ([own.id], 1), (
        f"GET {LOANS} must list only their own loans for a user who is not a librarian any more, "
        "whatever the token says."
    )
    assert [answer.status_code for answer in answers] == [403, 403], (
        f"GET {LOANS}{{id}} and POST {LOANS}{{id}}/return must return 403 to a user who is not a "
        "librarian any more, whatever the token says."
    )


@task("08.7", "loans-401", "active-each-time")
async def test_who_is_not_active_does_nothing_with_loans(
    library: Library, reader: Person, loan: Row
) -> None:
    book = await library.book()
    await library.database.execute("UPDATE users SET is_active = false WHERE id = $1", reader.id)

    answers = {
        f"GET {LOANS}": await reader.get(LOANS),
        f"POST {LOANS}": await reader.post(LOANS, json={"book_id": book.id}),
        f"GET {LOANS}{{id}}": await reader.get(f"{LOANS}{loan.id}"),
        f"POST {LOANS}{{id}}/return": await reader.post(f"{LOANS}{loan.id}/return"),
    }

    for asked, answer in answers.items():
        assert answer.status_code == 401, (
            f"{asked} must return 401 to a user whose is_active is false; it returns "
            f"{answer.status_code}."
        )
    assert await library.open_loans() == 1, (
        "A user who is not active must not borrow or return anything."
    )


@task("08.7", "no-such-loan")
async def test_a_loan_that_is_not_there_is_404(reader: Person, librarian: Person) -> None:
    for person in (reader, librarian):
        for method, path in (("GET", ""), ("POST", "/return")):
            response = await person.request(method, f"{LOANS}{NOBODY}{path}")
            assert response.status_code == 404, (
                f"{method} {LOANS}{{id}}{path} must return 404 if there is no such loan."
            )


@task("08.7", "no-such-loan")
@pytest.mark.parametrize("wanted", ["0", "-1", "x", str(2**63), "9" * 40])
async def test_an_id_that_cannot_be_is_refused(reader: Person, wanted: str) -> None:
    for method, path in (("GET", ""), ("POST", "/return")):
        response = await reader.request(method, f"{LOANS}{wanted}{path}")
        assert response.status_code in (400, 404, 422), (
            f"{method} {LOANS}{wanted[:20]}{path} must return 422; it returns "
            f"{response.status_code}."
        )


@task("08.7", "loan-returned", "returned-twice", "loans-stored")
async def test_the_borrower_gives_a_book_back_once(
    library: Library, database: Database, reader: Person, loan: Row
) -> None:
    first, left = await seen_with(
        database, "loans", reader.post(f"{LOANS}{loan.id}/return"), library.open_loans
    )
    again = await reader.post(f"{LOANS}{loan.id}/return")

    assert first.status_code == 200, f"POST {LOANS}{{id}}/return must return 200 to the borrower."
    shown = first.json()
    assert shown.get("returned_at"), (
        f"POST {LOANS}{{id}}/return must return the loan, with its returned_at."
    )
    assert shown.keys() == FIELDS, (
        f"POST {LOANS}{{id}}/return must have the fields of LoanResponse; it has "
        f"{', '.join(sorted(shown))}."
    )
    with demand("loans-stored"):
        assert left == 0, (
            f"POST {LOANS}{{id}}/return returns 200, but the loan is open in the database."
        )
    with demand("returned-twice"):
        assert again.status_code == 400, (
            f"POST {LOANS}{{id}}/return must return 400 for a loan that was returned already."
        )
        assert isinstance(again.json().get("detail"), str), (
            f'The 400 of POST {LOANS}{{id}}/return must have a body like {{"detail": "…"}}.'
        )


@task("08.7", "loan-returned")
async def test_a_librarian_takes_a_book_back(
    library: Library, librarian: Person, loan: Row
) -> None:
    response = await librarian.post(f"{LOANS}{loan.id}/return")

    assert response.status_code == 200, f"POST {LOANS}{{id}}/return must return 200 to a librarian."
    assert await library.open_loans() == 0, (
        f"POST {LOANS}{{id}}/return returns 200, but the loan is open in the database."
    )


async def listed(person: Person, query: str = "") -> dict[str, Any]:
    response = await person.get(LOANS + query)
    assert response.status_code == 200, f"GET {LOANS} must return 200 to a user who is logged in."
    body = response.json()
    wanted = {"items", "total", "limit", "offset"}
    assert isinstance(body, dict) and body.keys() == wanted, (  # noqa: PT018
        f"GET {LOANS} must return a page, with items, total, limit and offset."
    )
    return body
