"""Rows that a test makes and changes through the trainee's models."""

from decimal import Decimal

import pytest

from groundrules.testing.app import App
from groundrules.testing.database import Database
from groundrules.worker.errors import Missing, Raised
from tests.worker.conftest import Start, only_forks


async def test_a_row_is_made_by_its_class(shelf: App, database: Database) -> None:
    book = await shelf.save(shelf.models.book.Book(title="Emma", price=Decimal("19.90")))

    assert (book.id, book.title, book.cover) == (1, "Emma", b"")
    assert await database.fetchval("SELECT price FROM books") == Decimal("19.90")


async def test_a_row_is_changed_by_its_attributes(shelf: App, database: Database) -> None:
    book = await shelf.save(shelf.models.book.Book(title="Emma", price=Decimal(1)))

    changed = await shelf.save(book, title="Persuasion")

    assert changed.title == "Persuasion"
    assert await database.fetchval("SELECT array_agg(title) FROM books") == ["Persuasion"]


async def test_what_the_database_refuses_raises_and_is_undone(
    shelf: App, database: Database
) -> None:
    with shelf.refuses("IntegrityError"):
        await shelf.save(shelf.models.book.Book(title="Emma"))

    assert await database.fetchval("SELECT count(*) FROM books") == 0
    assert await database.connections("idle in transaction%") == 0


async def test_what_is_no_model_cannot_be_saved(shelf: App) -> None:
    with pytest.raises(Raised, match=r"^app.schemas.book.BookCreate\(\) raised UnmappedInstance"):
        await shelf.save(shelf.schemas.book.BookCreate(title="Emma", price="1"))


async def test_a_model_that_is_missing_is_told(shelf: App) -> None:
    with pytest.raises(Missing, match=r"^app/models/book.py has no `Novel`"):
        await shelf.save(shelf.models.book.Novel(title="Emma"))


MODELS = {
    "models__base": """
        from sqlalchemy.orm import DeclarativeBase

        class Base(DeclarativeBase): ...
        """,
    "models__book": """
        from sqlalchemy import ForeignKey
        from sqlalchemy.orm import Mapped, mapped_column, relationship
        from app.models.base import Base

        class Book(Base):
            __tablename__ = "books"
            id: Mapped[int] = mapped_column(primary_key=True)
            shelf_id: Mapped[int] = mapped_column(ForeignKey("shelves.id"))
            shelf: Mapped["Shelf"] = relationship()
        """,
    "models__shelf": """
        from sqlalchemy.orm import Mapped, mapped_column
        from app.models.base import Base

        class Shelf(Base):
            __tablename__ = "shelves"
            id: Mapped[int] = mapped_column(primary_key=True)
        """,
    "api__deps": """
        class Session:
            def add(self, row): self.row = row

            async def commit(self): pass

        async def get_db():
            yield Session()
        """,
}


@only_forks
async def test_a_model_may_name_one_that_it_does_not_import(start: Start) -> None:
    app = start("", **MODELS)

    book = await app.save(app.models.book.Book(shelf_id=1))

    assert book.values == {"shelf_id": 1}


@only_forks
async def test_a_service_may_use_a_model_that_names_another(start: Start) -> None:
    service = """
        from app.models.book import Book

        def new(shelf_id): return Book(shelf_id=shelf_id)
        """
    app = start("", **MODELS, services__book_service=service)

    book = await app.services.book_service.new(shelf_id=1)

    assert book.values == {"shelf_id": 1}
