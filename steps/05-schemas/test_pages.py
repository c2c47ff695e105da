"""Task 05.8: a page of a list."""

import json
from datetime import datetime
from typing import Any

from groundrules.testing import task
from groundrules.testing.app import App
from groundrules.testing.calls import Name
from groundrules.testing.samples import Samples
from groundrules.testing.values import Record

LARGEST = 2**63 - 1


@task("05.8", "limit", "offset")
async def test_a_page_shows_20_items_from_the_start_unless_told_otherwise(app: App) -> None:
    with app.accepts("A PageQuery in which nothing is given"):
        query = await app.schemas.page.PageQuery()

    assert query.limit == 20, f"The limit must be 20 by default; it is {query.limit!r}."
    assert query.offset == 0, f"The offset must be 0 by default; it is {query.offset!r}."


@task("05.8", "limit")
async def test_the_limit_lies_between_1_and_100(app: App) -> None:
    for limit in (1, 100):
        with app.accepts(f"The limit {limit}"):
            query = await app.schemas.page.PageQuery(limit=limit)
        assert query.limit == limit, f"The limit {limit} must stay; it becomes {query.limit!r}."
    for wrong in (0, -1, 101, LARGEST + 1, "many", ""):
        await must_refuse(app, "limit", wrong)


@task("05.8", "offset")
async def test_the_offset_is_0_or_more(app: App, samples: Samples) -> None:
    for offset in (0, samples.numbers.randint(1, 1_000_000), LARGEST):
        with app.accepts(f"The offset {offset}"):
            query = await app.schemas.page.PageQuery(offset=offset)
        assert query.offset == offset, (
            f"The offset {offset} must stay; it becomes {query.offset!r}."
        )
    for wrong in (-1, LARGEST + 1, "many", ""):
        await must_refuse(app, "offset", wrong)


@task("05.8", "strings")
async def test_a_query_arrives_as_text(app: App, samples: Samples) -> None:
    limit, offset = samples.numbers.randint(1, 100), samples.numbers.randint(1, 1000)

    with app.accepts(f'The string "{limit}" for the limit, as in a URL,'):
        query = await app.schemas.page.PageQuery(limit=f"{limit}", offset=f"{offset}")

    assert (query.limit, query.offset) == (limit, offset), (
        f"?limit={limit}&offset={offset} must become the numbers {limit} and {offset}, "
        f"not {query.limit!r} and {query.offset!r}."
    )


@task("05.8", "page-fields", "page-of-anything", "page-read-again")
async def test_a_page_holds_its_items_and_how_many_there_are(app: App, samples: Samples) -> None:
    items = [a_book(samples) for _ in range(3)]
    numbers = {
        "total": samples.numbers.randint(100, 999),
        "limit": 3,
        "offset": samples.numbers.randint(1, 99),
    }
    page, book = page_of_books(app), app.schemas.book.BookResponse

    with app.accepts("A page of three books"):
        text = await page.model_dump_json(
            page(items=[book.model_validate(Record(**item)) for item in items], **numbers)
        )

    shown = json.loads(text)
    for name, number in numbers.items():
        assert shown.get(name) == number, (
            f"A Page must contain its {name}, {number}; it shows {shown.get(name)!r}."
        )
    found = [item.get("title") for item in shown.get("items", [])]
    assert found == [item["title"] for item in items], (
        "A Page of three books must contain them unchanged, and in their order."
    )
    with app.accepts("The JSON of a Page[BookResponse]"):
        again = await page.model_validate_json(text)
    assert again.fields == shown, (
        "A Page that is created from its own JSON must be equal to the first."
    )


@task("05.8", "page-fields", "page-read-again")
async def test_a_page_can_be_as_long_as_the_largest_limit(app: App, samples: Samples) -> None:
    text = as_json(*[a_book(samples)] * 100, limit=100, offset=LARGEST)

    with app.accepts(f"A page of 100 books, with the largest limit and the offset {LARGEST},"):
        page = await page_of_books(app).model_validate_json(text)

    assert len(page.items) == 100, (
        f"A page of 100 books must contain all; it has {len(page.items)}."
    )


@task("05.8", "page-fields")
async def test_a_page_can_be_empty(app: App) -> None:
    with app.accepts("A page without items"):
        page = await page_of_books(app)(items=[], total=0, limit=20, offset=0)

    assert page.items == [], f"A Page without items must have none; it has {page.items!r}."


@task("05.8", "page-items")
async def test_a_page_takes_items_of_its_kind_only(app: App, samples: Samples) -> None:
    good, bad = a_book(samples), a_book(samples)
    del bad["title"]

    with app.refuses(
        "ValidationError",
        field="items.1.title",
        message="A Page[BookResponse] must reject a book without title, but accepts it.",
    ):
        await page_of_books(app).model_validate_json(as_json(good, bad))


@task("05.8", "page-of-anything", "page-items")
async def test_there_are_pages_of_anything(app: App, samples: Samples) -> None:
    moments = ("borrowed_at", "due_at", "created_at", "updated_at")
    loan: dict[str, Any] = {"id": 1, "user_id": 2, "book_id": 3, "returned_at": None}
    loan |= {name: samples.moment() for name in moments}
    page = app.schemas.page.Page[app.schemas.loan.LoanResponse]

    with app.accepts("A page of loans"):
        shown = await page.model_validate_json(as_json(loan))

    assert shown.items[0]["book_id"] == 3, "A Page[LoanResponse] must contain its loans unchanged."
    with app.refuses(
        "ValidationError",
        field="items.0.book_id",
        message="A Page[LoanResponse] must reject a book, but accepts it.",
    ):
        await page.model_validate_json(as_json(a_book(samples)))


def page_of_books(app: App) -> Name:
    return app.schemas.page.Page[app.schemas.book.BookResponse]


def a_book(samples: Samples) -> dict[str, Any]:
    return {
        "id": samples.numbers.randint(1, LARGEST),
        "isbn": samples.isbn(),
        "title": samples.title(),
        "author": samples.name(),
        "published_year": samples.year(),
        "copies": 3,
        "available": 2,
        "created_at": samples.moment(),
        "updated_at": samples.moment(),
    }


def as_json(*items: dict[str, Any], limit: int = 20, offset: int = 0) -> str:
    """Return a page with these items."""
    page = {"items": items, "total": len(items), "limit": limit, "offset": offset}
    return json.dumps(page, default=datetime.isoformat)


async def must_refuse(app: App, field: str, value: object) -> None:
    with app.refuses(
        "ValidationError",
        field=field,
        message=f"The {field} {value!r} must be rejected, but PageQuery accepts it.",
    ):
        await app.schemas.page.PageQuery(**{field: value})
