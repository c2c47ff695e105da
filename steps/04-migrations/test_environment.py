"""Task 04.2: the way to the database."""

from configparser import Error, RawConfigParser
from contextlib import suppress

import pytest

from groundrules.testing import demand, task
from groundrules.testing.app import App
from groundrules.testing.code import Code
from groundrules.testing.migrations import Migrations
from groundrules.worker.errors import Ended, Raised

UNUSED = ("driver://",)  # what `alembic init` writes
BEGINNING = 40  # characters of an error that may go on with a URL


@task("04.2", "imports-app")
async def test_the_environment_can_import_the_application(migrations: Migrations) -> None:
    try:
        await migrations.downgrade()
    except Raised as error:
        if error.failure.message != "No module named 'app'":
            raise
        raise AssertionError(
            "migrations/env.py cannot import `app`: write `prepend_sys_path = %(here)s` into alembic.ini."
        ) from None


@task("04.2", "url-of-settings", "committed")
async def test_commands_reach_the_database_that_the_settings_name(migrations: Migrations) -> None:
    async with migrations.database.proxy() as way:
        address = way.url_for(migrations.database.name)
        async with migrations.started(DATABASE_URL=address) as others:
            try:
                await others.downgrade()
            except Raised as error:
                must_know_the_password(error)
                if "OSError" not in error.failure.kinds or way.taken > 0:
                    raise
                raise AssertionError(
                    "migrations/env.py does not connect to the database of DATABASE_URL, but "
                    f"somewhere else: {error.failure}."
                ) from None
            await must_have_been_reached(others)


@task("04.2", "url-of-settings")
async def test_what_the_settings_reject_alembic_rejects_too(migrations: Migrations) -> None:
    await migrations.downgrade()

    async with migrations.started(LOG_LEVEL="LOUD") as others:
        try:
            await others.downgrade()
        except (Raised, Ended):
            return
    raise AssertionError(
        "With LOG_LEVEL=LOUD, which get_settings() rejects, an Alembic command still connects: "
        "migrations/env.py must take the URL from get_settings().database_url, and not from the "
        "environment itself."
    )


@task("04.2", "url-of-settings")
@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
async def test_a_url_that_the_settings_reject_is_not_repaired(
    app: App, migrations: Migrations, scheme: str
) -> None:
    address = migrations.database.url.replace("postgresql+asyncpg", scheme)
    async with app.started(DATABASE_URL=address) as other:
        try:
            await other.core.config.get_settings()
        except (Raised, Ended):
            pass
        else:
            return  # whether they do is up to the trainee

    async with migrations.started(DATABASE_URL=address) as others:
        try:
            await others.upgrade()
        except (Raised, Ended):
            return
    raise AssertionError(
        f"get_settings() rejects a DATABASE_URL that begins with {scheme}://, and an Alembic command "
        "connects with it: migrations/env.py must take the URL from get_settings().database_url, and leave "
        "the environment as it is."
    )


@task("04.2", "percent-encoded", "committed")
async def test_a_name_and_a_password_may_be_percent_encoded(migrations: Migrations) -> None:
    async with migrations.as_guest() as others:
        with demand("percent-encoded"):
            try:
                await others.downgrade()
                await others.sql()
            except Raised as error:
                must_know_the_password(error)
                raise AssertionError(
                    "An Alembic command fails if the name and the password in DATABASE_URL are "
                    "percent-encoded: pass on the URL of the settings unchanged. It raised "
                    f"{error.failure.kind}: {error.failure.message[:BEGINNING]}…"
                ) from None
        await must_have_been_reached(others)


@task("04.2", "no-url-in-ini")
def test_the_address_stands_in_no_file(code: Code) -> None:
    settings = RawConfigParser(strict=False)
    with suppress(Error, UnicodeDecodeError):  # task 04.1 tells what cannot be read
        settings.read(code.folder / "alembic.ini", encoding="utf-8")

    address = settings.get("alembic", "sqlalchemy.url", fallback="")
    assert address.startswith((*UNUSED, "%")) or not address, (
        "alembic.ini contains a database URL. Remove it: the URL comes from the settings, and a "
        "committed file must contain no password."
    )


def must_know_the_password(error: Raised) -> None:
    assert "InvalidPasswordError" not in error.failure.kinds, (
        "migrations/env.py connects with a different password than the one in DATABASE_URL. Does "
        "it take the URL from an engine? Its str() has *** in place of the password: take the "
        "URL from the settings, and pass it on unchanged."
    )


async def must_have_been_reached(migrations: Migrations) -> None:
    if "alembic_version" not in await migrations.database.tables():
        await (
            migrations.upgrade()
        )  # where each migration has its own transaction, nothing to do is no change
    assert "alembic_version" in await migrations.database.tables(), (
        "An Alembic command reported no error, but left no table alembic_version in the database "
        "of DATABASE_URL. Does migrations/env.py connect to it, call context.run_migrations(), "
        "and commit?"
    )
