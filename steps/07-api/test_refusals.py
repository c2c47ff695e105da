"""Task 07.4: what a refusal gives away."""

import json
from typing import Any

import pytest

from groundrules.testing import task
from groundrules.testing.answers import INVALID, must_answer, must_refuse
from groundrules.testing.app import App
from groundrules.testing.people import People
from groundrules.testing.samples import Samples

USERS = "/api/v1/users/"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def sign_up(app: App, samples: Samples) -> dict[str, Any]:
    """The body of a sign-up, after one that was taken."""
    body = {"password": samples.password(), "full_name": samples.name()}
    taken = await app.post(USERS, json={**body, "email": samples.email()})
    must_answer(taken, 201, to="a sign-up")
    return {**body, "email": samples.email()}


@task("07.4", "password-not-back", "rejected")
async def test_a_refusal_never_holds_the_password(
    app: App, samples: Samples, sign_up: dict[str, Any]
) -> None:
    password = sign_up["password"]
    too_long = password + samples.word(60)
    others = {name: value for name, value in sign_up.items() if name != "full_name"}

    for what, body in (
        ("with an unknown field", {**sign_up, "is_librarian": True}),
        ("without full_name", others),
        ("with an email that is not valid", {**sign_up, "email": samples.word()}),
        ("whose password has 76 bytes", {**sign_up, "password": too_long}),
        ("whose password has a NUL", {**sign_up, "password": f"{password}\0"}),
        ("whose password is in a list", {**sign_up, "password": [password]}),
        ("in a list", [sign_up]),
        ("that repeats the password", {**sign_up, "password_again": password}),
        ("with a misspelled field", {**others, "full_name": "Ada", "Password": password}),
        ("with a list of passwords", {**sign_up, "passwords": [password, password]}),
        ("with the password inside", {**sign_up, "login": {"password": password}}),
    ):
        answer = await app.post(USERS, json=body)

        must_refuse(answer, *INVALID, to=f"a sign-up {what}")
        assert password not in answer.text, (
            f"The response to a sign-up {what} must not contain the password that was sent."
        )


@task("07.4", "names-the-field")
async def test_a_refusal_names_the_field(
    app: App, samples: Samples, sign_up: dict[str, Any]
) -> None:
    for field, wrong in (
        ("email", samples.word()),
        ("password", samples.word(7)),
        ("full_name", " "),
    ):
        answer = await app.post(USERS, json={**sign_up, field: wrong})

        must_refuse(answer, *INVALID, to=f"a sign-up whose {field} is wrong")
        detail = json.dumps(answer.json()["detail"])
        assert field in detail, (
            f"The response to a sign-up whose {field} is wrong must name `{field}`."
        )


@task("07.4", "names-the-field")
async def test_a_refusal_names_a_field_that_there_is_not(app: App, sign_up: dict[str, Any]) -> None:
    answer = await app.post(USERS, json={**sign_up, "shelfmark": 1})

    must_refuse(answer, *INVALID, to="a sign-up with a field shelfmark")
    assert "shelfmark" in json.dumps(answer.json()["detail"]), (
        "The response to a sign-up with a field `shelfmark` must name it."
    )


@task("07.4", "names-the-field")
async def test_a_refusal_names_the_parameter(people: People, sign_up: dict[str, Any]) -> None:
    librarian = await people.librarian()

    for field, wrong in (("limit", "0"), ("offset", "-1")):
        answer = await librarian.get(USERS, params={field: wrong})

        must_refuse(answer, *INVALID, to=f"{field}={wrong}")
        detail = json.dumps(answer.json()["detail"])
        assert field in detail, f"The answer to {USERS}?{field}={wrong} must name `{field}`."


@task("07.4", "any-body", "no-500")
async def test_a_body_that_cannot_be_read_is_refused(app: App, sign_up: dict[str, Any]) -> None:
    whole = json.dumps(sign_up)[:-1]
    for what, body in (
        ("an empty body", b""),
        ("a body that is not JSON", b'{"email": '),
        ("a body that is not UTF-8", b'{"email": "\xff"}'),
        ("a list", b"[]"),
        ("null", b"null"),
        ("a text", b'"email"'),
        ("30,000 brackets", b"[" * 30_000),
        ("a number of 5,000 digits", b'{"email": ' + b"9" * 5000 + b"}"),
        ("the number 1e999", f'{whole}, "email": 1e999}}'.encode()),
        ("the number NaN", f'{whole}, "email": NaN}}'.encode()),
        ("half of a surrogate pair, \\ud800,", f'{whole}, "full_name": "\\ud800"}}'.encode()),
        ("half of a surrogate pair in a name", f'{whole}, "\\ud800": 1}}'.encode()),
        (
            ("half of a surrogate pair in a password"),
            f'{whole}, "password": "correct \\ud800"}}'.encode(),
        ),
    ):
        answer = await app.post(USERS, content=body, headers=JSON)

        must_refuse(answer, *INVALID, to=what)


@task("07.4", "any-body", "password-not-back")
async def test_a_body_of_another_kind_is_refused(app: App, sign_up: dict[str, Any]) -> None:
    form = await app.post(USERS, data=sign_up)
    text = await app.post(USERS, content=json.dumps(sign_up), headers={"Content-Type": "text/css"})

    must_refuse(form, *INVALID, to="a form instead of JSON")
    assert sign_up["password"] not in form.text, (
        "The response to a form must not contain the password that was sent."
    )
    assert text.status_code < 500, f"POST {USERS} must not return {text.status_code} for CSS."
    if text.status_code != 201:
        assert sign_up["password"] not in text.text, (
            "The response to a body that is not JSON must not contain the password that was sent."
        )
