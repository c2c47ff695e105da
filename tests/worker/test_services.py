"""Calls of services: their sessions, schemas and rows, and how they refuse."""

import asyncio
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from groundrules.testing.app import App
from groundrules.testing.database import Database
from groundrules.testing.returned import as_answer
from groundrules.testing.values import Record, Row, Schema
from groundrules.worker.errors import Missing, Raised
from tests.worker.conftest import spot


async def new_book(shelf: App) -> Row:
    book = await shelf.services.shelf_service.create(
        obj_in=shelf.schemas.book.BookCreate(title="Emma", price="19.90")
    )
    assert isinstance(book, Row)
    return book


async def test_a_row_comes_back_with_its_key_and_its_loaded_columns(
    shelf: App, database: Database
) -> None:
    book = await new_book(shelf)

    assert book.class_name == "app.models.book.Book"
    assert book.key == {"id": 1}
    assert (book.title, book.price) == ("Emma", Decimal("19.90"))
    assert await database.fetchval("SELECT title FROM books WHERE id = $1", book.id) == "Emma"


async def test_a_query_goes_through_a_session_of_the_applications_own(
    shelf: App, database: Database
) -> None:
    ids = await asyncio.gather(*(shelf.query("SELECT pg_backend_pid()") for _ in range(3)))

    assert len(set(ids)) == 3
    assert await shelf.query("SELECT current_database()") == database.name


async def test_a_column_that_is_not_loaded_is_told(shelf: App) -> None:
    book = await shelf.services.shelf_service.expired()

    assert book.id == 1
    with pytest.raises(AssertionError, match=r"^`title` of Book is not loaded"):
        _ = book.title


async def test_rows_are_handed_over_by_their_keys(shelf: App, database: Database) -> None:
    book = await new_book(shelf)
    reader = await shelf.services.shelf_service.join(name="Ada")

    await shelf.services.shelf_service.take(book=book, reader=reader)

    assert isinstance(reader.id, UUID)
    assert await database.fetchval("SELECT taken_by FROM books") == reader.id


async def test_a_refusal_is_known_by_its_class_and_its_bases(shelf: App) -> None:
    book = await new_book(shelf)
    reader = await shelf.services.shelf_service.join(name="Ada")
    await shelf.services.shelf_service.take(book=book, reader=reader)

    with shelf.refuses("Taken"):
        await shelf.services.shelf_service.take(book=book, reader=reader)
    with shelf.refuses("ShelfError"):
        await shelf.services.shelf_service.take(book=book, reader=reader)


async def test_another_refusal_is_told_with_the_one_that_must_come(shelf: App) -> None:
    book = await new_book(shelf)
    reader = await shelf.services.shelf_service.join(name="Ada")
    await shelf.services.shelf_service.take(book=book, reader=reader)

    with (
        pytest.raises(
            Raised, match="raised Taken: Emma is taken; it must raise LimitReached"
        ) as told,
        shelf.refuses("LimitReached"),
    ):
        await shelf.services.shelf_service.take(book=book, reader=reader)

    assert spot(told.value).startswith("app/services/shelf_service.py: raise Taken(")


async def test_what_is_not_refused_is_told(shelf: App) -> None:
    with (
        pytest.raises(AssertionError, match=r"^This must be rejected with Taken; it is not"),
        shelf.refuses("Taken"),
    ):
        await new_book(shelf)


async def test_a_row_that_is_gone_is_told(shelf: App, database: Database) -> None:
    book = await new_book(shelf)
    reader = await shelf.services.shelf_service.join(name="Ada")
    await database.execute("DELETE FROM books")

    with pytest.raises(Raised, match=r"LookupError: the Book with id=1 does not exist any more"):
        await shelf.services.shelf_service.take(book=book, reader=reader)


async def test_lists_of_rows_come_back_as_lists(shelf: App) -> None:
    first, second = await new_book(shelf), await new_book(shelf)

    books, total = await shelf.services.shelf_service.list_page(limit=10)

    assert ([book.id for book in books], total) == ([first.id, second.id], 2)
    assert await shelf.services.shelf_service.prices() == [["Emma", Decimal("19.90")]] * 2


async def test_a_function_without_hints_gets_its_session_too(shelf: App) -> None:
    assert await shelf.core.database.ping() == 1


async def test_each_call_has_a_session_that_ends_as_in_a_request(shelf: App) -> None:
    await new_book(shelf)
    with shelf.refuses("ValidationError"):
        await shelf.services.shelf_service.create(obj_in=shelf.schemas.book.BookCreate(title="x"))

    assert await shelf.api.deps.told() == ["well", "ValidationError"]


async def test_calls_run_at_the_same_time(shelf: App) -> None:
    calls = [shelf.services.shelf_service.sleep(seconds=0.2) for _ in range(4)]
    loop = asyncio.get_running_loop()
    await shelf.core.database.ping()
    began = loop.time()

    backends = await asyncio.gather(*calls)

    assert len(set(backends)) == 4
    assert loop.time() - began < 0.7


async def test_calls_in_one_session_go_on_after_one_that_raises(shelf: App) -> None:
    service = shelf.services.shelf_service
    book, reader = await new_book(shelf), await service.join(name="Ada")

    taken, refused, pid, same = await shelf.in_one_session(
        service.take(book=book, reader=reader),
        service.take(book=book, reader=reader),
        service.sleep(seconds=0),
        service.sleep(seconds=0),
    )

    assert taken.taken_by == reader.id
    assert isinstance(refused, Raised)
    assert spot(refused) == ('app/services/shelf_service.py: raise Taken(f"{book.title} is taken")')
    assert pid == same


