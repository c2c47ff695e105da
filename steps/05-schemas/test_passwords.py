"""Task 05.2: a password stays here."""

from typing import Any

import pytest

from groundrules.testing import task
from groundrules.testing.app import App
from groundrules.testing.calls import Call
from groundrules.testing.samples import Samples

ANY_CHARACTERS = [
    "".join(map(chr, range(1, 33))),
    "".join(map(chr, range(33, 80))),
    "".join(map(chr, range(80, 128))),
    "\x80\x9f\xa0\xad\u200d\u2028\ufeff\ue000\uffff",
    "👩‍👩‍👧 \U0010ffff пароль",
]
POOR = ("password", "12345678", "qwertyuiop", "AAAAAAAA", "        ")
TWO_BYTES = "äéîøüпжλ"  # letters that take two bytes each in UTF-8


@pytest.fixture
def sign_up(samples: Samples) -> dict[str, Any]:
    return {"email": samples.email(), "full_name": samples.name()}


@task("05.2", "password-min", "password-unchanged")
async def test_eight_characters_are_enough(
    app: App, sign_up: dict[str, Any], samples: Samples
) -> None:
    passwords = {
        "8 letters": samples.word(8),
        "8 letters of two bytes each": letters(samples, 8),
        "4 spaces and 4 letters": "    " + samples.word(4),
        "8 spaces": " " * 8,
    }

    for what, password in passwords.items():
        with app.accepts(f"A password of {what}"):
            await app.schemas.user.UserCreate(**sign_up, password=password)


@task("05.2", "password-min", "names-the-field")
async def test_less_than_eight_characters_are_refused(
    app: App, sign_up: dict[str, Any], samples: Samples
) -> None:
    passwords = {
        "no characters": "",
        "7 letters": samples.word(7),
        "7 letters, which are 14 bytes,": letters(samples, 7),
    }

    for what, password in passwords.items():
        await must_refuse(app, sign_up, password, what)


@task("05.2", "password-max", "password-unchanged")
async def test_72_bytes_are_accepted(app: App, sign_up: dict[str, Any], samples: Samples) -> None:
    passwords = {
        "72 letters": samples.word(72),
        "36 letters, which are 72 bytes,": letters(samples, 36),
        "24 characters, which are 72 bytes,": "語" * 24,
        "24 characters that compatibility forms would make longer": "ﷺ" * 24,
    }

    for what, password in passwords.items():
        with app.accepts(f"A password of {what}"):
            await app.schemas.user.UserCreate(**sign_up, password=password)


@task("05.2", "password-max", "names-the-field")
async def test_more_than_72_bytes_are_refused(
    app: App, sign_up: dict[str, Any], samples: Samples
) -> None:
    passwords = {
        "73 letters": samples.word(73),
        "37 letters, which are 74 bytes,": letters(samples, 37),
        "25 characters, which are 75 bytes,": "語" * 25,
        "25 letters with combining accents, which are 75 bytes,": "e\u0301" * 25,
        "25 ligatures, which are 75 bytes,": "ﬁ" * 25,
        "72 letters and a space": samples.word(72) + " ",
        "200 letters": samples.word(200),
    }

    for what, password in passwords.items():
        await must_refuse(app, sign_up, password, what)


@task("05.2", "password-nul", "names-the-field")
async def test_a_password_with_a_nul_is_refused(
    app: App, sign_up: dict[str, Any], samples: Samples
) -> None:
    for wrong in (
        f"{samples.word()}\0{samples.word()}",
        f"\0{samples.word()}",
        f"{samples.word()}\0",
    ):
        await must_refuse(app, sign_up, wrong, "letters and a NUL")


@task("05.2", "password-unchanged")
async def test_a_password_may_contain_any_character_but_a_nul(
    app: App, sign_up: dict[str, Any]
) -> None:
    for password in ANY_CHARACTERS:
        with app.accepts(f"The password {password!r}"):
            await app.schemas.user.UserCreate(**sign_up, password=password)


@task("05.2", "password-unchanged")
async def test_a_password_may_be_a_poor_one(app: App, sign_up: dict[str, Any]) -> None:
    for password in (*POOR, sign_up["email"]):
        with app.accepts(f"The password {password!r}, which is a poor choice and no more,"):
            await app.schemas.user.UserCreate(**sign_up, password=password)


