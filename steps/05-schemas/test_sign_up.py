"""Task 05.1: what a sign-up may contain."""

from typing import Any

import pytest

from groundrules.testing import demand, task
from groundrules.testing.app import App
from groundrules.testing.samples import Samples
from groundrules.worker.errors import Raised

BLANK = {"nothing": "", "spaces": "   ", "a tab and a line feed": "\t\n"}


@pytest.fixture
def sign_up(samples: Samples) -> dict[str, Any]:
    return {
        "email": samples.email(),
        "password": samples.password(),
        "full_name": samples.name(),
    }


@task("05.1", "sign-up-fields", "full-name", "same-address")
async def test_a_sign_up_is_accepted(app: App, sign_up: dict[str, Any]) -> None:
    with app.accepts("A sign-up with email, password and full_name"):
        user = await app.schemas.user.UserCreate(**sign_up)

    assert user.full_name == sign_up["full_name"], (
        f"The full_name {sign_up['full_name']!r} must stay as it is; it becomes {user.full_name!r}."
    )
    assert user.email.lower() == sign_up["email"], (
        f"The email {sign_up['email']!r} must stay the same; it becomes {user.email!r}."
    )


@task("05.1", "sign-up-fields")
@pytest.mark.parametrize("field", ["email", "password", "full_name"])
async def test_each_field_must_be_given(app: App, sign_up: dict[str, Any], field: str) -> None:
    del sign_up[field]

    with app.refuses(
        "ValidationError",
        field=field,
        message=f"A sign-up without {field} must be rejected, but UserCreate accepts it.",
    ):
        await app.schemas.user.UserCreate(**sign_up)


@task("05.1", "unknown-fields")
@pytest.mark.parametrize("field", ["is_librarian", "is_active", "id", "hashed_password"])
async def test_nobody_decides_more_than_a_sign_up_says(
    app: App, sign_up: dict[str, Any], field: str
) -> None:
    value: object = {"id": 1, "hashed_password": "x" * 60}.get(field, True)

    with app.refuses(
        "ValidationError",
        field=field,
        message=f"A sign-up with {field} must be rejected, but UserCreate accepts it.",
    ):
        await app.schemas.user.UserCreate(**sign_up, **{field: value})


@task("05.1", "unknown-fields")
async def test_any_other_field_is_refused(
    app: App, sign_up: dict[str, Any], samples: Samples
) -> None:
    field = samples.word()

    with app.refuses(
        "ValidationError",
        field=field,
        message=f"A sign-up with a field `{field}` must be rejected, but UserCreate accepts it.",
    ):
        await app.schemas.user.UserCreate(**sign_up, **{field: 1})


@task("05.1", "unknown-fields")
async def test_a_field_has_one_name(app: App, sign_up: dict[str, Any]) -> None:
    for field in ("fullName", "FullName", "full-name", "name"):
        others = {name: value for name, value in sign_up.items() if name != "full_name"}
        with app.refuses(
            "ValidationError",
            message=f"A sign-up with {field} must be rejected, but UserCreate accepts it.",
        ):
            await app.schemas.user.UserCreate(**others, **{field: sign_up["full_name"]})


@task("05.1", "ordinary-emails", "same-address")
async def test_ordinary_addresses_are_accepted(
    app: App, sign_up: dict[str, Any], addresses: list[str]
) -> None:
    for address in addresses:
        with app.accepts(f"The email {address}"):
            user = await app.schemas.user.UserCreate(**{**sign_up, "email": address})
        assert user.email.lower() == address, (
            f"The email {address} must stay the same; it becomes {user.email!r}."
        )


@task("05.1", "same-address")
async def test_letters_that_look_alike_stay_different(
    app: App, sign_up: dict[str, Any], look_alikes: list[str]
) -> None:
    for address in look_alikes:
        try:
            user = await app.schemas.user.UserCreate(**{**sign_up, "email": address})
        except Raised:
            continue  # to refuse it is right too
        assert user.email.lower() == address, (
            f"The email {address} may be rejected or stay the same, but must not become "
            f"{user.email!r}, which is another address: lower() converts only the case."
        )


