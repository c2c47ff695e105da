"""Task 04.2: the way to the database."""

from groundrules.testing import task
from groundrules.testing.migrations import Migrations
from groundrules.worker.errors import Raised


@task("04.2")
async def test_commands_reach_the_database_that_the_settings_name(migrations: Migrations) -> None:
    async with migrations.database.proxy() as way:
        address = way.url_for(migrations.database.name)
        async with migrations.started(DATABASE_URL=address) as others:
            try:
                await others.downgrade()
            except Raised as error:
                if "OSError" not in error.failure.kinds or way.taken > 0:
                    raise
                raise AssertionError(
                    "migrations/env.py does not connect where DATABASE_URL says, but somewhere else: "
                    f"{error.failure}."
                ) from None

    await must_have_been_reached(migrations)


@task("04.2")
async def test_a_percent_sign_in_the_address_does_no_harm(migrations: Migrations) -> None:
    scheme, _, rest = migrations.database.url.partition("://")
    same = f"{scheme}://%{ord(rest[0]):x}{rest[1:]}"  # the role's name, its first letter escaped

    async with migrations.started(DATABASE_URL=same) as others:
        await others.downgrade()

    await must_have_been_reached(migrations)


async def must_have_been_reached(migrations: Migrations) -> None:
    assert "alembic_version" in await migrations.database.tables(), (
        "An Alembic command ended without an error, but left no table alembic_version in the database "
        "that DATABASE_URL names. Does migrations/env.py connect to this one, call "
        "context.run_migrations(), and commit?"
    )
