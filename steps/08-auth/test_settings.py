"""Task 08.1: a key, and how long a login lasts."""

from string import punctuation

import pytest

from groundrules.testing import demand, task
from groundrules.testing.app import App
from groundrules.testing.calls import Call
from groundrules.testing.samples import Samples


@task("08.1", "key-required")
async def test_without_a_key_the_application_does_not_start(app: App) -> None:
    await app.core.config.get_settings()

    async with app.started(SECRET_KEY=None) as other:
        with other.refuses(
            message="Without SECRET_KEY, get_settings() must raise an error: it has no default."
        ):
            await other.core.config.get_settings()
        refusal = await other.start_failure()

    assert refusal is not None, "Without SECRET_KEY, the application must not start."


@task("08.1", "key-length", "key-not-in-errors")
async def test_a_key_of_31_bytes_is_refused_and_not_shown(app: App, samples: Samples) -> None:
    short = samples.word(31)

    async with app.started(SECRET_KEY=short) as other:
        with other.refuses(
            message="A SECRET_KEY of 31 bytes must be rejected, but get_settings() accepts it."
        ) as refusal:
            await other.core.config.get_settings()
        failure = await other.start_failure()

    assert failure is not None, (
        "With a SECRET_KEY of 31 bytes the application must not start: call get_settings() in "
        "create_app()."
    )
    with demand("key-not-in-errors"):
        assert short[:8] not in refusal.message, (
            "The error for a SECRET_KEY that is too short shows the key, and errors end up in logs."
        )


@task("08.1", "key-variable", "key-length", "key-not-shown")
async def test_a_key_of_32_bytes_is_enough_and_not_shown(app: App, samples: Samples) -> None:
    key = samples.word(32)

    async with app.started(SECRET_KEY=key) as other:
        with other.accepts("A SECRET_KEY of 32 bytes"):
            settings = await other.core.config.get_settings()
        assert "secret_key" in settings.fields, "Settings must have a field `secret_key`."
        for form in ("repr", "str"):
            made = other.core.config.get_settings()
            text = await Call(other.call, f"app.core.config.Settings.__{form}__", [made], {})
            with demand("key-not-shown"):
                assert key[:8] not in text, f"{form}() of the settings contains the secret_key."


@task("08.1", "key-length")
async def test_a_key_may_be_long(app: App, samples: Samples) -> None:
    for length in (33, 64, 128, 500):
        async with app.started(SECRET_KEY=samples.word(length)) as other:
            with other.accepts(f"A SECRET_KEY of {length} bytes"):
                await other.core.config.get_settings()
    async with app.started(SECRET_KEY=f"{punctuation} {samples.word()}") as other:
        with other.accepts("A SECRET_KEY with a space and every sign of ASCII"):
            await other.core.config.get_settings()


@task("08.1", "minutes")
async def test_a_login_lasts_30_minutes_unless_it_is_set(app: App) -> None:
    minutes = (await app.core.config.get_settings()).access_token_minutes

    assert minutes == 30, (
        f"Without ACCESS_TOKEN_MINUTES set, access_token_minutes must be 30; it is {minutes!r}."
    )


@task("08.1", "minutes")
async def test_how_long_it_lasts_comes_from_the_environment(app: App, samples: Samples) -> None:
    for wanted in (1, samples.numbers.randint(2, 29)):
        async with app.started(ACCESS_TOKEN_MINUTES=str(wanted)) as other:
            minutes = (await other.core.config.get_settings()).access_token_minutes

        assert minutes == wanted, (
            f"With ACCESS_TOKEN_MINUTES={wanted}, access_token_minutes must be {wanted}; "
            f"it is {minutes!r}."
        )


@task("08.1", "minutes-integer")
@pytest.mark.parametrize("minutes", ["0", "-1", "1.5", "soon"])
async def test_a_login_must_last_a_minute_at_least(app: App, minutes: str) -> None:
    assert (await app.core.config.get_settings()).access_token_minutes

    async with app.started(ACCESS_TOKEN_MINUTES=minutes) as other:
        with other.refuses(
            message=(
                f"ACCESS_TOKEN_MINUTES={minutes} must be rejected, but get_settings() accepts it."
            )
        ):
            await other.core.config.get_settings()
