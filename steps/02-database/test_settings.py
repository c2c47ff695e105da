"""Task 02.1: the address of the database."""

import pytest

from groundrules.testing import task
from groundrules.testing.app import App


@task("02.1")
async def test_without_an_address_the_settings_are_refused(app: App) -> None:
    await app.core.config.get_settings()

    async with app.started(DATABASE_URL=None) as other:
        with other.refuses(
            message="Without DATABASE_URL, get_settings() must raise an error: it has no default."
        ):
            await other.core.config.get_settings()


@task("02.1")
async def test_without_an_address_the_application_does_not_start(app: App) -> None:
    async with app.started(DATABASE_URL=None) as other:
        refusal = await other.start_failure()

    assert refusal is not None, "Without DATABASE_URL, the application must not start."


@task("02.1")
@pytest.mark.parametrize(
    "address", ["sqlite:///library.db", "mysql://reader@localhost/library", "nowhere"]
)
async def test_what_is_no_address_of_a_postgresql_is_refused(app: App, address: str) -> None:
    await app.core.config.get_settings()

    async with app.started(DATABASE_URL=address) as other:
        with other.refuses(
            message=f"DATABASE_URL={address} must be rejected, but get_settings() accepts it."
        ):
            await other.core.config.get_settings()
