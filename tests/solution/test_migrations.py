"""The migrations, up and down, with data in the tables."""

import asyncio
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic import command
from alembic.config import Config

from app.core.config import get_settings
from groundrules import postgres

INI = Path(__file__).parents[2] / "solution" / "alembic.ini"

ROWS = """
    INSERT INTO users (email, full_name, hashed_password)
        VALUES ('ada@example.org', 'Ada', 'x'), ('eve@example.org', 'Eve', 'x');
    INSERT INTO books (isbn, title, author)
        VALUES ('9780141439587', 'Emma', 'Jane Austen'), ('9780141439686', 'Persuasion', 'Jane Austen');
    INSERT INTO loans (user_id, book_id, borrowed_at, due_at)
        SELECT users.id, books.id, now(), now() + interval '21 days'
        FROM users, books WHERE title = 'Emma';
"""


class Database:
    """A database that only these tests use."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    def run(self, query: str) -> list[Any]:
        """Run SQL; return the first column of what it returns."""

        async def run() -> list[Any]:
            session = await asyncpg.connect(self._dsn)
            try:
                if query.lstrip().startswith("SELECT"):
                    return [row[0] for row in await session.fetch(query)]
                await session.execute(query)
                return []
            finally:
                await session.close()

        return asyncio.run(run())

    def tables(self) -> set[str]:
        """Return the names of the tables."""
        return set(self.run("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))


@pytest.fixture
def database(
    server: postgres.Server, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Database]:
    name = postgres.run_name("migrations")
    asyncio.run(postgres.create_database(server, name))
    monkeypatch.setenv("DATABASE_URL", server.url_for(name))
    get_settings.cache_clear()
    yield Database(server.dsn_for(name))
    get_settings.cache_clear()
    asyncio.run(postgres.drop_database(server, name))


def test_there_is_one_line_of_migrations() -> None:
    from alembic.script import ScriptDirectory

    assert ScriptDirectory.from_config(Config(INI)).get_heads() == ["0002"]


def test_the_migrations_make_what_the_models_describe(database: Database) -> None:
    command.upgrade(Config(INI), "head")

    command.check(Config(INI))  # raises if there is a difference

    assert database.tables() == {"users", "books", "loans", "alembic_version"}


def test_copies_come_to_books_that_are_there_already(database: Database) -> None:
    command.upgrade(Config(INI), "0001")
    database.run(ROWS)

    command.upgrade(Config(INI), "head")

    assert database.run("SELECT copies FROM books ORDER BY title") == [2, 1]


def test_the_way_back_works_with_data_in_the_tables(database: Database) -> None:
    command.upgrade(Config(INI), "0001")
    database.run(ROWS)
    command.upgrade(Config(INI), "head")

    command.downgrade(Config(INI), "0001")
    left = database.run("SELECT title FROM books ORDER BY title")
    command.downgrade(Config(INI), "base")

    assert left == ["Emma", "Persuasion"]
    assert database.tables() == {"alembic_version"}
    command.upgrade(Config(INI), "head")
    command.check(Config(INI))


def test_a_migration_that_fails_changes_nothing(database: Database) -> None:
    database.run("CREATE TABLE loans ()")

    with pytest.raises(Exception, match="loans"):
        command.upgrade(Config(INI), "head")

    assert database.tables() == {"loans"}


def test_the_sql_can_be_had_without_running_it(database: Database) -> None:
    output = io.StringIO()

    command.upgrade(Config(INI, output_buffer=output), "head", sql=True)

    assert "CREATE TABLE loans" in output.getvalue()
    assert database.tables() == set()
