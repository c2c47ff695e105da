"""Task 02.1: the address of the database."""

import pytest

from groundrules.testing import task
from groundrules.testing.app import App


@task("02.1", "url-variable")
async def test_the_settings_have_the_url(app: App) -> None:
    settings = await app.core.config.get_settings()

    assert settings.database_url, "The settings must have a database_url, from DATABASE_URL."


@task("02.1", "settings-of-step-01")
@pytest.mark.parametrize("level", [None, "DEBUG", "WARNING", "ERROR", "CRITICAL"])
async def test_the_log_level_is_what_it_was(app: App, level: str | None) -> None:
    async with app.started(LOG_LEVEL=level) as other:
        found = (await other.core.config.get_settings()).log_level

    assert found == (level or "INFO"), (
        f"With LOG_LEVEL={level}, log_level must still be {level!r}; it is {found!r}."
        if level
        else f"Without LOG_LEVEL set, log_level must still be 'INFO'; it is {found!r}."
    )


@task("02.1", "settings-of-step-01")
@pytest.mark.parametrize("level", ["LOUD", "info", "NOTSET", ""])
async def test_an_unknown_log_level_is_still_refused(app: App, level: str) -> None:
    await app.core.config.get_settings()

    async with app.started(LOG_LEVEL=level) as other:
        with other.refuses(
            message=f"LOG_LEVEL={level} must still be rejected, but get_settings() accepts it."
        ):
            await other.core.config.get_settings()


@task("02.1", "url-required")
async def test_without_an_address_the_settings_are_refused(app: App) -> None:
    await app.core.config.get_settings()

    async with app.started(DATABASE_URL=None) as other:
        with other.refuses(
            message="Without DATABASE_URL, get_settings() must raise an error: it has no default."
        ):
            await other.core.config.get_settings()


@task("02.1", "url-required")
async def test_without_an_address_the_application_does_not_start(app: App) -> None:
    async with app.started(DATABASE_URL=None) as other:
        refusal = await other.start_failure()

    assert refusal is not None, "Without DATABASE_URL, the application must not start."


@task("02.1", "url-of-postgresql")
@pytest.mark.parametrize(
    "address",
    [
        "sqlite:///library.db",
        "sqlite+aiosqlite:////srv/postgresql/library.db",
        "mysql://postgresql@localhost/postgresql",
        "mysql+asyncpg://postgresql@localhost/postgresql",
        "https://postgresql/library",
        "nowhere",
        "",
    ],
)
async def test_what_is_no_address_of_a_postgresql_is_refused(app: App, address: str) -> None:
    await app.core.config.get_settings()

    async with app.started(DATABASE_URL=address) as other:
        with other.refuses(
            message=f"DATABASE_URL={address} must be rejected, but get_settings() accepts it."
        ):
            await other.core.config.get_settings()