@task("05.1", "one-at", "both-sides", "email-spaces", "two-dots", "names-the-field")
async def test_what_is_no_address_is_refused(
    app: App, sign_up: dict[str, Any], no_addresses: list[tuple[str, Any]]
) -> None:
    for broken, address in no_addresses:
        with (
            demand(broken),
            app.refuses(
                "ValidationError",
                field="email",
                message=f"The email {address!r} must be rejected, but UserCreate accepts it.",
            ),
        ):
            await app.schemas.user.UserCreate(**{**sign_up, "email": address})


@task("05.1", "email-length")
async def test_an_email_has_254_characters_at_most(
    app: App, sign_up: dict[str, Any], samples: Samples
) -> None:
    def address(length: int) -> str:
        local, last = samples.word(64), samples.word(length - 193)
        return f"{local}@{samples.word(61)}.{samples.word(61)}.{last}.org"

    with app.accepts("An email of 254 characters"):
        await app.schemas.user.UserCreate(**{**sign_up, "email": address(254)})
    with app.refuses(
        "ValidationError",
        field="email",
        message="An email of 255 characters must be rejected, but UserCreate accepts it.",
    ):
        await app.schemas.user.UserCreate(**{**sign_up, "email": address(255)})


@task("05.1", "full-name", "text-length", "text-stripped")
async def test_a_name_has_1_to_200_characters(
    app: App, sign_up: dict[str, Any], samples: Samples
) -> None:
    fits = "é" + samples.word(199)

    for name in (fits, f"  {fits} "):
        with app.accepts("A full_name of 200 characters, with spaces around it or not,"):
            user = await app.schemas.user.UserCreate(**{**sign_up, "full_name": name})
        assert user.full_name == fits, "A full_name of 200 characters must stay as it is."
    with app.accepts("A full_name of one character"):
        await app.schemas.user.UserCreate(**{**sign_up, "full_name": "Q"})
    with app.refuses(
        "ValidationError",
        field="full_name",
        message="A full_name of 201 characters must be rejected, but UserCreate accepts it.",
    ):
        await app.schemas.user.UserCreate(**{**sign_up, "full_name": fits + "x"})


@task("05.1", "full-name")
async def test_a_name_may_have_any_characters(app: App, sign_up: dict[str, Any]) -> None:
    for name in (
        "Sammy Davis, Jr.",
        "Conan O’Brien (née D’Arcy)",
        "李小龍",
        "Søren Å. 3rd / X Æ A-12",
    ):
        with app.accepts(f"The full_name {name!r}"):
            user = await app.schemas.user.UserCreate(**{**sign_up, "full_name": name})
        assert user.full_name == name, (
            f"The full_name {name!r} must stay as it is; it becomes {user.full_name!r}."
        )


@task("05.1", "text-stripped", "full-name")
async def test_spaces_around_a_name_are_taken_away(app: App, sign_up: dict[str, Any]) -> None:
    name = sign_up["full_name"]
    for written in (f"  {name}\t", f"{name}\n", f"\r\n{name}\r\n"):
        with app.accepts(f"The full_name {written!r}, with spaces, tabs or line ends around it,"):
            user = await app.schemas.user.UserCreate(**{**sign_up, "full_name": written})

        assert user.full_name == name, (
            f"Spaces around a full_name must be stripped; {written!r} becomes {user.full_name!r}."
        )


@task("05.1", "text-stripped", "full-name", "names-the-field")
@pytest.mark.parametrize("what", BLANK)
async def test_a_blank_name_is_refused(app: App, sign_up: dict[str, Any], what: str) -> None:
    with app.refuses(
        "ValidationError",
        field="full_name",
        message=f"A full_name of {what} must be rejected, but UserCreate accepts it.",
    ):
        await app.schemas.user.UserCreate(**{**sign_up, "full_name": BLANK[what]})


@task("05.1", "text-nul", "full-name")
async def test_a_name_with_a_nul_is_refused(app: App, sign_up: dict[str, Any]) -> None:
    name = sign_up["full_name"]

    for wrong in (f"{name}\0", f"\0{name}", name.replace(" ", "\0")):
        with app.refuses(
            "ValidationError",
            field="full_name",
            message=f"The full_name {wrong!r} must be rejected, but UserCreate accepts it.",
        ):
            await app.schemas.user.UserCreate(**{**sign_up, "full_name": wrong})
