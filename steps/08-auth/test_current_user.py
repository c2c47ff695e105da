"""Task 08.5: who is asking."""

import re
import time
from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

import pytest

from groundrules.testing import demand, task
from groundrules.testing.app import App
from groundrules.testing.library import Library
from groundrules.testing.people import LOGIN, Person
from groundrules.testing.tokens import alter, claims_of, sign
from groundrules.testing.values import Row

ME = "/api/v1/users/me"
BELOW = " Does /users/{user_id} handle the request? Declare /users/me above it."
FIELDS = {"id", "email", "full_name", "is_librarian", "is_active", "created_at", "updated_at"}
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
COOKIES = ("access_token", "token", "Authorization", "session", "jwt")
OTHER_HEADERS = ("X-Access-Token", "X-Auth-Token", "X-API-Key", "Token", "Proxy-Authorization")
PARTS = ("header", "claims", "signature")
SET_LIBRARIAN = "UPDATE users SET is_librarian = $1 WHERE id = $2"


@pytest.fixture(autouse=True)
async def route(app: App) -> None:
    """Find the route that shows who is asking."""
    status = (await app.get(ME)).status_code
    if status in (404, 405, 422):  # which may be what /{user_id} answers, for `me` is no id
        documented = (await app.get("/openapi.json")).json().get("paths", {})
        assert ME in documented, f"There is no route GET {ME} yet."


@task("08.5", "me")
async def test_a_token_tells_who_is_asking(reader: Person, librarian: Person) -> None:
    for person in (reader, librarian):
        response = await person.get(ME)
        found = response.status_code
        above = BELOW if found in (403, 404, 422) else ""
        assert found == 200, (
            f"GET {ME} must return 200 to a user who is logged in; it returns {found}.{above}"
        )
        shown = response.json()
        assert shown.keys() == FIELDS, (
            f"GET {ME} must have the fields of UserResponse; it has {', '.join(sorted(shown))}."
        )
        assert shown["id"] == person.id, (
            f"GET {ME} must return the user whom the token names, {person.id}; it returns "
            f"{shown['id']}."
        )


@task("08.5", "no-header", "not-bearer", "challenge")
async def test_without_a_bearer_token_nobody_is_asking(app: App, reader: Person) -> None:
    elsewhere = {
        "without a token": {},
        "with a token in a cookie only": {
            "Cookie": "; ".join(f"{name}={reader.token}" for name in COOKIES)
        },
        "with a token in another header only": dict.fromkeys(OTHER_HEADERS, f"{reader.token}"),
        "with a Bearer token in another header only": dict.fromkeys(
            OTHER_HEADERS, f"Bearer {reader.token}"
        ),
    }
    headers = {
        "with an empty Authorization": {"Authorization": ""},
        "with `Bearer` alone": {"Authorization": "Bearer"},
        "with a token alone": {"Authorization": f"{reader.token}"},
        **{
            f"with `{scheme}` before the token": {"Authorization": f"{scheme} {reader.token}"}
            for scheme in ("Basic", "Token", "JWT", "OAuth", "Digest", "Bearer:", "BearerToken")
        },
    }

    with demand("no-header"):
        for how, header in elsewhere.items():
            await must_be_unknown(app, header, how)
    with demand("not-bearer"):
        for how, header in headers.items():
            await must_be_unknown(app, header, how)


@task("08.5", "token-in-url")
async def test_a_token_in_the_address_is_none(app: App, reader: Person) -> None:
    response = await app.get(f"{ME}?token={reader.token}&access_token={reader.token}")

    assert response.status_code == 401, (
        f"GET {ME}?token=… must return 401: a token in a URL ends up in logs."
    )


@task("08.5", "bad-token", "challenge")
async def test_a_token_that_somebody_made_up_is_refused(app: App, reader: Person, key: str) -> None:
    token = reader.token or ""
    claims = claims_of(token)
    tokens = {
        "signed with another key": sign(claims, "x" * 40),
        "signed with another algorithm": sign(claims, key, algorithm="HS512"),
        "with `alg: none`": sign(claims, key, algorithm="none"),
        "without its signature": token.rpartition(".")[0] + ".",
        **{f"whose {name} was altered": alter(token, part) for part, name in enumerate(PARTS)},
        "that has expired": sign({**claims, "exp": int(time.time()) - 120}, key),
        "without `exp`": sign({k: v for k, v in claims.items() if k != "exp"}, key),
        "without `sub`": sign({k: v for k, v in claims.items() if k != "sub"}, key),
        "that is none": "a.b.c",
    }

    for how, each in tokens.items():
        await must_be_unknown(app, {"Authorization": f"Bearer {each}"}, f"with a token {how}")


