"""Whatever a request holds, the answer is never a 500."""

import httpx2
import pytest

from app.models.user import User
from support import PASSWORD, isbn, login

SIGN_UP = {"email": "ada@example.org", "password": PASSWORD, "full_name": "Ada"}
JSON = {"Content-Type": "application/json"}
FORM = "multipart/form-data; boundary=x; charset=raw_unicode_escape"

BODIES = {
    "nothing": b"",
    "no JSON": b"{",
    "no UTF-8": b'{"email": "\xff"}',
    "another type": b"[]",
    "null": b"null",
    "deep": b"[" * 30_000,
    "a number with 5000 digits": b'{"email": ' + b"9" * 5000 + b"}",
    "infinity": b'{"email": 1e999}',
    "NaN": b'{"email": NaN}',
    "a lone surrogate": b'{"email": "\\ud800"}',
    "a lone surrogate as a name": b'{"\\ud800": 1}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_a_body_that_cannot_be_read_is_refused(
    client: httpx2.AsyncClient, body: bytes
) -> None:
    response = await client.post("/users/", content=body, headers=JSON)

    assert response.status_code in (400, 422)


async def test_a_body_of_megabytes_is_refused(client: httpx2.AsyncClient) -> None:
    response = await client.post("/users/", content=b" " * 2_000_000, headers=JSON)

    assert response.status_code == 413


@pytest.mark.parametrize("field", SIGN_UP)
@pytest.mark.parametrize("text", ["\0", "a\0@example.org", "\x1b[31m", "x" * 5000], ids=repr)
async def test_text_that_cannot_be_stored_is_refused(
    client: httpx2.AsyncClient, field: str, text: str
) -> None:
    response = await client.post("/users/", json={**SIGN_UP, field: text})

    assert response.status_code in (201, 422)
    assert response.status_code == 422 or field == "password"


async def test_an_email_that_grows_in_lower_case_is_refused(client: httpx2.AsyncClient) -> None:
    email = "İ" * 60 + "@" + ".".join(["x" * 60] * 3) + ".example.org"

    response = await client.post("/users/", json={**SIGN_UP, "email": email})

    assert response.status_code == 422


@pytest.mark.parametrize("wanted", ["0", "-1", "1.5", "x", str(2**63), "9" * 5000, "%00", "%ff"])
@pytest.mark.parametrize("path", ["/books", "/users", "/loans"])
async def test_an_id_that_cannot_be_is_refused(
    client: httpx2.AsyncClient, librarian: User, path: str, wanted: str
) -> None:
    response = await client.get(f"{path}/{wanted}", headers=login(librarian))

    assert response.status_code == 422


async def test_a_loan_of_an_impossible_book_is_refused(
    client: httpx2.AsyncClient, reader: User
) -> None:
    response = await client.post("/loans/", json={"book_id": 2**63}, headers=login(reader))

    assert response.status_code == 422


async def test_true_is_not_the_book_of_id_1(client: httpx2.AsyncClient, reader: User) -> None:
    response = await client.post("/loans/", json={"book_id": True}, headers=login(reader))

    assert response.status_code == 422


@pytest.mark.parametrize("field", ["copies", "published_year"])
async def test_true_is_not_a_number(
    client: httpx2.AsyncClient, librarian: User, field: str
) -> None:
    book = {"isbn": isbn(1), "title": "Emma", "author": "Jane Austen", "copies": 1, field: True}

    response = await client.post("/books/", json=book, headers=login(librarian))

    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body", field]


@pytest.mark.parametrize("query", ["search=%00", "search=" + "x" * 201, "limit=1e9", "offset=%ff"])
async def test_a_query_that_cannot_be_is_refused(client: httpx2.AsyncClient, query: str) -> None:
    response = await client.get(f"/books/?{query}")

    assert response.status_code == 422


@pytest.mark.parametrize("path", ["/users/me", "/loans/"])
@pytest.mark.parametrize(
    "token", [b"\xff", b"a.b.c", b"e30.e30.", b"bnVsbA.bnVsbA.x", b"W10.W10.x", b"." * 5000]
)
async def test_a_header_that_is_no_token_is_401(
    client: httpx2.AsyncClient, path: str, token: bytes
) -> None:
    response = await client.get(path, headers={b"Authorization": b"Bearer " + token})

    assert response.status_code == 401


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", b"username=%ed%a0%80&password=%00"),
        ("application/x-www-form-urlencoded", b"%"),
        ("application/json", b"{}"),
        ("multipart/form-data", b""),
        ("multipart/form-data; boundary=x", b"--x"),
        (
            FORM,
            b"".join(
                b'--x\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % part
                for part in ((b"username", rb"\ud800"), (b"password", rb"\ud800"))
            )
            + b"--x--\r\n",
        ),
    ],
    ids=["surrogate", "percent", "JSON", "no boundary", "cut off", "a charset with surrogates"],
)
async def test_a_form_that_cannot_be_read_is_refused(
    client: httpx2.AsyncClient, content_type: str, body: bytes
) -> None:
    response = await client.post(
        "/auth/token", content=body, headers={"Content-Type": content_type}
    )

    assert response.status_code in (400, 401, 422)
