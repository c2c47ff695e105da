"""Task 04.8: SQL to read first."""

from groundrules.testing import demand, task
from groundrules.testing.database import Refused
from groundrules.testing.migrations import Migrations
from groundrules.testing.schema import differences, schema_of

SYNTAX_ERROR = "42601"


@task("04.8", "offline-without-connection")
async def test_the_sql_is_made_without_a_database(migrations: Migrations) -> None:
    async with migrations.database.proxy(tcp=True) as way:
        address = way.url_for(migrations.database.name)
        async with migrations.started(DATABASE_URL=address) as others:
            sql = await others.sql()
            revisions = await others.revisions()
            if len(revisions) > 1:
                await others.sql(f"{revisions[-1].id}:head")

        taken = await way.all_taken()
        assert taken == 0, (
            "alembic upgrade head --sql must not connect to the database, whatever revision it starts from."
        )

    for table in ("users", "books", "loans"):
        assert "CREATE TABLE" in sql, "alembic upgrade head --sql prints no CREATE TABLE."
        assert table in sql, (
            f"The SQL that alembic upgrade head --sql prints does not create {table}."
        )


@task("04.8", "offline-sql", "offline-only-sql")
async def test_the_sql_does_what_the_upgrade_does(migrations: Migrations) -> None:
    await migrations.upgrade()
    wanted = await schema_of(migrations.database)
    assert "table loans" in wanted, "The migrations create no tables yet: do 04.4 first."
    await migrations.database.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")

    async with migrations.started(LOG_LEVEL="DEBUG") as others:
        printed = await others.sql()
    try:
        await migrations.database.execute(printed)
    except Refused as refusal:
        if refusal.sqlstate != SYNTAX_ERROR:
            raise
        with demand("offline-only-sql"):
            raise AssertionError(
                "What alembic upgrade head --sql prints cannot be run: there is something between the "
                f"statements that is not SQL, perhaps from a print() in a migration. {refusal}"
            ) from None

    made = await schema_of(migrations.database)
    found = list(differences(wanted, made, by="the migrations", made_by="the printed statements"))
    assert not found, f"{found[0]}. Differences: {len(found)}."
