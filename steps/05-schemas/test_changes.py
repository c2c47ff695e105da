"""Task 05.3: given, null, or not given."""

from typing import Any

import pytest

from groundrules.testing import task
from groundrules.testing.app import App
from groundrules.testing.calls import Call
from groundrules.testing.samples import Samples

FIELDS = ["email", "password", "full_name"]


@task("05.3")
async def test_nothing_need_be_given(app: App) -> None:
    with app.accepts("A UserUpdate in which nothing is given"):
        given = await dumped(app)

    assert given == {}, (
        f"A UserUpdate in which nothing is given must have no field set, not {given}."
    )


@task("05.3")
@pytest.mark.parametrize("field", FIELDS)
async def test_each_field_can_be_given_alone(app: App, samples: Samples, field: str) -> None:
    value = a_value(samples, field)

    with app.accepts(f"A UserUpdate in which only {field} is given"):
        given = await dumped(app, **{field: value})

    assert list(given) == [field], (
        f"A UserUpdate in which only {field} is given must have that field set alone; "
        f"it has {sorted(given)}."
    )


@task("05.3")
async def test_what_is_given_is_kept(app: App, samples: Samples) -> None:
    email, name = samples.email(), samples.name()

    given = await dumped(app, email=email, full_name=f" {name} ")

    assert given["email"].lower() == email, (
        f"A UserUpdate with the email {email!r} must keep it; it becomes {given['email']!r}."
    )
    assert given["full_name"] == name, (
        f"A UserUpdate with the full_name {f' {name} '!r} must keep it without the spaces around it; "
        f"it becomes {given['full_name']!r}."
    )


@task("05.3")
@pytest.mark.parametrize("field", FIELDS)
async def test_null_is_refused(app: App, field: str) -> None:
    with app.refuses(
        "ValidationError",
        field=field,
        message=f"A UserUpdate in which {field} is null must be refused: "
        "null is not the same as not given.",
    ):
        await dumped(app, **{field: None})


@task("05.3")
async def test_what_a_sign_up_may_not_contain_no_change_may(app: App, samples: Samples) -> None:
    wrong: dict[str, tuple[str, Any]] = {
        "no address": ("email", samples.word()),
        "three spaces": ("full_name", "   "),
        "a text of 201 characters": ("full_name", samples.word(201)),
        "a text with a NUL": ("full_name", samples.name() + "\0"),
        "one of 7 characters": ("password", samples.word(7)),
        "one of 74 bytes": ("password", "é" * 37),
    }

    for what, (field, value) in wrong.items():
        with app.refuses(
            "ValidationError",
            field=field,
            message=f"A UserUpdate whose {field} is {what} must be refused, as UserCreate does.",
        ):
            await dumped(app, **{field: value})


@task("05.3")
@pytest.mark.parametrize("field", ["is_librarian", "is_active", "id", "hashed_password", "role"])
async def test_users_cannot_promote_themselves(app: App, field: str) -> None:
    with app.refuses(
        "ValidationError",
        field=field,
        message=f"A UserUpdate with {field} must be refused, but it is taken.",
    ):
        await dumped(app, **{field: True})


@task("05.3")
async def test_a_password_is_not_shown(app: App, samples: Samples) -> None:
    password = samples.password()

    made = app.schemas.user.UserUpdate(password=password)
    text = await Call(app.call, "app.schemas.user.UserUpdate.__repr__", [made], {})
    with app.refuses(message="A UserUpdate with a blank full_name must be refused.") as refusal:
        await dumped(app, password=password, full_name="")
    with app.refuses(message="A UserUpdate with is_librarian must be refused.") as other:
        await dumped(app, is_librarian=True, password=password)
    short = samples.word(7)
    with app.refuses(message="A UserUpdate whose password has 7 letters must be refused.") as wrong:
        await dumped(app, password=short)

    assert password not in text, "repr() of a UserUpdate shows its password."
    shown = password in refusal.message + other.message or short in wrong.message
    assert not shown, "The error for a UserUpdate that is refused shows the password."


async def dumped(app: App, **fields: Any) -> dict[str, Any]:
    """Return what a service sees that only wants what was given."""
    changes = app.schemas.user.UserUpdate(**fields)
    given: dict[str, Any] = await app.schemas.user.UserUpdate.model_dump(
        changes, exclude_unset=True
    )
    return given


def a_value(samples: Samples, field: str) -> str:
    return {
        "email": samples.email(),
        "password": samples.password(),
        "full_name": samples.name(),
    }[field]
