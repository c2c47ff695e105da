"""Tasks 03.1, 03.3 and 03.5: the tables as PostgreSQL has them."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from groundrules.testing import demand, task
from groundrules.testing.database import Database, Refused
from groundrules.testing.library import Library

TEXT, NUMBER, ID, YES_OR_NO = "text", "a whole number", "bigint", "boolean"
MOMENT = "timestamp with time zone"
TYPES = {
    TEXT: {"text", "character varying", "character"},
    NUMBER: {"smallint", "integer", "bigint"},
    ID: {"bigint"},
    YES_OR_NO: {"boolean"},
    MOMENT: {"timestamp with time zone"},
}

COLUMNS = """
SELECT data_type AS type, is_nullable = 'YES' AS nullable FROM information_schema.columns
WHERE table_schema = 'public' AND table_name = $1 AND column_name = $2
"""
NAMES = """
SELECT contype::text AS kind, conname AS name FROM pg_constraint
WHERE conrelid = $1::text::regclass AND contype IN ('p', 'u', 'c', 'f') ORDER BY conname
"""
PRIMARY_KEY = """
SELECT array_agg(attname::text) FROM pg_index JOIN pg_attribute
    ON attrelid = indrelid AND attnum = ANY(indkey)
WHERE indisprimary AND indrelid = $1::text::regclass
"""
PREFIXES = {"p": "pk", "u": "uq", "c": "ck", "f": "fk"}
CLASSES = {"users": "User", "books": "Book", "loans": "Loan"}
TIMES = {"created_at": MOMENT, "updated_at": MOMENT}

USERS = {
    "id": ID,
    "email": TEXT,
    "full_name": TEXT,
    "hashed_password": TEXT,
    "is_librarian": YES_OR_NO,
    "is_active": YES_OR_NO,
    **TIMES,
}
BOOKS = {
    "id": ID,
    "isbn": TEXT,
    "title": TEXT,
    "author": TEXT,
    "published_year": NUMBER,
    "copies": NUMBER,
    **TIMES,
}
LOANS = {
    "id": ID,
    "user_id": ID,
    "book_id": ID,
    "borrowed_at": MOMENT,
    "due_at": MOMENT,
    "returned_at": MOMENT,
    **TIMES,
}
MAY_BE_NULL = {"published_year", "returned_at"}


@task("03.1", "user-columns", "timestamps", "not-nullable", "primary-key")
@pytest.mark.parametrize("column", USERS)
async def test_users_have_a_column(database: Database, column: str) -> None:
    await must_have(database, "users", column, USERS[column])


@task("03.3", "book-columns", "timestamps", "not-nullable", "primary-key")
@pytest.mark.parametrize("column", BOOKS)
async def test_books_have_a_column(database: Database, column: str) -> None:
    await must_have(database, "books", column, BOOKS[column])


@task("03.5", "loan-columns", "timestamps", "not-nullable", "primary-key")
@pytest.mark.parametrize("column", LOANS)
async def test_loans_have_a_column(database: Database, column: str) -> None:
    await must_have(database, "loans", column, LOANS[column])


@task("03.1", "numbered")
async def test_users_are_numbered_by_postgresql(library: Library) -> None:
    with numbers("users"):
        await library.user()
        await library.user()


@task("03.3", "numbered")
async def test_books_are_numbered_by_postgresql(library: Library) -> None:
    with numbers("books"):
        await library.books(2)


@task("03.5", "numbered")
async def test_loans_are_numbered_by_postgresql(library: Library) -> None:
    user, (first, second) = await library.user(), await library.books(2)
    with numbers("loans"):
        await library.loan(user, first)
        await library.loan(user, second)


@task("03.1", "constraint-names")
async def test_constraints_of_users_are_named(database: Database) -> None:
    await must_be_named(database, "users")


@task("03.4", "constraint-names", "isbn-digits")
async def test_constraints_of_books_are_named(database: Database) -> None:
    await must_be_named(database, "books")


@task("03.5", "constraint-names", "foreign-keys")
async def test_constraints_of_loans_are_named(database: Database) -> None:
    await must_be_named(database, "loans")


async def must_have(database: Database, table: str, name: str, kind: str) -> None:
    model = f"{CLASSES[table]} in {file_of(table)}"
    with demand("timestamps" if name in TIMES else f"{table[:-1]}-columns"):
        await must_exist(database, table)
        column = await database.fetchrow(COLUMNS, table, name)
        assert column is not None, f"The table {table} has no column `{name}`: add it to {model}."
        assert column["type"] in TYPES[kind], (
            f"{table}.{name} must be {kind}; in the table that {model} creates, it is {column['type']}."
        )
    may = name in MAY_BE_NULL
    with demand("not-nullable"):
        assert column["nullable"] == may, (
            f"{table}.{name} must {'be' if may else 'not be'} nullable. Mapped[… | None] is nullable "
            "and Mapped[…] is not; without a type hint, nullable= decides."
        )
    if name == "id":
        keys = await database.fetchval(PRIMARY_KEY, table)
        with demand("primary-key"):
            assert keys == ["id"], f"The primary key of {table} must be `id` alone."


@contextmanager
def numbers(table: str) -> Iterator[None]:
    """Expect rows without an `id` to be taken."""
    try:
        yield
    except Refused as refusal:
        if refusal.column != "id" and refusal.constraint != f"pk_{table}":
            raise
        raise AssertionError(
            f"A row of {table} that SQL inserts without an `id` must get one from PostgreSQL, from an "
            f"identity or a sequence that is the default of the column. {refusal}"
        ) from None


async def must_be_named(database: Database, table: str) -> None:
    await must_exist(database, table)
    constraints = await database.fetch(NAMES, table)
    for each in constraints:
        start = f"{PREFIXES[each['kind']]}_{table}"
        assert each["name"].startswith(start), (
            f"The constraint {each['name']} of the table {table} does not follow the naming "
            f"convention: its name must begin with {start}."
        )


async def must_exist(database: Database, table: str) -> None:
    assert table in await database.tables(), (
        f"There is no table {table}: write the class {CLASSES[table]} in {file_of(table)}, which "
        f'inherits from `Base` of app/models/base.py, with __tablename__ = "{table}".'
    )


def file_of(table: str) -> str:
    return f"app/models/{CLASSES[table].lower()}.py"
