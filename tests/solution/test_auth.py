"""Logging in, and what a token is good for."""

import base64
import json
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from jose import jwt
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.security import create_access_token, read_access_token
from app.models.user import User
from app.services import auth_service
from support import PASSWORD, SECRET_KEY, login

SOON = datetime.now(UTC) + timedelta(minutes=5)


async def test_a_login_answers_a_token_that_tells_who_is_asking(
    client: httpx2.AsyncClient, reader: User
) -> None:
    form = {"grant_type": "password", "username": reader.email.upper(), "password": PASSWORD}

    response = await client.post("/auth/token", data=form)

    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    token = response.json()
    assert token["token_type"] == "bearer"
    me = await client.get("/users/me", headers={"Authorization": f"Bearer {token['access_token']}"})
    assert me.json()["id"] == reader.id


async def test_a_wrong_password_and_an_unknown_email_get_the_same_answer(
    client: httpx2.AsyncClient, reader: User
) -> None:
    wrong = await client.post("/auth/token", data={"username": reader.email, "password": "wrong"})
    unknown = await client.post("/auth/token", data={"username": "x@y.org", "password": "wrong"})

    assert (wrong.status_code, wrong.json()) == (401, unknown.json())
    assert unknown.status_code == 401
    assert wrong.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("form", [{"username": "\0"}, {"password": "x" * 129}], ids=["NUL", "long"])
async def test_a_login_that_cannot_be_right_is_refused(
    client: httpx2.AsyncClient, form: dict[str, str]
) -> None:
    response = await client.post(
        "/auth/token", data={"username": "x@y.org", "password": "wrong", **form}
    )

    assert response.status_code == 422


async def test_deactivated_users_are_out_at_once(
    client: httpx2.AsyncClient, db: AsyncSession, reader: User
) -> None:
    header = login(reader)
    before = await client.get("/users/me", headers=header)
    reader.is_active = False
    await db.commit()

    after = await client.get("/users/me", headers=header)

    assert (before.status_code, after.status_code) == (200, 401)
    assert after.headers["WWW-Authenticate"] == "Bearer"
    assert await auth_service.authenticate(db, email=reader.email, password=PASSWORD) is None


async def test_deleted_users_are_out_at_once(
    client: httpx2.AsyncClient, db: AsyncSession, reader: User
) -> None:
    header = login(reader)
    await db.delete(reader)
    await db.commit()

    response = await client.get("/users/me", headers=header)

    assert response.status_code == 401


@pytest.mark.parametrize("header", [{}, {"Authorization": "Basic eDp5"}], ids=["none", "Basic"])
async def test_without_a_bearer_token_the_answer_says_what_is_wanted(
    client: httpx2.AsyncClient, header: dict[str, str]
) -> None:
    response = await client.get("/users/me", headers=header)

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.usefixtures("database_url")
def test_a_token_names_its_subject() -> None:
    assert read_access_token(create_access_token("7")) == "7"


def unsigned(claims: dict[str, object]) -> str:
    parts = ({"alg": "none", "typ": "JWT"}, claims)
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts)
    return ".".join(part.rstrip("=") for part in encoded) + "."


FORGERIES = {
    "expired": jwt.encode(
        {"sub": "7", "exp": datetime.now(UTC) - timedelta(seconds=1)}, SECRET_KEY
    ),
    "without exp": jwt.encode({"sub": "7"}, SECRET_KEY),
    "without sub": jwt.encode({"exp": SOON}, SECRET_KEY),
    "another key": jwt.encode({"sub": "7", "exp": SOON}, "x" * 40),
    "another algorithm": jwt.encode({"sub": "7", "exp": SOON}, SECRET_KEY, algorithm="HS512"),
    "unsigned": unsigned({"sub": "7", "exp": SOON.timestamp()}),
    "exp is null": jwt.encode({"sub": "7", "exp": None}, SECRET_KEY),
    "sub is a number": jwt.encode({"sub": 7, "exp": SOON}, SECRET_KEY),
    "no token": "x.y.z",
    "empty": "",
    "half of a surrogate pair": "\ud800.y.z",
}


@pytest.mark.usefixtures("database_url")
@pytest.mark.parametrize("token", FORGERIES.values(), ids=FORGERIES)
def test_a_token_that_is_not_ours_names_nobody(token: str) -> None:
    assert read_access_token(token) is None


@pytest.mark.usefixtures("database_url")
@pytest.mark.parametrize("part", [0, 1, 2], ids=["header", "claims", "signature"])
def test_an_altered_token_names_nobody(part: int) -> None:
    parts = create_access_token("7").split(".")
    parts[part] = parts[part][:4] + ("A" if parts[part][4] != "A" else "B") + parts[part][5:]

    assert read_access_token(".".join(parts)) is None


@pytest.mark.usefixtures("database_url")
@pytest.mark.parametrize("subject", ["ada", "", "-1", "1.0", "٧", "9" * 19])
async def test_a_subject_that_is_no_id_is_nobody(db: AsyncSession, subject: str) -> None:
    token = create_access_token(subject)

    assert await auth_service.identify(db, token=token) is None