@task("05.2", "password-unchanged")
async def test_the_spaces_around_a_password_belong_to_it(
    app: App, sign_up: dict[str, Any], samples: Samples
) -> None:
    password = samples.password()

    for other in (f" {password}", f"{password} ", f"{password}\n"):
        assert not await same(app, sign_up, password, other), (
            f"UserCreate turns the password {other!r} into {password!r}: spaces are part of a "
            "password, so strip nothing."
        )


@task("05.2", "password-unchanged")
async def test_no_character_of_a_password_becomes_another(
    app: App, sign_up: dict[str, Any], samples: Samples
) -> None:
    word = samples.word()
    for first, second in (
        (word.upper(), word),
        (f"{word}  {word}", f"{word} {word}"),
        (f"{word}\t{word}", f"{word} {word}"),
        (f"{word}e\u0301", f"{word}é"),
        (f"{word}ﬁ", f"{word}fi"),
    ):
        assert not await same(app, sign_up, first, second), (
            f"To UserCreate, the passwords {first!r} and {second!r} are the same: every character of a "
            "password must stay as it is."
        )


@task("05.2", "password-not-shown")
async def test_a_password_is_not_shown(app: App, sign_up: dict[str, Any], samples: Samples) -> None:
    password = samples.password()

    for form in ("repr", "str"):
        made = app.schemas.user.UserCreate(**sign_up, password=password)
        text = await Call(app.call, f"app.schemas.user.UserCreate.__{form}__", [made], {})
        assert password not in text, (
            f"{form}() of a UserCreate shows its password: {text.replace(password, '[the password]')}"
        )


@task("05.2", "password-not-in-errors")
async def test_an_error_does_not_show_the_password_that_is_wrong(
    app: App, sign_up: dict[str, Any], samples: Samples
) -> None:
    for password in (
        samples.word(7),
        letters(samples, 37),
        samples.word(80),
        f"{samples.word()}\0{samples.word()}",
    ):
        with app.refuses(
            message=(
                "A password of 7 letters, 74 bytes or 80 letters, or with a NUL, must be rejected."
            )
        ) as refusal:
            await app.schemas.user.UserCreate(**sign_up, password=password)
        must_hide(refusal.message, password, "whose password is wrong")
    password = samples.password()
    for odd in ([password], {"password": password}):
        with app.refuses(message="A password that is not a string must be rejected.") as refusal:
            await app.schemas.user.UserCreate(**sign_up, password=odd)
        must_hide(refusal.message, password, "whose password is in a list or an object")


@task("05.2", "password-not-in-errors")
async def test_an_error_elsewhere_does_not_show_the_password(
    app: App, sign_up: dict[str, Any], samples: Samples
) -> None:
    password = samples.password()
    wrong: dict[str, dict[str, Any]] = {
        "without email": {"full_name": samples.name()},
        "without full_name": {"email": samples.email()},
        "whose email is wrong": {**sign_up, "email": samples.word()},
        "with a field `is_librarian`": {**sign_up, "is_librarian": True},
    }

    for what, fields in wrong.items():
        with app.refuses(message=f"A sign-up {what} must be rejected.") as told:
            await app.schemas.user.UserCreate(**fields, password=password)
        must_hide(told.message, password, what)


async def same(app: App, sign_up: dict[str, Any], first: str, second: str) -> bool:
    """Return whether two passwords make the same sign-up."""
    both = [app.schemas.user.UserCreate(**sign_up, password=each) for each in (first, second)]
    return await Call(app.call, "app.schemas.user.UserCreate.__eq__", both, {}) is True


def letters(samples: Samples, count: int) -> str:
    """Return letters that take two bytes each."""
    return "".join(samples.numbers.choices(TWO_BYTES, k=count))


def must_hide(message: str, password: str, what: str) -> None:
    """A password that is cut in the middle is shown all the same."""
    shown = any(part in message for part in (password, password[:7], password[-7:]))
    assert not shown, (
        f"The error for a sign-up {what} shows the password, and errors end up in logs."
    )


async def must_refuse(app: App, sign_up: dict[str, Any], password: str, what: str) -> None:
    with app.refuses(
        "ValidationError",
        field="password",
        message=f"A password of {what} must be rejected, but UserCreate accepts it.",
    ):
        await app.schemas.user.UserCreate(**sign_up, password=password)
