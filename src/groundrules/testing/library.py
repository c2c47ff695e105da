"""Rows in the library's tables, put there and read by the tests themselves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from groundrules.testing.database import Database
from groundrules.testing.samples import Samples
from groundrules.testing.values import Row


class Columns(dict[str, Any]):
    """A row as a table has it; a column that the table lacks is told to the trainee."""

    def __init__(self, table: str, row: Mapping[str, Any]) -> None:
        super().__init__(row)
        self._table = table

    def __missing__(self, column: str) -> Any:
        model = self._table.removesuffix("s")
        raise AssertionError(
            f"The table {self._table} has no column {column}: "
            f"add it to {model.capitalize()} in app/models/{model}.py."
        )


_TABLES = {"User": "users", "Book": "books", "Loan": "loans"}
LOAN_PERIOD = timedelta(days=21)
AHEAD = timedelta(minutes=10)  # the clock of the server where a book was returned: open means null


@dataclass(frozen=True)
class Library:
    """The tables `users`, `books` and `loans`, as step 03 names them.

    What it makes are rows that a call of a service takes. It asks PostgreSQL, and not the application.
    """

    database: Database
    samples: Samples

    async def user(self, **columns: Any) -> Row:
        """Add a user; columns that are not given have values of their own."""
        columns = {
            "email": self.samples.email(),
            "full_name": self.samples.name(),
            "hashed_password": self.samples.word(60),
            "is_librarian": False,
            "is_active": True,
            **columns,
        }
        return await self._add("User", columns)

    async def librarian(self, **columns: Any) -> Row:
        """Add a user who is a librarian."""
        return await self.user(is_librarian=True, **columns)

    async def book(self, **columns: Any) -> Row:
        """Add a book, of which the library owns one copy unless `copies` says more."""
        columns = {
            "isbn": self.samples.isbn(),
            "title": self.samples.title(),
            "author": self.samples.name(),
            "published_year": self.samples.year(),
            "copies": 1,
            **columns,
        }
        return await self._add("Book", columns)

    async def books(self, count: int, **columns: Any) -> list[Row]:
        """Add several books."""
        return [await self.book(**columns) for _ in range(count)]

    async def loan(self, user: Row, book: Row, *, returned: bool = False, **columns: Any) -> Row:
        """Add a loan of a book to a user, open unless it is `returned`."""
        borrowed = columns.get("borrowed_at", self.samples.moment())
        columns = {
            "user_id": user.id,
            "book_id": book.id,
            "borrowed_at": borrowed,
            "due_at": borrowed + LOAN_PERIOD,
            "returned_at": datetime.now(UTC) + AHEAD if returned else None,
            **columns,
        }
        return await self._add("Loan", columns)

    async def open_loans(self, row: Row | None = None) -> int:
        """Return how many loans are open: of a user, of a book, or all."""
        where = {"User": " AND user_id = $1", "Book": " AND book_id = $1"}
        kind = row.class_name.rpartition(".")[2] if row is not None else ""
        sql = "SELECT count(*) FROM loans WHERE returned_at IS NULL" + where.get(kind, "")
        return int(await self.database.fetchval(sql, *([row.id] if row is not None else [])))

    async def count(self, table: str) -> int:
        """Return how many rows a table has."""
        return int(await self.database.fetchval(f'SELECT count(*) FROM "{table}"'))

    async def read(self, row: Row) -> "Columns | None":
        """Return the columns of a row as the database has them now, None if it is gone."""
        table = _TABLES[row.class_name.rpartition(".")[2]]
        found = await self.database.fetchrow(f'SELECT * FROM "{table}" WHERE id = $1', row.id)
        return None if found is None else Columns(table, found)

    async def _add(self, kind: str, columns: dict[str, Any]) -> Row:
        names = ", ".join(f'"{name}"' for name in (*columns, "created_at", "updated_at"))
        places = ", ".join(f"${place}" for place in range(1, len(columns) + 1))
        added = await self.database.fetchrow(
            f'INSERT INTO "{_TABLES[kind]}" ({names}) VALUES ({places}, now(), now()) RETURNING *',
            *columns.values(),
        )
        values = dict(added)
        return Row(f"app.models.{kind.lower()}.{kind}", {"id": values["id"]}, values)
