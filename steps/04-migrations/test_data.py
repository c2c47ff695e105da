"""Tasks 04.5 and 04.6: changes while data is there, and the way back."""

import ast
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from groundrules.testing import demand, task, when_begun
from groundrules.testing.code import Code
from groundrules.testing.database import Database, Refused
from groundrules.testing.migrations import Migrations
from groundrules.testing.samples import Samples
from groundrules.testing.schema import Schema, schema_of

TABLES = {"users", "books", "loans"}
COLUMNS = """
SELECT table_name, array_agg(column_name::text) AS names
FROM information_schema.columns WHERE table_schema = 'public' GROUP BY table_name
"""
COPIES = """
SELECT is_nullable, column_default FROM information_schema.columns
WHERE table_schema = 'public' AND table_name = 'books' AND column_name = 'copies'
"""
VARIED_COPIES = """
UPDATE books SET copies = numbered.place * 999
FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM books) AS numbered
WHERE numbered.id = books.id
"""
last_found: list[str] = []  # it is the same in all tests, and takes a while to find
Rows = Mapping[str, Mapping[int, Mapping[str, Any]]]


@task("04.5", "copies-of-open-loans", "returned-not-counted", "rows-kept")
async def test_books_that_were_there_get_copies_and_nothing_else_changes(
    migrations: Migrations, samples: Samples
) -> None:
    await go_before_copies(migrations)
    wanted = await add_rows(migrations.database, samples)
    before = await rows(migrations.database)

    await migrations.upgrade()

    await must_have_copies(migrations.database, wanted)
    with demand("rows-kept"):
        must_be_kept(before, await rows(migrations.database), "The migration that adds copies")


@task("04.5", "copies-not-nullable", "copies-no-default", "copies-checked")
async def test_copies_are_as_the_model_says(migrations: Migrations, samples: Samples) -> None:
    await go_before_copies(migrations)
    await add_rows(migrations.database, samples)
    await migrations.upgrade()

    column = await migrations.database.fetchrow(COPIES)

    assert column is not None, "After alembic upgrade head, books has no column copies."
    with demand("copies-not-nullable"):
        assert column["is_nullable"] == "NO", (
            "After the migration that adds copies, books.copies must not be nullable: end with "
            'op.alter_column("books", "copies", nullable=False).'
        )
    with demand("copies-no-default"):
        assert column["column_default"] is None, (
            f"After the migration that adds copies, books.copies has the default "
            f"{column['column_default']}: remove it with server_default=None."
        )
    with (
        demand("copies-checked"),
        migrations.database.refuses(
            "23514",
            message="After the migration that adds copies, PostgreSQL accepts a book with -1 copies: "
            "add the check of your model.",
        ),
    ):
        await migrations.database.execute("UPDATE books SET copies = -1")


@task("04.5", "no-models")
@when_begun
def test_no_migration_imports_a_model(code: Code) -> None:
    imported = [
        f"{path.relative_to(code.folder)} imports {module}"
        for path in sorted((code.folder / "migrations" / "versions").rglob("*.py"))
        for module in (*imports_of(path), *strings_in(path))
        if module == "app.models" or module.startswith("app.models.")
    ]
    assert not imported, (
        f"{imported[0]}. Models will change, and a migration must still do what it does today: "
        "write it in SQL, or with tables that are defined in the migration."
    )


@task("04.6", "nothing-left", "upgrade-again")
async def test_nothing_is_left_after_the_way_back(migrations: Migrations) -> None:
    await migrations.upgrade()
    made = await schema_of(migrations.database)
    assert "table loans" in made, "The migrations create no tables yet: do 04.4 first."

    with demand("nothing-left"):
        await migrations.downgrade()

    with demand("nothing-left"):
        must_be_empty(await schema_of(migrations.database))
    with demand("upgrade-again"):
        await migrations.upgrade()
        must_be_as_before(made, await schema_of(migrations.database), "base")


