"""Task 04.8: SQL to read first."""

from groundrules.testing import task
from groundrules.testing.migrations import Migrations
from groundrules.testing.schema import differences, schema_of


@task("04.8")
async def test_the_sql_is_made_without_a_database(migrations: Migrations) -> None:
    async with migrations.database.proxy() as way:
        address = way.url_for(migrations.database.name)
        async with migrations.started(DATABASE_URL=address) as others:
            sql = await others.sql()

        assert way.taken == 0, "alembic upgrade head --sql must not connect to the database."

    for table in ("users", "books", "loans"):
        assert "CREATE TABLE" in sql, "alembic upgrade head --sql prints no CREATE TABLE."
        assert table in sql, (
            f"The SQL that alembic upgrade head --sql prints does not create {table}."
        )


@task("04.8")
async def test_the_sql_does_what_the_upgrade_does(migrations: Migrations) -> None:
    await migrations.upgrade()
    wanted = await schema_of(migrations.database)
    assert "table loans" in wanted, "The migrations create no tables yet: do 04.4 first."
    await migrations.database.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")

    await migrations.database.execute(await migrations.sql())

    made = await schema_of(migrations.database)
    found = list(differences(wanted, made, by="the migrations", made_by="the printed statements"))
    assert not found, f"{found[0]}. Differences: {len(found)}."
