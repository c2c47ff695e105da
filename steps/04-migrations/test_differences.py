"""Task 04.7: no difference is left."""

from groundrules.testing import task
from groundrules.testing.migrations import Migrations
from groundrules.testing.schema import differences, schema_of


@task("04.7")
async def test_alembic_sees_no_difference(migrations: Migrations) -> None:
    await migrations.upgrade()

    await migrations.check()


@task("04.7")
async def test_postgresql_sees_no_difference(migrations: Migrations) -> None:
    async with migrations.of_models() as database:
        models = await schema_of(database)

    await migrations.upgrade()

    made = await schema_of(migrations.database)
    found = list(differences(models, made, by="the models", made_by="the migrations"))
    assert not found, f"{found[0]}." + (f" {len(found) - 1} more differ." if found[1:] else "")
