"""Users over HTTP."""

from collections.abc import Awaitable, Callable

import httpx2
import pytest
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.loan import Loan
from app.models.user import User
from app.schemas.user import UserCreate
from app.services import loan_service, user_service
from support import PASSWORD, login

SIGN_UP = {"email": "Ada@Example.org", "password": PASSWORD, "full_name": "Ada Lovelace"}

NewUser = Callable[..., Awaitable[User]]
NewLoan = Callable[[User], Awaitable[Loan]]


async def test_a_sign_up_answers_the_user_without_the_password(client: httpx2.AsyncClient) -> None:
    response = await client.post("/users/", json=SIGN_UP)

    assert response.status_code == 201
    user = response.json()
    assert set(user) == {
        "id", "email", "full_name", "is_librarian", "is_active", "created_at", "updated_at",
    }  # fmt: skip
    assert user["email"] == "ada@example.org"
    assert user["is_active"]
    assert not user["is_librarian"]


@pytest.mark.parametrize("email", ["ada@example.org", "ADA@EXAMPLE.ORG"])
async def test_an_email_is_one_user_however_it_is_written(
    client: httpx2.AsyncClient, email: str
) -> None:
    await client.post("/users/", json=SIGN_UP)

    response = await client.post("/users/", json={**SIGN_UP, "email": email})

    assert response.status_code == 400
    assert response.json()["detail"] == "The user with this email already exists in the system."


async def test_nobody_signs_up_as_a_librarian(client: httpx2.AsyncClient) -> None:
    response = await client.post("/users/", json={**SIGN_UP, "is_librarian": True})

    assert response.status_code == 422


@pytest.mark.parametrize("password", ["x" * 72, "é" * 36, "п" * 8, "    word"])
async def test_a_password_of_72_bytes_is_taken(client: httpx2.AsyncClient, password: str) -> None:
    response = await client.post("/users/", json={**SIGN_UP, "password": password})

    assert response.status_code == 201


@pytest.mark.parametrize("password", ["x" * 7, "x" * 73, "é" * 37, "é" * 7, "correct\0horse"])
async def test_a_password_that_a_hasher_would_cut_is_refused(
    client: httpx2.AsyncClient, password: str
) -> None:
    response = await client.post("/users/", json={**SIGN_UP, "password": password})

    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body", "password"]


def test_a_refusal_shows_nothing_of_what_was_sent() -> None:
    with pytest.raises(ValidationError) as refusal:
        UserCreate.model_validate({"email": "ada@example.org", "password": PASSWORD})

    assert PASSWORD not in str(refusal.value)


async def test_a_refused_password_is_not_sent_back(client: httpx2.AsyncClient) -> None:
    response = await client.post("/users/", json={**SIGN_UP, "password": "secret"})

    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body", "password"]
    assert "secret" not in response.text


async def test_users_see_themselves(client: httpx2.AsyncClient, reader: User) -> None:
    response = await client.get("/users/me", headers=login(reader))

    assert response.status_code == 200
    assert response.json()["email"] == reader.email


async def test_users_change_what_they_give(client: httpx2.AsyncClient, reader: User) -> None:
    response = await client.patch("/users/me", json={"full_name": "Another"}, headers=login(reader))

    assert response.status_code == 200
    changed = response.json()
    assert (changed["full_name"], changed["email"]) == ("Another", reader.email)
    assert changed["updated_at"] > changed["created_at"]


async def test_users_change_their_password(client: httpx2.AsyncClient, reader: User) -> None:
    await client.patch("/users/me", json={"password": "battery staple"}, headers=login(reader))

    old = await client.post("/auth/token", data={"username": reader.email, "password": PASSWORD})
    new = await client.post(
        "/auth/token", data={"username": reader.email, "password": "battery staple"}
    )

    assert (old.status_code, new.status_code) == (401, 200)


async def test_users_keep_their_own_email(client: httpx2.AsyncClient, reader: User) -> None:
    response = await client.patch(
        "/users/me", json={"email": reader.email.upper()}, headers=login(reader)
    )

    assert response.status_code == 200
    assert response.json()["email"] == reader.email


async def test_users_cannot_take_an_email_that_another_has(
    client: httpx2.AsyncClient, reader: User, librarian: User
) -> None:
    response = await client.patch(
        "/users/me", json={"email": librarian.email}, headers=login(reader)
    )

    assert response.status_code == 400


@pytest.mark.parametrize("field", ["email", "password", "full_name", "is_librarian", "is_active"])
async def test_users_cannot_empty_a_field_or_promote_themselves(
    client: httpx2.AsyncClient, reader: User, field: str
) -> None:
    response = await client.patch("/users/me", json={field: None}, headers=login(reader))

    assert response.status_code == 422


async def test_a_librarian_lists_the_users_by_pages(
    client: httpx2.AsyncClient, librarian: User, new_user: NewUser
) -> None:
    ids = [librarian.id] + [(await new_user()).id for _ in range(3)]

    response = await client.get(
        "/users/", params={"limit": 2, "offset": 1}, headers=login(librarian)
    )

    assert response.status_code == 200
    page = response.json()
    assert [user["id"] for user in page["items"]] == ids[1:3]
    assert (page["total"], page["limit"], page["offset"]) == (4, 2, 1)


async def test_a_librarian_sees_a_user(
    client: httpx2.AsyncClient, librarian: User, reader: User
) -> None:
    response = await client.get(f"/users/{reader.id}", headers=login(librarian))

    assert response.status_code == 200
    assert response.json()["id"] == reader.id


async def test_a_librarian_deletes_a_user_along_with_the_loans_that_are_over(
    client: httpx2.AsyncClient,
    db: AsyncSession,
    librarian: User,
    reader: User,
    new_loan: NewLoan,
) -> None:
    loan = await loan_service.give_back(db, loan=await new_loan(reader))

    response = await client.delete(f"/users/{reader.id}", headers=login(librarian))

    assert (response.status_code, response.content) == (204, b"")
    db.expunge_all()
    assert await user_service.get(db, user_id=reader.id) is None
    assert await loan_service.get(db, loan_id=loan.id) is None


async def test_a_user_with_a_book_is_not_deleted(
    client: httpx2.AsyncClient, librarian: User, reader: User, new_loan: NewLoan
) -> None:
    await new_loan(reader)

    response = await client.delete(f"/users/{reader.id}", headers=login(librarian))

    assert response.status_code == 400
    assert response.json()["detail"] == "There are loans that have not been returned."


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_a_user_that_is_not_there_is_404(
    client: httpx2.AsyncClient, librarian: User, method: str
) -> None:
    response = await client.request(method, "/users/999999999", headers=login(librarian))

    assert response.status_code == 404


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/users/"), ("GET", "/users/1"), ("DELETE", "/users/1")]
)
async def test_only_librarians_look_after_users(
    client: httpx2.AsyncClient, reader: User, method: str, path: str
) -> None:
    anonymous = await client.request(method, path)
    forbidden = await client.request(method, path, headers=login(reader))

    assert (anonymous.status_code, forbidden.status_code) == (401, 403)
