"""Task 05.3: given, null, or not given."""

from typing import Any

import pytest

from groundrules.testing import task
from groundrules.testing.app import App
from groundrules.testing.calls import Call
from groundrules.testing.samples import Samples
from groundrules.worker.errors import Raised

FIELDS = ["email", "password", "full_name"]


@task("05.3", "changes-optional")
async def test_nothing_need_be_given(app: App) -> None:
    with app.accepts("A UserUpdate in which nothing is given"):
        given = await dumped(app)

    assert given == {}, (
        f"A UserUpdate in which nothing is given must have no field set, not {given}."
    )


@task("05.3", "changes-optional", "same-as-sign-up")
@pytest.mark.parametrize("field", FIELDS)
async def test_each_field_can_be_given_alone(app: App, samples: Samples, field: str) -> None:
    value = a_value(samples, field)

    with app.accepts(f"A UserUpdate in which only {field} is given"):
        given = await dumped(app, **{field: value})

    assert list(given) == [field], (
        f"A UserUpdate in which only {field} is given must have only that field set; it has "
        f"{sorted(given)}."
    )


@task("05.3", "same-as-sign-up")
async def test_what_is_given_is_kept(app: App, samples: Samples) -> None:
    email, name = samples.email(), samples.name()

    given = await dumped(app, email=email, full_name=f" {name} ")

    assert given["email"].lower() == email, (
        f"A UserUpdate with the email {email!r} must keep it; it becomes {given['email']!r}."
    )
    assert given["full_name"] == name, (
        f"A UserUpdate with the full_name {f' {name} '!r} must keep it, without the surrounding "
        f"spaces; it becomes {given['full_name']!r}."
    )


@task("05.3", "no-null")
@pytest.mark.parametrize("field", FIELDS)
async def test_null_is_refused(app: App, field: str) -> None:
    with app.refuses(
        "ValidationError",
        field=field,
        message=f"A UserUpdate in which {field} is null must be rejected: null is not the same "
        "as not given.",
    ):
        await dumped(app, **{field: None})


@task("05.3", "same-as-sign-up")
async def test_what_a_sign_up_may_not_contain_no_change_may(app: App, samples: Samples) -> None:
    wrong: dict[str, tuple[str, Any]] = {
        "empty": ("full_name", ""),
        "three spaces": ("full_name", "   "),
        "a tab and a line feed": ("full_name", "\t\n"),
        "a text of 201 characters": ("full_name", samples.word(201)),
        "a text with a NUL": ("full_name", samples.name() + "\0"),
        "one of 7 characters": ("password", samples.word(7)),
        "one of 7 characters, which are 14 bytes,": ("password", "é" * 7),
        "one of 73 letters": ("password", samples.word(73)),
        "one of 74 bytes": ("password", "é" * 37),
        "one of 25 characters, which are 75 bytes,": ("password", "語" * 25),
        "one of 25 letters with combining accents": ("password", "e\u0301" * 25),
        "72 letters and a space": ("password", samples.word(72) + " "),
        "letters and a NUL": ("password", f"{samples.word()}\0{samples.word()}"),
        "letters with a NUL before them": ("password", f"\0{samples.word()}"),
    }

    for what, (field, value) in wrong.items():
        with app.refuses(
            "ValidationError",
            field=field,
            message=f"A UserUpdate whose {field} is {what} must be rejected, as by UserCreate.",
        ):
            await dumped(app, **{field: value})


@task("05.3", "same-as-sign-up")
async def test_an_email_is_one_here_too(
    app: App, samples: Samples, addresses: list[str], no_addresses: list[tuple[str, Any]]
) -> None:
    local = f"{samples.word(64)}@{samples.word(61)}.{samples.word(61)}."
    longest = local + f"{samples.word(250 - len(local))}.org"

    for address in (*addresses, longest):
        with app.accepts(f"A UserUpdate with the email {address}"):
            given = await dumped(app, email=address)
        assert given["email"].lower() == address, (
            f"The email {address} must stay the same; it becomes {given['email']!r}."
        )
    too_long = f"{local}{samples.word(251 - len(local))}.org"
    for wrong in (*(wrong for _, wrong in no_addresses if wrong is not None), too_long):
        with app.refuses(
            "ValidationError",
            field="email",
            message=f"The email {wrong!r} must be rejected, but UserUpdate accepts it.",
        ):
            await dumped(app, email=wrong)


@task("05.3", "same-as-sign-up")
async def test_letters_that_look_alike_stay_different(app: App, look_alikes: list[str]) -> None:
    for address in look_alikes:
        try:
            given = await dumped(app, email=address)
        except Raised:
            continue  # to refuse it is right too
        assert given["email"].lower() == address, (
            f"The email {address} may be rejected or stay the same, but must not become "
            f"{given['email']!r}, which is another address: lower() converts only the case."
        )


@task("05.3", "same-as-sign-up")
async def test_what_a_sign_up_may_contain_a_change_may(app: App, samples: Samples) -> None:
    right: dict[str, tuple[str, Any]] = {
        "one character": ("full_name", "Q"),
        "a text of 200 characters with spaces around it": ("full_name", f" {samples.word(200)} "),
        "one of 8 characters": ("password", samples.word(8)),
        "one of 72 letters": ("password", samples.word(72)),
        "one of 24 characters, which are 72 bytes,": ("password", "語" * 24),
        "one of control characters": ("password", "".join(map(chr, range(1, 33)))),
        "one of spaces and letters": ("password", f"    {samples.word(4)}"),
    }

    for what, (field, value) in right.items():
        with app.accepts(f"A UserUpdate whose {field} is {what}"):
            await dumped(app, **{field: value})


@task("05.3", "same-as-sign-up")
async def test_the_spaces_around_a_new_password_belong_to_it(app: App, samples: Samples) -> None:
    password = samples.password()

    for other in (f" {password}", f"{password} "):
        both = [app.schemas.user.UserUpdate(password=each) for each in (password, other)]
        same = await Call(app.call, "app.schemas.user.UserUpdate.__eq__", both, {})
        assert same is not True, (
            f"UserUpdate turns the password {password!r} into {other!r}: spaces are part of a "
            "password, so strip nothing."
        )


@task("05.3", "unknown-fields")
@pytest.mark.parametrize("field", ["is_librarian", "is_active", "id", "hashed_password", "role"])
async def test_users_cannot_promote_themselves(app: App, field: str) -> None:
    with app.refuses(
        "ValidationError",
        field=field,
        message=f"A UserUpdate with {field} must be rejected, but it is accepted.",
    ):
        await dumped(app, **{field: True})


@task("05.3", "change-hides-password")
async def test_a_password_is_not_shown(app: App, samples: Samples) -> None:
    password = samples.password()

    text = ""
    for form in ("repr", "str"):
        made = app.schemas.user.UserUpdate(password=password)
        text += await Call(app.call, f"app.schemas.user.UserUpdate.__{form}__", [made], {})
    with app.refuses(message="A UserUpdate with a blank full_name must be rejected.") as refusal:
        await dumped(app, password=password, full_name="")
    with app.refuses(message="A UserUpdate with is_librarian must be rejected.") as other:
        await dumped(app, is_librarian=True, password=password)
    short = samples.word(7)
    with app.refuses(
        message="A UserUpdate whose password has 7 letters must be rejected."
    ) as wrong:
        await dumped(app, password=short)

    assert password not in text, "repr() or str() of a UserUpdate shows its password."
    shown = password in refusal.message + other.message or short in wrong.message
    assert not shown, "The error for a UserUpdate that is rejected shows the password."


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
