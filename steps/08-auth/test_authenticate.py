"""Task 08.3: whether it is them."""

import asyncio
import time
from typing import Any, Protocol

from groundrules.testing import task
from groundrules.testing.app import App
from groundrules.testing.library import Library
from groundrules.testing.samples import Samples
from groundrules.testing.values import Row

AT_ONCE = 12
UNSEEN = 0.008  # seconds
ROUNDS = 12  # of which right code mostly needs one
CALL = "authenticate()"


class Account(Protocol):
    row: Row
    email: str
    password: str


@task("08.3", "right-password")
async def test_the_right_password_gives_the_user(app: App, account: Account) -> None:
    found = await authenticate(app, account.email, account.password)

    assert isinstance(found, Row), (
        f"{CALL} must return the user for an email and its password; it returns {found!r}."
    )
    assert found.key == account.row.key, (
        f"{CALL} must return the user with that email, and no other."
    )


@task("08.3", "email-any-case")
async def test_an_email_may_be_written_in_any_case(app: App, account: Account) -> None:
    found = await authenticate(app, account.email.upper(), account.password)

    assert isinstance(found, Row), (
        f"{CALL} must find a user in whatever case the email is written; it returns {found!r} "
        "for capitals."
    )


@task("08.3", "nobody", "email-characters")
async def test_whoever_it_is_not_is_nobody(app: App, samples: Samples, account: Account) -> None:
    wrong = {
        "a wrong password": (account.email, samples.password()),
        "the password's hash": (account.email, account.row.hashed_password),
        "an email that nobody has": (samples.email(), account.password),
        "the user's email with _ for a letter": (f"_{account.email[1:]}", account.password),
        "the user's email with % for some letters": (f"%{account.email[3:]}", account.password),
        "a password in capitals": (account.email, account.password.upper()),
        "a password with a trailing space": (account.email, f"{account.password} "),
        "no password at all": (account.email, ""),
    }

    for what, (email, given) in wrong.items():
        found = await authenticate(app, email, given)
        assert found is None, f"{CALL} must return None for {what}; it returns {found!r}."


@task("08.3", "nobody")
async def test_a_user_who_is_not_active_is_nobody(
    app: App, library: Library, account: Account
) -> None:
    await library.database.execute(
        "UPDATE users SET is_active = false WHERE id = $1", account.row.id
    )

    found = await authenticate(app, account.email, account.password)

    assert found is None, (
        f"{CALL} must return None for a user whose is_active is false; it returns {found!r}."
    )


@task("08.3", "same-time")
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
        if known / 2 < min(other.values()) and max(other.values()) < 2 * known:
            break

    for what, quickest in other.items():
        assert quickest > known / 2, (
            f"{CALL} takes {known * 1000:.0f} ms for a wrong password, but only "
            f"{quickest * 1000:.0f} ms for {what}. So anybody can find out who has an account: "
            "hash something in that case, too."
        )
        assert quickest < 2 * known, (
            f"{CALL} takes {known * 1000:.0f} ms for a wrong password, and "
            f"{quickest * 1000:.0f} ms for {what}. So anybody can find out who has an account: hash "
            "once, with the same parameters."
        )


@task("08.3", "same-time")
async def test_a_password_that_nobody_can_have_tells_nothing(
    app: App, samples: Samples, account: Account
) -> None:
    known = other = float("inf")

    for _ in range(ROUNDS):
        known = min(known, await seconds(app, account.email, samples.word(100)))
        other = min(other, await seconds(app, samples.email(), samples.word(100)))
        if is_alike(known, other):
            break

    assert is_alike(known, other), (
        f"For a password of 100 letters, {CALL} takes {known * 1000:.0f} ms if there is a user with that "
        f"email, and {other * 1000:.0f} ms if there is none. So anybody can find out who has an account."
    )


@task("08.3", "same-time")
async def test_many_refusals_at_once_take_as_long_as_many_wrong_passwords(
    app: App, samples: Samples, account: Account
) -> None:
    known = other = float("inf")

    for _ in range(ROUNDS):
        known = min(known, await seconds_of_many(app, account.email, samples))
        other = min(other, await seconds_of_many(app, samples.email(), samples))
        if known / 2 < other < 2 * known:
            break

    assert known / 2 < other < 2 * known, (
        f"{AT_ONCE} calls of {CALL} at once take {known * 1000:.0f} ms for wrong passwords, and "
        f"{other * 1000:.0f} ms for an email that nobody has. So anybody can find out who has an "
        "account: hash something in that case too, and do not pause in place of it."
    )


def is_alike(first: float, second: float) -> bool:
    """Whether two times differ by no more than a busy machine makes them differ."""
    return abs(first - second) < UNSEEN or first / 2 < second < 2 * first


async def authenticate(app: App, email: str, password: str) -> Any:
    return await app.services.auth_service.authenticate(email=email, password=password)


async def seconds(app: App, email: str, password: str) -> float:
    begun = time.perf_counter()
    await authenticate(app, email, password)
    return time.perf_counter() - begun


async def seconds_of_many(app: App, email: str, samples: Samples) -> float:
    begun = time.perf_counter()
    await asyncio.gather(*(authenticate(app, email, samples.password()) for _ in range(AT_ONCE)))
    return time.perf_counter() - begun
