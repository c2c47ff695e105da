"""Task 05.6: a book changes, and goes out."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from groundrules.testing import task
from groundrules.testing.app import App
from groundrules.testing.samples import Samples
from groundrules.testing.values import Record

ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
NEVER_NULL = ["isbn", "title", "author", "copies"]


@task("05.6", "book-changes")
async def test_nothing_need_be_given(app: App) -> None:
    with app.accepts("A BookUpdate in which nothing is given"):
        given = await dumped(app)

    assert given == {}, (
        f"A BookUpdate in which nothing is given must have no field set, not {given}."
    )


@task("05.6", "book-changes", "same-as-new-book")
@pytest.mark.parametrize("field", [*NEVER_NULL, "published_year"])
async def test_each_field_can_be_given_alone(app: App, samples: Samples, field: str) -> None:
    value = a_book(samples)[field]

    with app.accepts(f"A BookUpdate in which only {field} is given"):
        given = await dumped(app, **{field: value})

    assert given == {field: value}, (
        f"A BookUpdate in which only {field} is given must have {{{field!r}: {value!r}}} set, "
        f"not {given}."
    )


@task("05.6", "year-cleared")
async def test_null_empties_the_year(app: App) -> None:
    with app.accepts("A BookUpdate in which published_year is null"):
        given = await dumped(app, published_year=None)

    assert given == {"published_year": None}, (
        "A BookUpdate in which published_year is null must have {'published_year': None} set, "
        f"not {given}: null is not the same as not given."
    )


@task("05.6", "book-no-null")
@pytest.mark.parametrize("field", NEVER_NULL)
async def test_null_empties_nothing_else(app: App, field: str) -> None:
    await must_refuse(app, {field: None}, f"in which {field} is null")


@task("05.6", "same-as-new-book")
async def test_an_isbn_loses_its_hyphens_here_too(app: App, samples: Samples) -> None:
    isbn = samples.isbn()

    given = await dumped(app, isbn=f"{isbn[:3]}-{isbn[3:]}")

    assert given == {"isbn": isbn}, (
        f"The ISBN {isbn[:3]}-{isbn[3:]} must become {isbn} in a BookUpdate, too, not {given}."
    )


@task("05.6", "same-as-new-book")
async def test_what_a_new_book_may_have_a_change_may(app: App, samples: Samples) -> None:
    longest = "é" + samples.word(199)
    right = [
        *(("isbn", isbn, isbn) for isbn in samples.isbns_of_each_check_digit()),
        *(("published_year", year, year) for year in (1, 9999)),
        *(("copies", copies, copies) for copies in (0, 1_000_000)),
        *(("title", text, text.strip()) for text in ("Q", "0", f"  {longest}\n")),
        *(("author", text, text.strip()) for text in ("Q", "0", f"  {longest}\n")),
    ]

    for field, value, wanted in right:
        with app.accepts(f"A BookUpdate whose {field} is {value!r}"):
            given = await dumped(app, **{field: value})
        assert given == {field: wanted}, (
            f"A BookUpdate whose {field} is {value!r} must have {{{field!r}: {wanted!r}}} set, as a "
            f"BookCreate has, not {given}."
        )


@task("05.6", "same-as-new-book", "unknown-fields")
async def test_what_a_new_book_may_not_have_no_change_may(app: App, samples: Samples) -> None:
    isbn = samples.isbn()
    wrong: dict[str, dict[str, Any]] = {
        "whose isbn has a wrong check digit": {
            "isbn": isbn[:-1] + str((int(isbn[-1]) + samples.numbers.randint(1, 9)) % 10)
        },
        "whose isbn has 12 digits": {"isbn": isbn[:-1]},
        "whose isbn has 14 digits": {"isbn": isbn + "0"},
        "whose isbn has 10 digits": {"isbn": "0131103628"},
        "whose isbn has a letter": {"isbn": isbn[:-1] + "X"},
        "whose isbn has digits of another script": {"isbn": isbn.translate(ARABIC)},
        **{
            f"whose {field} {what}": {field: value}
            for field in ("title", "author")
            for what, value in {
                "is empty": "",
                "is blank": " ",
                "has tabs and line ends only": "\t\n",
                "has 201 characters": samples.word(201),
                "has a NUL": samples.name() + "\0",
            }.items()
        },
        "whose published_year is -1": {"published_year": -1},
        "whose published_year is 0": {"published_year": 0},
        "whose published_year is 10000": {"published_year": 10_000},
        "whose published_year is not a whole number": {"published_year": 1999.5},
        "with -1 copies": {"copies": -1},
        "with one and a half copies": {"copies": 1.5},
        "with 1000001 copies": {"copies": 1_000_001},
        "that sets its id": {"id": 1},
        "that sets available": {"available": 1},
    }

    for what, fields in wrong.items():
        await must_refuse(app, fields, what)


@task("05.6", "book-response", "available", "book-like-user")
async def test_an_answer_is_made_of_an_object_with_its_attributes(
    app: App, samples: Samples
) -> None:
    for year in (samples.year(), None):
        book = {**a_book(samples), "published_year": year}

        with app.accepts("An object with a book's attributes"):
            answer = await app.schemas.book.BookResponse.model_validate(Record(**book))

        for field in ("id", *NEVER_NULL, "published_year", "available"):
            found = getattr(answer, field)
            assert found == book[field], (
                f"BookResponse must have the object's {field}, {book[field]!r}, not {found!r}."
            )


@task("05.6", "available")
async def test_an_answer_can_have_nothing_available(app: App, samples: Samples) -> None:
    book = {**a_book(samples), "copies": 0, "available": 0}

    with app.accepts("A book with no copies"):
        answer = await app.schemas.book.BookResponse.model_validate(Record(**book))

    assert answer.available == 0, f"BookResponse must have 0 available, not {answer.available!r}."


@task("05.6", "book-like-user")
async def test_an_answer_can_be_read_again(app: App, samples: Samples) -> None:
    response = app.schemas.book.BookResponse
    book = a_book(samples)

    text = await response.model_dump_json(response.model_validate(Record(**book)))
    with app.accepts("The JSON of a BookResponse"):
        again = await response.model_validate_json(text)

    assert again.fields == json.loads(text), (
        "A BookResponse that is created from its own JSON must be equal to the first."
    )
    for field in ("created_at", "updated_at"):
        text, moment = getattr(again, field), book[field]
        shown = datetime.fromisoformat(text)
        assert shown.tzinfo is not None, (
            f"BookResponse must show {field} with its time zone; it shows {text!r}."
        )
        assert abs(shown - moment) < timedelta(seconds=1), (
            f"BookResponse must show {field} as it is, {moment.isoformat()}; it shows {text!r}."
        )


def a_book(samples: Samples) -> dict[str, Any]:
    copies = samples.numbers.randint(2, 9)
    return {
        "id": samples.numbers.randint(1, 2**63 - 1),
        "isbn": samples.isbn(),
        "title": samples.title(),
        "author": samples.name(),
        "published_year": samples.year(),
        "copies": copies,
        "available": samples.numbers.randint(1, copies),
        "created_at": samples.moment(),
        "updated_at": samples.moment(),
    }


async def dumped(app: App, **fields: Any) -> dict[str, Any]:
    """Return what a service sees that only wants what was given."""
    changes = app.schemas.book.BookUpdate(**fields)
    given: dict[str, Any] = await app.schemas.book.BookUpdate.model_dump(
        changes, exclude_unset=True
    )
    return given


async def must_refuse(app: App, fields: dict[str, Any], what: str) -> None:
    [field] = fields
    with app.refuses(
        "ValidationError",
        field=field,
        message=f"A BookUpdate {what} must be rejected, but it is accepted.",
    ):
        await dumped(app, **fields)
