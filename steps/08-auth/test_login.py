"""Task 08.4: the login."""

import re
import time
from typing import Any, Protocol
from unicodedata import normalize

import pytest

from groundrules.testing import demand, task
from groundrules.testing.app import App, Response
from groundrules.testing.library import Library
from groundrules.testing.people import LOGIN, USERS
from groundrules.testing.samples import Samples
from groundrules.testing.tokens import claims_of
from groundrules.testing.values import Row

ASKED = f"POST {LOGIN}"
ROUNDS = 12  # of which right code mostly needs one


class Account(Protocol):
    row: Row
    email: str
    password: str


@task("08.4", "login", "token-fields", "subject-is-id", "form")
async def test_who_logs_in_gets_a_token(app: App, account: Account) -> None:
    # `/docs` sends these two as well.
    response = await log_in(app, account.email, account.password, scope="")
    body = must_be_json(response, 200, "the right password, with grant_type and scope")

    token, kind = body.get("access_token"), body.get("token_type")
    with demand("token-fields"):
        assert isinstance(token, str), (
            f"{ASKED} must return a string named access_token, not {token!r}."
        )
        assert kind == "bearer", f'{ASKED} must return "token_type": "bearer", not {kind!r}.'
    claim = claims_of(token).get("sub")
    with demand("subject-is-id"):
        assert not isinstance(claim, int), (
            f"In the token of {ASKED}, `sub` is the number {claim}, and must be a string: a JWT with "
            "a number there is rejected when it is read."
        )
        subject = await app.core.security.read_access_token(token)
        assert subject == str(account.row.id), (
            f"The token of {ASKED} must have the id of the user as its `sub`, "
            f"{str(account.row.id)!r}; it has {subject!r}."
        )


@task("08.4", "form", "more-fields", "login")
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"client_id": "x", "client_secret": "y", "remember": "yes"},
        {"grant_type": "password", "scope": "me books:read"},
    ],
)
async def test_two_fields_are_enough_and_others_do_no_harm(
    app: App, account: Account, more: dict[str, str]
) -> None:
    form = {"username": account.email.upper(), "password": account.password, **more}

    response = await app.post(LOGIN, data=form)

    fields = ", ".join(["username", "password", *more])
    assert response.status_code == 200, (
        f"{ASKED} must return 200 for a form with the fields {fields}, the email in any case; it "
        f"returns {response.status_code}."
    )


@task("08.4", "password-unchanged")
async def test_a_password_is_taken_as_it_is(app: App, samples: Samples) -> None:
    email, password = samples.email(), f" {samples.password()}e\u0301 "
    sign_up = {"email": email, "password": password, "full_name": samples.name()}
    made = await app.post(USERS, json=sign_up)
    assert made.status_code == 201, f"POST {USERS} must return 201 for a password with spaces."

    composed = normalize("NFC", password)
    for given, status in ((password, 200), (password.strip(), 401), (composed, 401)):
        response = await log_in(app, email, given)
        assert response.status_code == status, (
            f"{ASKED} must return {status} for the password {given!a} after a sign-up with "
            f"{password!a}; it returns {response.status_code}. Strip and convert nothing, neither in "
            "the form nor in the sign-up."
        )


@task("08.4", "login-401", "same-401")
async def test_no_answer_tells_what_was_wrong(
    app: App, library: Library, samples: Samples, account: Account
) -> None:
    gone = await library.user(hashed_password=account.row.hashed_password, is_active=False)
    wrong = {
        "a wrong password": (account.email, samples.password()),
        "an email that nobody has": (samples.email(), account.password),
        "a user who is not active": (gone.email, account.password),
    }

    bodies: dict[str, Any] = {}
    for what, (email, password) in wrong.items():
        response = await log_in(app, email, password)
        bodies[what] = must_be_json(response, 401, what)
        wanted = response.headers.get("WWW-Authenticate", "")
        assert re.match(r"bearer\b", wanted, re.IGNORECASE), (
            f"The 401 of {ASKED} must have the header WWW-Authenticate: Bearer; "
            f"it has {wanted or 'none'}."
        )
        first = bodies["a wrong password"]
        with demand("same-401"):
            assert bodies[what] == first, (
                f"{ASKED} must return the same for a wrong password and for {what}: {first} and "
                f"{bodies[what]} reveal who has an account."
            )