@task("04.6", "undone-with-data", "keeps-the-rest", "nothing-left")
async def test_each_migration_can_be_taken_back_with_data_there(
    migrations: Migrations, samples: Samples
) -> None:
    await go_before_copies(migrations)
    await add_rows(migrations.database, samples)
    await migrations.upgrade()
    await migrations.database.execute(VARIED_COPIES)
    newest_first = await migrations.revisions()

    for each, older in zip(newest_first, [*newest_first[1:], None], strict=True):
        before = await rows(migrations.database)
        with demand("undone-with-data"):
            await migrations.downgrade(older.id if older else "base")
        after = await rows(migrations.database)
        with demand("keeps-the-rest"):
            must_be_kept(
                {table: found for table, found in before.items() if table in after},
                after,
                f"downgrade() of the migration {each.id}",
            )
    with demand("nothing-left"):
        must_be_empty(await schema_of(migrations.database))


@task("04.6", "upgrade-again", "copies-of-open-loans")
async def test_after_the_way_back_the_way_forward_works_again(
    migrations: Migrations, samples: Samples
) -> None:
    last = await go_before_copies(migrations)
    wanted = await add_rows(migrations.database, samples)
    await migrations.upgrade()
    made = await schema_of(migrations.database)

    await migrations.downgrade(last)
    await migrations.upgrade()

    must_be_as_before(made, await schema_of(migrations.database), last)
    await must_have_copies(migrations.database, wanted)


@task("04.8", "offline-from-any", "copies-of-open-loans")
async def test_the_sql_gives_copies_to_books_that_were_there(
    migrations: Migrations, samples: Samples
) -> None:
    last = await go_before_copies(migrations)
    wanted = await add_rows(migrations.database, samples)
    after = [each.id for each in reversed(await migrations.revisions())]

    for each in after[after.index(last) + 1 :]:
        await migrations.database.execute(await migrations.sql(f"{last}:{each}"))
        await migrations.database.execute("DISCARD TEMP")  # as a session of its own would
        last = each

    await must_have_copies(migrations.database, wanted)


def imports_of(path: Path) -> list[str]:
    """Return the modules that a file imports, and the names that it imports from them, with dots."""
    found = []
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return found