async def test_in_one_session_too_what_is_missing_is_told(shelf: App) -> None:
    with pytest.raises(Missing, match=r"^app/services/shelf_service.py has no `burn`"):
        await shelf.in_one_session(shelf.services.shelf_service.burn())


async def test_a_call_is_made_again_when_the_connection_has_broken(shelf: App) -> None:
    asks, commits = shelf.core.database.ping(), shelf.services.shelf_service.join(name="Ada")

    assert isinstance(await shelf.again_when_broken(asks), Raised)
    assert await shelf.again_when_broken(commits) is None
    assert await asks == 1


async def test_engines_are_counted_from_the_first_question_on(shelf: App) -> None:
    await shelf.core.database.ping()

    counted = [await shelf.engines()]
    for call in (shelf.core.database.ping, shelf.core.database.ping, shelf.core.database.elsewhere):
        await call()
        counted.append(await shelf.engines())

    assert counted == [0, 1, 1, 2]


async def test_a_part_of_what_a_call_gives_is_handed_to_another(shelf: App) -> None:
    await new_book(shelf)
    page = shelf.services.shelf_service.list_page(limit=5)

    response = await shelf.schemas.book.BookResponse.model_validate(page.part(0, 0))

    assert response.title == "Emma"


async def test_a_part_that_is_not_there_raises(shelf: App) -> None:
    page = shelf.services.shelf_service.list_page(limit=5)

    with pytest.raises(Raised, match="IndexError"):
        await shelf.schemas.book.BookResponse.model_validate(page.part(0, 0))


async def test_data_that_a_schema_accepts_comes_back(shelf: App) -> None:
    book = await shelf.schemas.book.BookCreate(title="Emma", price="19.90")

    assert isinstance(book, Schema)
    assert book.fields == {"title": "Emma", "price": "19.90", "tags": []}
    with pytest.raises(AssertionError, match=r"^BookCreate has no field `isbn`"):
        _ = book.isbn


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"title": "", "price": 1}, "title"),
        ({"title": "Emma"}, "price"),
        ({"title": "Emma", "price": 1, "id": 1}, "id"),
        ({"title": "Emma", "price": 1, "tags": ["a", 2]}, "tags.1"),
    ],
    ids=str,
)
async def test_a_schema_refuses_data_and_names_the_field(
    shelf: App, data: dict[str, Any], field: str
) -> None:
    with shelf.refuses("ValidationError", field=field):
        await shelf.schemas.book.BookCreate(**data)


async def test_a_refusal_of_another_field_is_told(shelf: App) -> None:
    with (
        pytest.raises(Raised, match=r"it must raise ValidationError that names `title`"),
        shelf.refuses("ValidationError", field="title"),
    ):
        await shelf.schemas.book.BookCreate(title="Emma")


async def test_a_schema_is_made_of_a_row(shelf: App) -> None:
    book = await new_book(shelf)

    response = await shelf.schemas.book.BookResponse.model_validate(book)

    assert response.fields == {"id": 1, "title": "Emma", "price": "19.90"}


async def test_a_schema_is_made_of_any_object_with_its_attributes(shelf: App) -> None:
    record = Record(id=7, title="Emma", price=Decimal("19.90"), notes="none")

    response = await shelf.schemas.book.BookResponse.model_validate(record)

    assert response.fields == {"id": 7, "title": "Emma", "price": "19.90"}


async def test_a_generic_schema_is_named_with_its_argument(shelf: App) -> None:
    page = shelf.schemas.page.Page[shelf.schemas.book.BookResponse]
    item = shelf.schemas.book.BookResponse(id=7, title="Emma", price="19.90")

    made = await page(items=[item])

    assert made.fields == {"items": [{"id": 7, "title": "Emma", "price": "19.90"}]}
    read = await page.model_validate_json('{"items": []}')
    assert read.fields == {"items": []}
    with shelf.refuses("ValidationError", field="items.0.price"):
        await page(items=[{"id": 7, "title": "Emma"}])


async def test_a_refusal_tells_its_message(shelf: App) -> None:
    with shelf.refuses("ValidationError") as refusal:
        await shelf.schemas.book.BookCreate(title="", price=1)

    assert "at least 1 character" in refusal.message


async def test_what_is_refused_and_must_be_accepted_is_told(shelf: App) -> None:
    with (
        pytest.raises(
            Raised,
            match=r"^A title must be accepted. app.schemas.book.BookCreate\(\) raised Validation",
        ),
        shelf.accepts("A title"),
    ):
        await shelf.schemas.book.BookCreate(title="", price=1)


async def test_what_is_missing_is_told_by_its_file(shelf: App) -> None:
    with pytest.raises(Missing, match=r"^app/services/shelf_service.py has no `burn`"):
        await shelf.services.shelf_service.burn()
    with pytest.raises(Missing, match=r"^app/services has no `fire_service`"):
        await shelf.services.fire_service.light()


async def test_an_answer_is_made_of_what_a_call_returns(shelf: App) -> None:
    service, response = shelf.services.shelf_service, shelf.schemas.book.BookResponse
    made = await as_answer(
        response, service.create(obj_in=shelf.schemas.book.BookCreate(title="Emma", price="1"))
    )

    assert made.title == "Emma"
    with pytest.raises(
        AssertionError,
        match=r"The object that shelf_service.expired\(\) returns has no `id` that can be",
    ):
        await as_answer(response, service.expired())
    with pytest.raises(
        AssertionError,
        match=r"A BookResponse cannot be created from the object that shelf_service.list_page\(\)",
    ):
        await as_answer(response, service.list_page(limit=1))
