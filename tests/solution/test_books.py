"""Books over HTTP."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.models.book import Book
from app.models.loan import Loan
from app.models.user import User
from app.services import loan_service
from support import isbn, login

EMMA = {
    "isbn": "978-0-14-143958-7",
    "title": "Emma",
    "author": "Jane Austen",
    "published_year": 1815,
    "copies": 2,
}

NewBook = Callable[..., Awaitable[Book]]
NewLoan = Callable[[User], Awaitable[Loan]]


async def test_a_librarian_adds_a_book(client: httpx2.AsyncClient, librarian: User) -> None:
    response = await client.post("/books/", json=EMMA, headers=login(librarian))

    assert response.status_code == 201
    book = response.json()
    assert book["isbn"] == "9780141439587"
    assert (book["copies"], book["available"]) == (2, 2)


async def test_an_isbn_is_one_book(client: httpx2.AsyncClient, librarian: User) -> None:
    await client.post("/books/", json=EMMA, headers=login(librarian))

    response = await client.post("/books/", json=EMMA, headers=login(librarian))

    assert response.status_code == 400
    assert response.json()["detail"] == "The book with this ISBN already exists in the system."


@pytest.mark.parametrize(
    "wrong",
    [
        {"isbn": "9780141439588"},
        {"isbn": "978014143958"},
        {"isbn": "٩٧٨٠١٤١٤٣٩٥٨٧"},
        {"title": "  "},
        {"title": "E" * 201},
        {"copies": -1},
        {"copies": None},
        {"published_year": 10_000},
        {"available": 1},
    ],
    ids=str,
)
async def test_a_book_that_cannot_be_is_refused(
    client: httpx2.AsyncClient, librarian: User, wrong: dict[str, object]
) -> None:
    response = await client.post("/books/", json={**EMMA, **wrong}, headers=login(librarian))

    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body", *wrong]


async def test_anyone_sees_how_many_copies_are_left(
    client: httpx2.AsyncClient, db: AsyncSession, reader: User, new_book: NewBook
) -> None:
    book = await new_book(copies=3)
    await loan_service.borrow(db, user=reader, book_id=book.id)

    response = await client.get(f"/books/{book.id}")

    assert response.status_code == 200
    assert (response.json()["copies"], response.json()["available"]) == (3, 2)


async def test_anyone_lists_the_books_by_pages(
    client: httpx2.AsyncClient, new_book: NewBook
) -> None:
    ids = [(await new_book()).id for _ in range(4)]

    response = await client.get("/books/", params={"limit": 2, "offset": 1})

    page = response.json()
    assert [book["id"] for book in page["items"]] == ids[1:3]
    assert (page["total"], page["limit"], page["offset"]) == (4, 2, 1)


async def test_a_page_past_the_end_still_tells_how_many_there_are(
    client: httpx2.AsyncClient, new_book: NewBook
) -> None:
    for _ in range(3):
        await new_book()

    response = await client.get("/books/", params={"offset": 3})

    assert response.json() == {"items": [], "total": 3, "limit": 20, "offset": 3}


async def test_a_page_takes_one_query(
    client: httpx2.AsyncClient, connection: AsyncConnection, new_book: NewBook
) -> None:
    await new_book()
    queries: list[str] = []

    def note(*arguments: Any) -> None:
        queries.append(arguments[2])

    event.listen(connection.sync_connection, "before_cursor_execute", note)
    response = await client.get("/books/")

    assert response.json()["total"] == 1
    assert len([query for query in queries if query.startswith("SELECT")]) == 1


@pytest.mark.parametrize(
    "params", [{"limit": 0}, {"limit": 101}, {"offset": -1}, {"offset": 2**63}], ids=str
)
async def test_a_page_that_cannot_be_is_refused(
    client: httpx2.AsyncClient, params: dict[str, int]
) -> None:
    response = await client.get("/books/", params=params)

    assert response.status_code == 422


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("emma", ["Emma"]),
        ("AUSTEN", ["Emma", "Persuasion"]),
        ("%", ["100% Wool"]),
        ("_", []),
        ("9780000000019", ["Emma"]),
        (" ", ["Emma", "Persuasion", "100% Wool"]),
    ],
)
async def test_a_search_finds_parts_of_title_author_and_isbn(
    client: httpx2.AsyncClient, new_book: NewBook, search: str, found: list[str]
) -> None:
    await new_book(title="Emma")
    await new_book(title="Persuasion")
    await new_book(title="100% Wool", author="Somebody")

    response = await client.get("/books/", params={"search": search})

    page = response.json()
    assert [book["title"] for book in page["items"]] == found
    assert page["total"] == len(found)


async def test_put_replaces_everything(
    client: httpx2.AsyncClient, librarian: User, new_book: NewBook
) -> None:
    book = await new_book()
    without_year = {name: value for name, value in EMMA.items() if name != "published_year"}
    await client.put(f"/books/{book.id}", json=EMMA, headers=login(librarian))

    response = await client.put(f"/books/{book.id}", json=without_year, headers=login(librarian))

    assert response.status_code == 200
    assert response.json()["published_year"] is None
    assert response.json()["copies"] == 2


async def test_patch_changes_what_is_given(
    client: httpx2.AsyncClient, librarian: User, new_book: NewBook
) -> None:
    book = await new_book(title="Emma", copies=1)

    response = await client.patch(f"/books/{book.id}", json={"copies": 4}, headers=login(librarian))

    changed = response.json()
    assert response.status_code == 200
    assert (changed["title"], changed["copies"], changed["available"]) == ("Emma", 4, 4)
    assert changed["updated_at"] > changed["created_at"]


async def test_patch_tells_null_from_not_given(
    client: httpx2.AsyncClient, librarian: User, new_book: NewBook
) -> None:
    path = f"/books/{(await new_book()).id}"
    await client.patch(path, json={"published_year": 1815}, headers=login(librarian))

    not_given = await client.patch(path, json={"copies": 2}, headers=login(librarian))
    null = await client.patch(path, json={"published_year": None}, headers=login(librarian))
    refused = await client.patch(path, json={"title": None}, headers=login(librarian))

    assert not_given.json()["published_year"] == 1815
    assert null.json()["published_year"] is None
    assert refused.status_code == 422


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_a_book_cannot_take_the_isbn_of_another(
    client: httpx2.AsyncClient, librarian: User, new_book: NewBook, method: str
) -> None:
    taken, book = await new_book(), await new_book()

    response = await client.request(
        method, f"/books/{book.id}", json={**EMMA, "isbn": taken.isbn}, headers=login(librarian)
    )

    assert response.status_code == 400


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_there_are_never_fewer_copies_than_are_out(
    client: httpx2.AsyncClient, librarian: User, reader: User, new_loan: NewLoan, method: str
) -> None:
    loan = await new_loan(reader)

    response = await client.request(
        method,
        f"/books/{loan.book_id}",
        json={**EMMA, "isbn": isbn(1), "copies": 0},
        headers=login(librarian),
    )

    assert response.status_code == 400
    assert response.json()["detail"] == "More copies than that are borrowed right now."


async def test_a_book_goes_along_with_the_loans_that_are_over(
    client: httpx2.AsyncClient,
    db: AsyncSession,
    librarian: User,
    reader: User,
    new_loan: NewLoan,
) -> None:
    loan = await loan_service.give_back(db, loan=await new_loan(reader))

    response = await client.delete(f"/books/{loan.book_id}", headers=login(librarian))

    assert (response.status_code, response.content) == (204, b"")
    db.expunge_all()
    assert await loan_service.get(db, loan_id=loan.id) is None


async def test_a_book_that_is_out_is_not_deleted(
    client: httpx2.AsyncClient, librarian: User, reader: User, new_loan: NewLoan
) -> None:
    loan = await new_loan(reader)

    response = await client.delete(f"/books/{loan.book_id}", headers=login(librarian))

    assert response.status_code == 400


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
async def test_a_book_that_is_not_there_is_404(
    client: httpx2.AsyncClient, librarian: User, method: str
) -> None:
    response = await client.request(method, "/books/999999999", json=EMMA, headers=login(librarian))

    assert response.status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/books/"), ("PUT", "/books/1"), ("PATCH", "/books/1"), ("DELETE", "/books/1")],
)
async def test_only_librarians_change_books(
    client: httpx2.AsyncClient, reader: User, method: str, path: str
) -> None:
    anonymous = await client.request(method, path, json=EMMA)
    forbidden = await client.request(method, path, json=EMMA, headers=login(reader))

    assert (anonymous.status_code, forbidden.status_code) == (401, 403)
