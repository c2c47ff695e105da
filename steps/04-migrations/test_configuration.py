"""Task 04.1: where the migrations are."""

from groundrules.testing import task
from groundrules.testing.code import Code
from groundrules.testing.migrations import Migrations


@task("04.1", "migrations-folder")
async def test_alembic_finds_the_migrations(code: Code, migrations: Migrations) -> None:
    assert code.has("migrations/env.py"), "migrations/env.py is missing."

    await migrations.heads()
