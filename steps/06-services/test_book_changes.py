"""Task 06.4: books change, in part or as a whole."""

from typing import Any

import pytest

from groundrules.testing import demand, task
from groundrules.testing.app import App
from groundrules.testing.calls import Call
from groundrules.testing.library import Library
from groundrules.testing.refused import must_be_refused, must_go_on
from groundrules.testing.returned import as_answer, fail_after, must_be_stored
from groundrules.testing.samples import Samples
from groundrules.testing.values import Row

FIELDS = ("isbn", "title", "author", "published_year", "copies")


@task("06.4", "book-changes", "committed")
async def test_what_is_given_changes_and_nothing_else(
    app: App, library: Library, samples: Samples
) -> None:
    book = await library.book()
    steps: list[dict[str, Any]] = [
        {},
        {"title": samples.title()},
        {"published_year": None},
        {"isbn": samples.isbn(), "author": samples.name(), "copies": 7},
        {"copies": 0},
    ]

    for changes in steps:
        expected = {**await columns(library, book), **changes}
        with app.accepts(f"book_service.update() with {changes}"):
            told = await as_answer(app.schemas.book.BookResponse, update(app, book, **changes))
        after = await columns(library, book)
        must_be_stored("book_service.update()", told, after, changes)
        for field in FIELDS:
            assert after[field] == expected[field], (
                f"book_service.update() with {changes} must leave the book with the {field} "
                f"{expected[field]!r}; it is {after[field]!r}."
            )


@task("06.4", "replace")
async def test_a_replacement_sets_every_field(app: App, library: Library, samples: Samples) -> None:
    book, whole = await library.book(), {**a_book(samples), "copies": 0}

    await replace(app, book, **whole)

    after = await columns(library, book)
    for field, value in {**whole, "published_year": None}.items():
        assert after[field] == value, (
            "book_service.replace() must set every field, and set a published_year that is not "
            f"given to null: the {field} must be {value!r}, not {after[field]!r}."
        )


@task("06.4", "available", "committed", "readable")
@pytest.mark.parametrize("service", ["update", "replace"])
async def test_a_change_is_returned_and_stays(
    app: App, library: Library, samples: Samples, service: str
) -> None:
    user, book = await library.user(), await library.book(copies=1)
    await library.loan(user, book)
    whole = {**a_book(samples), "copies": 5}

    told = await as_answer(app.schemas.book.BookResponse, change(app, service, book, whole))
    await fail_after(app, change(app, service, book, {**whole, "copies": 6}))

    assert (told.title, told.copies) == (whole["title"], 5), (
        f"book_service.{service}() must return the changed book."
    )
    assert told.available == 4, (
        f"After book_service.{service}() to 5 copies, with 1 copy out, 4 must be available, not "
        f"{told.available}."
    )
    assert (await columns(library, book))["copies"] == 6, (
        f"book_service.{service}() must commit: an error later in the same request undid it."
    )


@task("06.4", "isbn-of-another", "nothing-changed")
@pytest.mark.parametrize("service", ["update", "replace"])
async def test_no_book_takes_the_isbn_of_another(
    app: App, library: Library, samples: Samples, service: str
) -> None:
    book, other = await library.books(2)
    whole = a_book(samples)

    with app.refuses(
        "IsbnTaken",
        message=f"book_service.{service}() to the ISBN of another book must be rejected.",
    ):
        await change(app, service, book, {**whole, "isbn": other.isbn})
    with demand("nothing-changed"):
        assert await columns(library, book) == of_row(book), (
            f"book_service.{service}() that is rejected with IsbnTaken must not change the book."
        )
    with app.accepts(f"book_service.{service}() with the ISBN that the book has"):
        await change(app, service, book, {**whole, "isbn": book.isbn})


@task("06.4", "too-few-copies", "nothing-changed", "counted-in-the-table")
@pytest.mark.parametrize("service", ["update", "replace"])
async def test_a_book_has_no_less_copies_than_are_out(
    app: App, library: Library, samples: Samples, service: str
) -> None:
    book = await library.book(copies=4)
    for returned in (False, False, True):
        await library.loan(await library.user(), book, returned=returned)

    with app.refuses(
        "TooFewCopies",
        message=f"book_service.{service}() to 1 copy must be rejected while 2 are out.",
    ):
        await change(app, service, book, {**a_book(samples), "copies": 1})
    with demand("nothing-changed"):
        assert await columns(library, book) == of_row(book), (
            f"book_service.{service}() that is rejected with TooFewCopies must not change the book."
        )
    with app.accepts(f"book_service.{service}() to 2 copies, with 2 out,"):
        await change(app, service, book, {**a_book(samples), "copies": 2})


@task("06.4", "not-written-later", "usable-afterwards", "nothing-changed")
@pytest.mark.parametrize("service", ["update", "replace"])
@pytest.mark.parametrize("refusal", ["IsbnTaken", "TooFewCopies"])
async def test_a_change_that_is_refused_is_not_written_later(
    app: App, library: Library, samples: Samples, service: str, refusal: str
) -> None:
    book, other = await library.books(2)
    await library.loan(await library.user(), book)
    wrong = {"IsbnTaken": {"isbn": other.isbn}, "TooFewCopies": {"copies": 0}}[refusal]
    refused = change(app, service, book, {**a_book(samples), **wrong})
    title = samples.title()

    first, second = await app.in_one_session(refused, update(app, other, title=title))

    called = f"book_service.{service}()"
    with demand("isbn-of-another" if refusal == "IsbnTaken" else "too-few-copies"):
        must_be_refused(first, refusal, f"{called} with {wrong}")
    must_go_on(second, refusal, called)
    with demand("usable-afterwards"):
        assert (await columns(library, other))["title"] == title, (
            f"After {called} has raised {refusal}, the next change in the same session must be committed."
        )
    with demand("not-written-later", "nothing-changed"):
        assert await columns(library, book) == of_row(book), (
            f"The change that {called} rejected with {refusal} was written by the next call in the "
            "same session: set nothing before all checks are done, or roll back before you raise."
        )


def a_book(samples: Samples) -> dict[str, Any]:
    """Return what a book must have; its year may be left out."""
    return {
        "isbn": samples.isbn(),
        "title": samples.title(),
        "author": samples.name(),
        "copies": samples.numbers.randint(1, 9),
    }


def change(app: App, service: str, book: Row, changes: dict[str, Any]) -> Call:
    return {"update": update, "replace": replace}[service](app, book, **changes)


def update(app: App, book: Row, **changes: Any) -> Call:
    obj_in = app.schemas.book.BookUpdate(**changes)
    return app.services.book_service.update(book=book, obj_in=obj_in)


def replace(app: App, book: Row, **whole: Any) -> Call:
    obj_in = app.schemas.book.BookCreate(**whole)
    return app.services.book_service.replace(book=book, obj_in=obj_in)


async def columns(library: Library, book: Row) -> dict[str, Any]:
    found = await library.read(book)
    assert found is not None, "The book is gone."
    return {name: found[name] for name in FIELDS}


def of_row(book: Row) -> dict[str, Any]:
    return {name: getattr(book, name) for name in FIELDS}
