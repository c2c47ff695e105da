"""Task 04.4: the first migration."""

import re

from groundrules.testing import demand, task
from groundrules.testing.code import Code
from groundrules.testing.migrations import Migrations
from groundrules.worker.errors import Raised

TABLES = {"users", "books", "loans"}
LAST_MADE = """
SELECT relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i') AND relname !~ '^alembic_version'
ORDER BY oid DESC LIMIT 1
"""
HAS_COPIES = """
SELECT count(*) FROM information_schema.columns
WHERE table_schema = 'public' AND table_name = 'books' AND column_name = 'copies'
"""


@task("04.4", "one-head")
async def test_the_migrations_follow_one_after_another(migrations: Migrations) -> None:
    heads = await migrations.heads()

    assert heads, "There is no migration in migrations/versions/."
    assert len(heads) == 1, (
        f"There must be one head, and here are {len(heads)}: {', '.join(sorted(heads))}. Set the "
        "`down_revision` of one to the id of the other."
    )


@task("04.4", "docstring")
async def test_each_migration_says_what_it_does(migrations: Migrations) -> None:
    for each in await migrations.revisions():
        says_nothing = re.fullmatch(r"(empty message|Stub of .*)?\.?", each.text.strip())
        assert not says_nothing, (
            f"The migration {each.id} must begin with a docstring that says what it does; "
            f"it says {each.text!r}."
        )


@task("04.4", "creates-tables")
async def test_an_empty_database_gets_the_tables(migrations: Migrations) -> None:
    await migrations.upgrade()

    missing = TABLES - await migrations.database.tables()
    assert not missing, (
        f"After alembic upgrade head, there is no table {', '.join(sorted(missing))}."
    )


@task("04.4", "without-copies", "creates-tables")
async def test_there_was_a_time_before_copies(migrations: Migrations) -> None:
    without = []
    for each in reversed(await migrations.revisions()):
        await migrations.upgrade(each.id)
        if await migrations.database.tables() >= TABLES:
            if not await migrations.database.fetchval(HAS_COPIES):
                without.append(each.id)
            elif not without:
                raise AssertionError(
                    f"The migration {each.id} creates books with the column copies; the first "
                    "migrations must create the three tables without it, as they were before "
                    "copies were counted."
                )

    assert without, "There is no migration after which the tables users, books and loans exist."


@task("04.4", "all-or-nothing")
async def test_a_migration_that_failed_at_its_end_can_be_run_again(
    migrations: Migrations, code: Code
) -> None:
    await migrations.upgrade()
    last = await migrations.database.fetchval(LAST_MADE)
    await migrations.database.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    await migrations.database.execute(f'CREATE TABLE "{last}" ()')
    try:
        await migrations.upgrade()
    except Raised as error:
        if "DBAPIError" not in error.failure.kinds:
            raise
        first = database_says(error)
    else:
        return  # it makes do with what there is
    await migrations.database.execute(f'DROP TABLE "{last}"')

    await must_run_again(migrations, code, first)


@task("04.4", "all-or-nothing", "creates-tables")
async def test_a_migration_that_failed_can_be_run_again(migrations: Migrations, code: Code) -> None:
    await migrations.database.execute("CREATE TABLE loans ()")
    try:
        await migrations.upgrade()
    except Raised as error:
        if "DBAPIError" not in error.failure.kinds:
            raise
        first = database_says(error)
        await migrations.database.execute("DROP TABLE loans")
    else:
        raise AssertionError(
            "alembic upgrade head reported no error although a table loans existed before: the "
            "migration must create the table, and not skip it if it exists."
        )

    with demand("all-or-nothing"):
        await must_run_again(migrations, code, first)


async def must_run_again(migrations: Migrations, code: Code, first: str) -> None:
    try:
        await migrations.upgrade()
    except Raised as error:
        says = database_says(error)
        if says == first or not re.search(r"\bDuplicate\w+", error.failure.message):
            raise  # a mistake of its own, which leaves nothing behind
        raise AssertionError(
            "alembic upgrade head failed halfway and cannot be run again, because the first half "
            f"is still there ({says}). {way_out(code)}"
        ) from None


def way_out(code: Code) -> str:
    for path in sorted((code.folder / "migrations" / "versions").rglob("*.py")):
        if "autocommit_block" in path.read_text(encoding="utf-8", errors="replace"):
            return (
                f"autocommit_block() in {path.relative_to(code.folder).as_posix()} commits what was done "
                "before it: do without it here."
            )
    return "Run migrations in a transaction: context.begin_transaction()."


def database_says(error: Raised) -> str:
    return error.failure.message.partition("\n")[0].rpartition(">: ")[2]