def strings_in(path: Path) -> list[str]:
    """Return the strings in a file, one of which may be what `import_module` is given."""
    nodes = ast.walk(ast.parse(path.read_bytes()))
    return [
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


async def go_before_copies(migrations: Migrations) -> str:
    """Go up to the last migration before the one that brings `copies`, and return its id."""
    if not last_found:
        last_found.append(await last_before_copies(migrations))
    [last] = last_found
    await migrations.upgrade(last)
    return last


async def last_before_copies(migrations: Migrations) -> str:
    """Find that migration by going up one by one; the database is empty again afterwards."""
    last = None
    for each in reversed(await migrations.revisions()):
        await migrations.upgrade(each.id)
        columns = await columns_of(migrations.database)
        if "copies" in columns.get("books", ()):
            break
        if columns.keys() >= TABLES:
            last = each.id
    else:
        raise AssertionError("No migration adds the column copies to the table books.")
    assert last is not None, (
        "The table books has the column copies from the beginning; the first migrations must "
        "create the three tables without it: do 04.4 first."
    )
    await migrations.database.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    return last


async def add_rows(database: Database, samples: Samples) -> dict[str, int]:
    """Add users, books and loans as they were before `copies`; return how many each ISBN must get."""
    with suppress(Refused):  # a model may ask for lower case
        await add_user(database, samples, email=samples.email().title())
    readers = [
        await add_user(database, samples, is_librarian=place == 2, is_active=place != 1)
        for place in range(4)
    ]
    wanted = {}
    for open_loans, returned_loans in ((0, 0), (0, 2), (1, 1), (samples.numbers.randint(3, 4), 0)):
        isbn = samples.isbn()
        wanted[isbn] = max(1, open_loans)
        book = await add_book(database, samples, isbn, odd=open_loans == 1)
        # The first reader borrows now, and returns in the future: a server's clock may be ahead.
        borrowed = [datetime.now(UTC), *(samples.moment() for _ in readers[1:])]
        for reader, when in zip(readers[:open_loans], borrowed, strict=False):
            await add_loan(database, reader, book, when, returned=False)
        for reader, when in zip(readers[:returned_loans], borrowed, strict=False):
            await add_loan(database, reader, book, when, returned=True)
    return wanted


async def add_user(database: Database, samples: Samples, **values: Any) -> int:
    usual = {
        "email": samples.email(),
        "full_name": samples.name(),
        "hashed_password": samples.word(60),
        "is_librarian": False,
        "is_active": True,
    }
    return await add(database, "users", **{**usual, **values})


async def add_book(database: Database, samples: Samples, isbn: str, *, odd: bool) -> int:
    book = {
        "isbn": isbn,
        "title": samples.title(),
        "author": samples.name(),
        "published_year": samples.year(),
    }
    if odd:
        unusual = {"title": f"  {samples.word()}  É{samples.word()} ", "published_year": None}
        with suppress(Refused):  # a model may ask for more than the lesson does
            return await add(database, "books", **{**book, **unusual})
    return await add(database, "books", **book)


async def add_loan(
    database: Database, reader: int, book: int, borrowed: datetime, *, returned: bool
) -> None:
    await add(
        database,
        "loans",
        user_id=reader,
        book_id=book,
        borrowed_at=borrowed,
        due_at=borrowed + timedelta(days=21),
        returned_at=borrowed + timedelta(days=2) if returned else None,
    )


async def add(database: Database, table: str, **values: Any) -> int:
    """Add a row, with values for the columns that the table has by now; return its id."""
    tables = await columns_of(database)
    assert table in tables, (
        f"There is no table {table} before the migration that adds copies. Are migrations committed?"
    )
    there = tables[table]
    known = {name: value for name, value in values.items() if name in there}
    stamps = [name for name in ("created_at", "updated_at") if name in there]
    places = [f"${place}" for place in range(1, len(known) + 1)] + ["now()"] * len(stamps)
    return int(
        await database.fetchval(
            f"INSERT INTO {table} ({', '.join([*known, *stamps])}) "
            f"VALUES ({', '.join(places)}) RETURNING id",
            *known.values(),
        )
    )


async def columns_of(database: Database) -> dict[str, list[str]]:
    return {row["table_name"]: row["names"] for row in await database.fetch(COLUMNS)}


async def rows(database: Database) -> Rows:
    """Return the rows of the library's tables that are there, by table and id."""
    return {
        table: {
            row["id"]: dict(row)
            for row in await database.fetch(f"SELECT * FROM {table} ORDER BY id")
        }
        for table in sorted(TABLES & await database.tables())
    }


def must_be_kept(before: Rows, after: Rows, who: str) -> None:
    """Compare what both have; `updated_at` may have moved."""
    for table, old in before.items():
        new = after.get(table, {})
        lost = len(old.keys() - new.keys())
        assert not lost, (
            f"{who} must keep every row; {lost} of {len(old)} rows of {table} are gone."
        )
        for number, row in old.items():
            for name in row.keys() & new[number].keys() - {"updated_at", "copies"}:
                assert row[name] == new[number][name], (
                    f"{who} must keep the existing values; {table}.{name} was {row[name]!r} and "
                    f"became {new[number][name]!r}."
                )


def must_be_empty(found: Schema) -> None:
    left = sorted(found)
    tables = [name for name in left if name.startswith("table ")]
    assert not left, f"After alembic downgrade base, there is still the {(tables or left)[0]}."


def must_be_as_before(before: Schema, after: Schema, revision: str) -> None:
    odd = sorted(dict(before.items() ^ after.items()))
    assert not odd, (
        f"After alembic downgrade {revision} and upgrade head, the {odd[0]} has changed."
    )


async def must_have_copies(database: Database, wanted: Mapping[str, int]) -> None:
    found = {row["isbn"]: row["copies"] for row in await database.fetch("SELECT * FROM books")}
    missing = wanted.keys() - found.keys()
    assert not missing, f"{len(missing)} of {len(wanted)} books that were there before are gone."
    for isbn, copies in wanted.items():
        assert found[isbn] == copies, (
            "A book that existed before the column copies, with "
            f"{copies if copies > 1 else 'at most one'} open loan{'s' if copies > 1 else ''}, "
            f"must get copies = {copies}; it has {found[isbn]}."
        )
