"""Task 08.5: what users change about themselves."""

from collections.abc import Callable
from typing import Any, Protocol

import pytest

from groundrules.testing import task
from groundrules.testing.app import App
from groundrules.testing.library import Library
from groundrules.testing.people import LOGIN, Person
from groundrules.testing.samples import Samples
from groundrules.testing.values import Row

ME = "/api/v1/users/me"
ASKED = f"PATCH {ME}"


class Account(Protocol):
    row: Row
    email: str
    password: str


@task("08.5", "me-changes")
async def test_a_name_changes_and_the_rest_stays(
    library: Library, samples: Samples, reader: Person
) -> None:
    before, name = await columns(library, reader), f"{samples.name()} {samples.word(3)}"

    response = await reader.patch(ME, json={"full_name": name})

    assert response.status_code == 200, f"{ASKED} must return 200 for a new full_name."
    assert response.json().get("full_name") == name, f"{ASKED} must return the changed user."
    after = await columns(library, reader)
    assert after["full_name"] == name, f"{ASKED} returns 200, but the database has the old name."
    kept = ("email", "hashed_password", "is_librarian", "is_active")
    changed = [name for name in kept if before[name] != after[name]]
    assert not changed, f"{ASKED} with a full_name alone must not change {', '.join(changed)}."


@task("08.5", "me-changes")
async def test_an_email_changes(library: Library, samples: Samples, reader: Person) -> None:
    before, email = await columns(library, reader), samples.email()

    response = await reader.patch(ME, json={"email": email})

    assert response.status_code == 200, f"{ASKED} must return 200 for a new email."
    after = await columns(library, reader)
    assert after["email"].lower() == email, (
        f"{ASKED} returns 200, but the database has the old email."
    )
    assert after["full_name"] == before["full_name"], (
        f"{ASKED} must not change fields that are not given."
    )


@task("08.5", "me-changes")
async def test_nothing_given_changes_nothing(library: Library, reader: Person) -> None:
    before = await columns(library, reader)

    response = await reader.patch(ME, json={})

    assert response.status_code == 200, f"{ASKED} must return 200 for an empty object."
    after = await columns(library, reader)
    assert {**before, "updated_at": None} == {**after, "updated_at": None}, (
        f"{ASKED} with an empty object must change nothing."
    )


@task("08.5", "me-changes")
@pytest.mark.parametrize("field", ["email", "full_name", "password"])
async def test_null_is_not_the_same_as_not_given(
    library: Library, reader: Person, field: str
) -> None:
    await must_be_invalid(library, reader, {field: None})


@task("08.5", "no-promotion")
@pytest.mark.parametrize("field", ["is_librarian", "is_active", "id", "hashed_password"])
async def test_nobody_changes_what_the_library_decides(
    library: Library, reader: Person, field: str
) -> None:
    value: object = {"id": 1, "hashed_password": "x" * 60}.get(field, True)

    await must_be_invalid(library, reader, {field: value})
    await must_be_invalid(library, reader, {field: value, "full_name": "Ada"})


@task("08.5", "me-email-taken")
async def test_an_email_in_use_is_refused(
    library: Library, reader: Person, librarian: Person
) -> None:
    before = await columns(library, reader)

    response = await reader.patch(ME, json={"email": librarian.email.upper()})

    assert response.status_code == 400, (
        f"{ASKED} must return 400 for the email of another user, in capitals too."
    )
    assert isinstance(response.json().get("detail"), str), (
        f'The 400 of {ASKED} must have a body like {{"detail": "…"}}.'
    )
    assert await columns(library, reader) == before, (
        f"{ASKED} returns 400, but it changes the user."
    )


@task("08.5", "me-email-taken", "me-changes")
async def test_users_keep_their_own_email(library: Library, reader: Person) -> None:
    for email in (reader.email, reader.email.upper()):
        response = await reader.patch(ME, json={"email": email})

        assert response.status_code == 200, (
            f"{ASKED} must return 200 for the user's own email, {email}, in capitals too; it returns "
            f"{response.status_code}."
        )
    stored = (await columns(library, reader))["email"]
    assert stored.lower() == reader.email, f"The email {reader.email} has become {stored}."


@task("08.5", "me-changes")
async def test_a_new_password_takes_the_place_of_the_old(
    app: App,
    samples: Samples,
    account: Account,
    headers_of: Callable[[Row], dict[str, str]],
) -> None:
    password = samples.password()

    response = await app.patch(ME, json={"password": password}, headers=headers_of(account.row))

    assert response.status_code == 200, f"{ASKED} must return 200 for a new password."
    assert password not in response.text, f"{ASKED}returns the password."
    for given, status in ((password, 200), (account.password, 401)):
        form = {"username": account.email, "password": given, "grant_type": "password"}
        answer = await app.post(LOGIN, data=form)
        which = "new" if status == 200 else "old"
        assert answer.status_code == status, (
            f"After {ASKED} with a password, POST {LOGIN} must return {status} for the {which} one."
        )


async def columns(library: Library, person: Person) -> dict[str, Any]:
    found = await library.read(person.row)
    assert found is not None, "The user is not in the table users any more."
    return found


async def must_be_invalid(library: Library, reader: Person, change: dict[str, object]) -> None:
    before = await columns(library, reader)
    response = await reader.patch(ME, json=change)
    assert response.status_code in (400, 422), f"{ASKED} must return 422 for {change}."
    assert await columns(library, reader) == before, (
        f"{ASKED} rejects {change}, but it changes the user."
    )