@task("08.5", "odd-subject")
async def test_a_subject_that_is_no_id_is_nobody(app: App, reader: Person, key: str) -> None:
    claims = claims_of(reader.token or "")
    subjects = (
        "ada",
        "",
        "-1",
        "1.5",
        "9" * 30,
        "9" * 5000,
        f"{reader.id}\0",
        str(2**63),
        f"+{reader.id}",
        f" {reader.id}",
        f"{reader.id}\n",
        f"{reader.id:_}",
        f"{reader.id}.0",
        f"{reader.id:#x}",
        f"{reader.id} OR true",
        "²",
        str(reader.id).translate(ARABIC),
    )

    for subject in subjects:
        token = sign({**claims, "sub": subject}, key)
        shown = repr(subject) if len(subject) < 50 else f"a number of {len(subject)} digits"
        how = f"with a token whose `sub` is {shown}"
        await must_be_unknown(app, {"Authorization": f"Bearer {token}"}, how)


@task("08.5", "active-each-time", "user-gone")
@pytest.mark.parametrize("is_librarian", [False, True], ids=["user", "librarian"])
async def test_who_is_not_active_any_more_is_out_at_once(
    app: App, library: Library, headers_of: Callable[[Row], dict[str, str]], is_librarian: bool
) -> None:
    user = await library.user(is_librarian=is_librarian)
    headers = headers_of(user)
    before = await app.get(ME, headers=headers)
    assert before.status_code == 200, (
        f"GET {ME} must return 200 for a token whose `sub` is the id of a user; `sub` is {user.id}."
    )

    await library.database.execute("UPDATE users SET is_active = false WHERE id = $1", user.id)

    await must_be_unknown(app, headers, "with a token of a user whose is_active is false now")
    await library.database.execute("UPDATE users SET is_active = true WHERE id = $1", user.id)
    again = await app.get(ME, headers=headers)
    assert again.status_code == 200, (
        f"GET {ME} must return 200 once is_active is true again; it returns {again.status_code}."
    )


@task("08.5", "user-gone")
async def test_who_was_deleted_is_out_at_once(
    app: App, library: Library, headers_of: Callable[[Row], dict[str, str]]
) -> None:
    user = await library.user()
    headers = headers_of(user)
    await app.get(ME, headers=headers)

    await library.database.execute("DELETE FROM users WHERE id = $1", user.id)

    await must_be_unknown(app, headers, "with a token of a user who was deleted")


@task("08.5", "librarian-each-time")
async def test_who_is_a_librarian_is_read_anew_each_time(
    app: App, library: Library, headers_of: Callable[[Row], dict[str, str]]
) -> None:
    user = await library.user()
    headers = headers_of(user)

    for now in (False, True, False):
        await library.database.execute(SET_LIBRARIAN, now, user.id)
        shown = (await app.get(ME, headers=headers)).json()
        assert shown.get("is_librarian") is now, (
            f"GET {ME} must return the current values of the database, and not those of the token."
        )


@task("08.5", "librarian-each-time")
async def test_no_role_outlives_its_end(
    app: App, library: Library, reader: Person, librarian: Person
) -> None:
    users = "/api/v1/users/"
    if (await app.get(users)).status_code == 200:
        return  # nothing asks for a librarian before task 08.6
    for person, now in ((librarian, False), (reader, True), (reader, False), (librarian, True)):
        await library.database.execute(SET_LIBRARIAN, now, person.id)
        response = await person.get(users)
        wanted = 200 if now else 403
        assert response.status_code == wanted, (
            f"GET {users} must return {wanted} to a user who logged in before is_librarian "
            f"became {str(now).lower()}; it returns {response.status_code}. Read the user from "
            "the database for each request, and trust neither the token nor a copy."
        )


@task("08.5", "token-url")
async def test_the_documentation_knows_the_way_to_a_token(app: App) -> None:
    document = (await app.get("/openapi.json")).json()
    schemes = document.get("components", {}).get("securitySchemes", {}).values()
    addresses = [
        flow["tokenUrl"]
        for scheme in schemes
        for flow in scheme.get("flows", {}).values()
        if "tokenUrl" in flow
    ]

    assert addresses, (
        "/docs has no button to log in: depend on OAuth2PasswordBearer in app/api/deps.py."
    )
    path = urlsplit(urljoin("http://library.test/", addresses[0])).path
    assert path == LOGIN, (
        f"The tokenUrl of OAuth2PasswordBearer leads to {path}; the login is {LOGIN}."
    )


async def must_be_unknown(app: App, headers: dict[str, str], how: str) -> None:
    sent = {k: v.encode() for k, v in headers.items()}
    for method, body in (("GET", None), ("PATCH", {"full_name": "Eve"})):
        response = await app.request(method, ME, headers=sent, json=body)
        assert response.status_code == 401, (
            f"{method} {ME} must return 401 {how}; it returns {response.status_code}."
        )
        wanted = response.headers.get("WWW-Authenticate", "")
        with demand("challenge"):
            assert re.match(r"bearer\b", wanted, re.IGNORECASE), (
                f"The 401 of {method} {ME} must have the header WWW-Authenticate: Bearer; "
                f"it has {wanted or 'none'}."
            )
