"""Task 07.1: sign up."""

from datetime import datetime
from typing import Any

import pytest

from groundrules.testing import demand, task
from groundrules.testing.answers import INVALID, must_answer, must_refuse, must_show
from groundrules.testing.app import App, Response
from groundrules.testing.database import Database
from groundrules.testing.library import Library
from groundrules.testing.races import at_once, seen_with
from groundrules.testing.samples import Samples

USERS = "/api/v1/users/"
FIELDS = ("id", "email", "full_name", "is_librarian", "is_active", "created_at", "updated_at")
AT_ONCE = 8
HELD = "LOCK TABLE users IN SHARE MODE"  # all can be read, and nothing be written


@pytest.fixture
def sign_up(samples: Samples) -> dict[str, Any]:
    """The body of a sign-up."""
    return {
        "email": samples.email(),
        "password": samples.password(),
        "full_name": samples.name(),
    }


@task("07.1", "sign-up", "whole-objects")
async def test_a_sign_up_answers_201_with_the_user(app: App, sign_up: dict[str, Any]) -> None:
    answer = await app.post(USERS, json=sign_up)

    must_answer(answer, 201, to="a sign-up")
    user = must_show(answer, FIELDS)
    for field in ("email", "full_name"):
        assert user[field] == sign_up[field], (
            f"POST {USERS} must return the {field} of the sign-up, {sign_up[field]!r}; it "
            f"returns {user[field]!r}."
        )
    assert (user["is_librarian"], user["is_active"]) == (False, True), (
        "A new user is active and not a librarian; the response has is_librarian "
        f"{user['is_librarian']!r} and is_active {user['is_active']!r}."
    )
    for field in ("created_at", "updated_at"):
        assert datetime.fromisoformat(user[field]).tzinfo is not None, (
            f"POST {USERS} must show {field} with its time zone; it shows {user[field]!r}."
        )


@task("07.1", "stored", "sign-up")
async def test_the_user_is_stored_when_the_answer_arrives(
    app: App, database: Database, sign_up: dict[str, Any]
) -> None:
    answer, stored = await seen_with(
        database,
        "users",
        app.post(USERS, json=sign_up),
        lambda: database.fetchrow("SELECT * FROM users"),
    )

    must_answer(answer, 201, to="a sign-up")
    with demand("stored"):
        assert stored is not None, (
            f"POST {USERS} returns 201, but the table users is still empty. The service must commit "
            "before the handler returns."
        )
    assert stored["id"] == must_show(answer, FIELDS)["id"], (
        f"POST {USERS} must return the id of the row in users, {stored['id']}."
    )
    assert stored["full_name"] == sign_up["full_name"], (
        f"POST {USERS} must store the full_name of the sign-up, {sign_up['full_name']!r}; "
        f"users has {stored['full_name']!r}."
    )


@task("07.1", "no-password")
async def test_the_answer_has_neither_the_password_nor_its_hash(
    app: App, database: Database, sign_up: dict[str, Any]
) -> None:
    answer = await app.post(USERS, json=sign_up)

    must_answer(answer, 201, to="a sign-up")
    shown = f"{answer.text} {dict(answer.headers)}"
    assert sign_up["password"] not in shown, f"POST {USERS} must not return the password."
    stored = await database.fetchval("SELECT hashed_password FROM users")
    assert stored is None or stored not in shown, f"POST {USERS} must not return the hash."


@task("07.1", "email-taken", "detail")
async def test_an_email_that_is_taken_is_refused(
    app: App, library: Library, sign_up: dict[str, Any]
) -> None:
    must_answer(await app.post(USERS, json=sign_up), 201, to="a sign-up")

    for email in (sign_up["email"], sign_up["email"].upper()):
        answer = await app.post(USERS, json={**sign_up, "email": email})

        must_refuse(answer, 400, to="a sign-up with an email that is taken")
    stored = await library.count("users")
    assert stored == 1, (
        f"After two rejected sign-ups, the table users must have one row; it has {stored}."
    )


@task("07.1", "eight-at-once", "detail")
async def test_of_many_sign_ups_with_one_email_one_is_taken(
    app: App, library: Library, database: Database, sign_up: dict[str, Any]
) -> None:
    answers: list[Response] = []

    async def add() -> None:
        answers.append(await app.post(USERS, json=sign_up))

    with app.taking(60):
        await at_once(database, *(add() for _ in range(AT_ONCE)), holding=HELD)

    codes = sorted(answer.status_code for answer in answers)
    assert codes == [201, *[400] * (AT_ONCE - 1)], (
        f"Of {AT_ONCE} sign-ups with one email at once, one must get 201, and the others 400; "
        f"the status codes are {', '.join(map(str, codes))}."
    )
    assert await library.count("users") == 1, "After that, the table users must have one row."
    with demand("detail"):
        for answer in answers:
            if answer.status_code == 400:
                must_refuse(
                    answer, 400, to="a sign-up with an email that another one has just taken"
                )


@task("07.1", "body-of-the-schema", "rejected", "no-500")
async def test_a_sign_up_that_cannot_be_is_refused(
    app: App, library: Library, samples: Samples, sign_up: dict[str, Any]
) -> None:
    wrong: dict[str, dict[str, Any]] = {
        "an email that is not valid": {"email": samples.word()},
        "an email that is a number": {"email": samples.numbers.randint(1, 2**70)},
        "an email with a NUL": {"email": f"{samples.word()}\0@example.org"},
        "a password of 7 characters": {"password": samples.word(7)},
        "a password with a NUL": {"password": samples.password() + "\0"},
        "a blank full_name": {"full_name": " "},
        "a full_name with a NUL": {"full_name": samples.name() + "\0"},
        "a full_name of null": {"full_name": None},
        "the field is_librarian": {"is_librarian": True},
        "the field id": {"id": samples.numbers.randint(1, 100)},
    }
    bodies = {f"a sign-up with {what}": {**sign_up, **fields} for what, fields in wrong.items()}
    for left_out in sign_up:
        others = {name: value for name, value in sign_up.items() if name != left_out}
        bodies[f"a sign-up without {left_out}"] = others

    for what, body in bodies.items():
        must_refuse(await app.post(USERS, json=body), *INVALID, to=what)

    stored = await library.count("users")
    assert stored == 0, f"A rejected sign-up must not be stored; the table users has {stored} rows."
