"""Calls at the same time, as the tests of a suite make them."""

import asyncio

import pytest

from groundrules.testing.app import App
from groundrules.testing.database import Database
from groundrules.testing.races import at_once
from groundrules.testing.values import Row
from groundrules.worker.errors import Missing, Raised

BOOKS_HELD = "LOCK TABLE books IN SHARE MODE"


@pytest.fixture
async def book(shelf: App) -> Row:
    made = await shelf.services.shelf_service.create(
        obj_in=shelf.schemas.book.BookCreate(title="Emma", price="1")
    )
    assert isinstance(made, Row)
    return made


@pytest.fixture
async def readers(shelf: App) -> list[Row]:
    return [await shelf.services.shelf_service.join(name=name) for name in ("Ada", "Eve", "Joe")]


async def test_what_is_looked_up_first_is_old_when_it_is_used(
    shelf: App, database: Database, book: Row, readers: list[Row]
) -> None:
    takes = [shelf.services.shelf_service.take(book=book, reader=reader) for reader in readers]

    endings = await at_once(database, *takes, holding=BOOKS_HELD, refusals=["Taken"])

    assert endings == ["done"] * 3
    assert await database.waiting() == 0


async def test_a_refusal_is_told_by_its_class(
    shelf: App, database: Database, book: Row, readers: list[Row]
) -> None:
    service, reader = shelf.services.shelf_service, readers[0]
    await service.take(book=book, reader=reader)
    again = [service.take(book=book, reader=reader), service.join(name="Tim")]

    endings = await at_once(database, *again, holding=BOOKS_HELD, refusals=["Lost", "ShelfError"])

    assert endings == ["ShelfError", "done"]


async def test_another_exception_is_raised(
    shelf: App, database: Database, book: Row, readers: list[Row]
) -> None:
    service, reader = shelf.services.shelf_service, readers[0]
    await service.take(book=book, reader=reader)

    take = service.take(book=book, reader=reader)
    with pytest.raises(Raised, match=r"raised Taken: Emma is taken; it must raise Lost"):
        await at_once(database, take, holding=BOOKS_HELD, refusals=["Lost"])
    with pytest.raises(Missing):
        await at_once(database, service.burn(), holding=BOOKS_HELD)


async def test_a_call_that_waits_for_something_else_holds_nobody_up_for_long(
    shelf: App, database: Database
) -> None:
    loop = asyncio.get_running_loop()
    sleep = shelf.services.shelf_service.sleep(seconds=2)
    began = loop.time()

    endings = await at_once(database, sleep, holding=BOOKS_HELD)

    assert endings == ["done"]
    assert loop.time() - began < 4
