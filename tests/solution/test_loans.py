"""Loans over HTTP."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import httpx2
import pytest

from app.models.book import Book
from app.models.loan import Loan
from app.models.user import User
from support import login

NewUser = Callable[..., Awaitable[User]]
NewBook = Callable[..., Awaitable[Book]]
NewLoan = Callable[[User], Awaitable[Loan]]


async def test_a_user_borrows_a_book_for_21_days(
    client: httpx2.AsyncClient, reader: User, new_book: NewBook
) -> None:
    book = await new_book()

    response = await client.post("/loans/", json={"book_id": book.id}, headers=login(reader))

    assert response.status_code == 201
    loan = response.json()
    assert (loan["user_id"], loan["book_id"]) == (reader.id, book.id)
    assert loan["returned_at"] is None
    borrowed, due = (datetime.fromisoformat(loan[name]) for name in ("borrowed_at", "due_at"))
    assert due - borrowed == timedelta(days=21)


async def test_the_last_copy_is_borrowed_once(
    client: httpx2.AsyncClient, reader: User, librarian: User, new_book: NewBook
) -> None:
    book = await new_book(copies=1)
    await client.post("/loans/", json={"book_id": book.id}, headers=login(reader))

    response = await client.post("/loans/", json={"book_id": book.id}, headers=login(librarian))

    assert response.status_code == 400
    assert response.json()["detail"] == "All copies of this book are borrowed right now."


@pytest.mark.parametrize("copies", [1, 2])
async def test_a_user_borrows_one_copy_of_a_book(
    client: httpx2.AsyncClient, reader: User, new_book: NewBook, copies: int
) -> None:
    book = await new_book(copies=copies)
    await client.post("/loans/", json={"book_id": book.id}, headers=login(reader))

    response = await client.post("/loans/", json={"book_id": book.id}, headers=login(reader))

    assert response.status_code == 400
    assert response.json()["detail"] == "You have this book already."


async def test_a_user_borrows_five_books_and_no_sixth(
    client: httpx2.AsyncClient, reader: User, new_book: NewBook
) -> None:
    books = [await new_book() for _ in range(6)]

    answers = [
        await client.post("/loans/", json={"book_id": book.id}, headers=login(reader))
        for book in books
    ]

    assert [answer.status_code for answer in answers] == [201] * 5 + [400]
    assert (
        answers[5].json()["detail"]
        == "You have reached the limit of books that you may borrow at once."
    )


async def test_a_book_that_is_not_there_cannot_be_borrowed(
    client: httpx2.AsyncClient, reader: User
) -> None:
    response = await client.post("/loans/", json={"book_id": 999999999}, headers=login(reader))

    assert response.status_code == 404


async def test_a_book_that_is_back_can_be_borrowed_again(
    client: httpx2.AsyncClient, reader: User, new_loan: NewLoan
) -> None:
    loan = await new_loan(reader)

    returned = await client.post(f"/loans/{loan.id}/return", headers=login(reader))
    again = await client.post("/loans/", json={"book_id": loan.book_id}, headers=login(reader))

    assert returned.status_code == 200
    assert returned.json()["returned_at"] > returned.json()["borrowed_at"]
    assert again.status_code == 201


async def test_a_book_is_returned_once(
    client: httpx2.AsyncClient, reader: User, new_loan: NewLoan
) -> None:
    loan = await new_loan(reader)
    await client.post(f"/loans/{loan.id}/return", headers=login(reader))

    response = await client.post(f"/loans/{loan.id}/return", headers=login(reader))

    assert response.status_code == 400
    assert response.json()["detail"] == "This book has been returned already."


async def test_users_list_their_own_loans_and_librarians_all(
    client: httpx2.AsyncClient, reader: User, librarian: User, new_loan: NewLoan
) -> None:
    his, hers = await new_loan(reader), await new_loan(librarian)

    own = (await client.get("/loans/", headers=login(reader))).json()
    all_of_them = (await client.get("/loans/", headers=login(librarian))).json()

    assert ([loan["id"] for loan in own["items"]], own["total"]) == ([his.id], 1)
    assert [loan["id"] for loan in all_of_them["items"]] == [his.id, hers.id]
    assert all_of_them["total"] == 2


async def test_the_borrower_and_librarians_see_a_loan(
    client: httpx2.AsyncClient, reader: User, librarian: User, new_loan: NewLoan
) -> None:
    loan = await new_loan(reader)

    answers = [
        await client.get(f"/loans/{loan.id}", headers=login(user)) for user in (reader, librarian)
    ]

    assert [answer.json()["id"] for answer in answers] == [loan.id, loan.id]


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("POST", "/return")])
async def test_nobody_else_gets_at_a_loan(
    client: httpx2.AsyncClient,
    reader: User,
    new_user: NewUser,
    new_loan: NewLoan,
    method: str,
    path: str,
) -> None:
    loan = await new_loan(reader)
    path = f"/loans/{loan.id}{path}"

    anonymous = await client.request(method, path)
    forbidden = await client.request(method, path, headers=login(await new_user()))

    assert (anonymous.status_code, forbidden.status_code) == (401, 403)


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("POST", "/return")])
async def test_a_loan_that_is_not_there_is_404(
    client: httpx2.AsyncClient, reader: User, method: str, path: str
) -> None:
    response = await client.request(method, f"/loans/999999999{path}", headers=login(reader))

    assert response.status_code == 404


async def test_nobody_borrows_without_a_login(client: httpx2.AsyncClient) -> None:
    listed = await client.get("/loans/")
    borrowed = await client.post("/loans/", json={"book_id": 1})

    assert (listed.status_code, borrowed.status_code) == (401, 401)