@task("08.4", "same-401")
async def test_every_refusal_takes_as_long_as_a_wrong_password(
    app: App, library: Library, samples: Samples, account: Account
) -> None:
    gone = await library.user(hashed_password=account.row.hashed_password, is_active=False)
    others = {"an email that nobody has": samples.email(), "a user who is not active": gone.email}
    known, other = float("inf"), dict.fromkeys(others, float("inf"))

    # What disturbs a machine only ever adds time, so the quickest of a few tells most.
    for _ in range(ROUNDS):
        known = min(known, await seconds(app, account.email, samples.password()))
        for what, email in others.items():
            other[what] = min(other[what], await seconds(app, email, samples.password()))
        if min(other.values()) > known / 2:
            break

    for what, quickest in other.items():
        assert quickest > known / 2, (
            f"{ASKED} takes {known * 1000:.0f} ms for a wrong password, but only "
            f"{quickest * 1000:.0f} ms for {what}. So anybody can find out who has an account: "
            "let authenticate() alone decide."
        )


@task("08.4", "field-missing")
@pytest.mark.parametrize("field", ["username", "password"])
async def test_a_form_that_lacks_something_is_refused(
    app: App, samples: Samples, field: str
) -> None:
    form = {"username": samples.email(), "password": samples.password(), "grant_type": "password"}
    del form[field]

    response = await app.post(LOGIN, data=form)

    assert response.status_code in (400, 422), (
        f"{ASKED} must return 422 for a form without {field}."
    )
    repeated = "password" in form and form["password"] in response.text
    assert not repeated, f"The response of {ASKED} to a form without {field} repeats the password."


@task("08.4", "odd-input")
async def test_odd_texts_are_a_wrong_login_and_no_more(
    app: App, library: Library, samples: Samples, account: Account
) -> None:
    odd = {
        "an email with a NUL in it": (f"{account.email}\0", account.password),
        "a password with a NUL in it": (account.email, f"{account.password}\0"),
        "a password of 80 letters": (account.email, samples.word(80)),
        "a password of 5,000 letters": (account.email, samples.word(5000)),
        "an email of 5,000 letters": (samples.word(5000), account.password),
        "an empty password": (account.email, ""),
        "an empty email": ("", account.password),
    }
    gone = await library.user(hashed_password=account.row.hashed_password, is_active=False)
    for who, email in {
        "an email nobody has": samples.email(),
        "a user who is not active": gone.email,
    }.items():
        odd[f"{who}, and a password with a NUL in it"] = (email, f"{account.password}\0")
        odd[f"{who}, and a password of 5,000 letters"] = (email, samples.word(5000))

    for what, (email, given) in odd.items():
        response = await log_in(app, email, given)
        assert response.status_code in (400, 401, 422), (
            f"{ASKED} must return 401 or 422 for {what}; it returns {response.status_code}."
        )


async def log_in(app: App, email: str, password: str, **more: str) -> Response:
    form = {"username": email, "password": password, "grant_type": "password"}
    return await app.post(LOGIN, data={**form, **more})


async def seconds(app: App, email: str, password: str) -> float:
    begun = time.perf_counter()
    await log_in(app, email, password)
    return time.perf_counter() - begun


def must_be_json(response: Response, status: int, what: str) -> dict[str, Any]:
    assert response.status_code == status, (
        f"{ASKED} must return {status} for {what}; it returns {response.status_code}."
    )
    body = response.json()
    assert isinstance(body, dict), f"{ASKED} must return a JSON object."
    return body
