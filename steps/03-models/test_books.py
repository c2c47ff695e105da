"""Task 03.4: what holds for every book."""

from typing import Any

import pytest

from groundrules.testing import demand, task
from groundrules.testing.app import App
from groundrules.testing.attributes import must_be_stored
from groundrules.testing.database import Refused
from groundrules.testing.library import Library
from groundrules.testing.samples import Samples, check_digit

ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
UNIQUE = ("23505", "23P01")  # unique_violation; exclusion_violation, which does the same


@task("03.4", "isbn-unique")
async def test_no_two_books_have_one_isbn(library: Library, samples: Samples) -> None:
    isbn = samples.isbn()
    await library.book(isbn=isbn, copies=2)
    await library.book()

    with library.database.refuses(
        *UNIQUE,
        message="PostgreSQL accepts two books with the same ISBN: books.isbn must be unique.",
    ):
        await library.book(isbn=isbn)


@task("03.4", "isbn-digits")
async def test_an_isbn_is_13_digits(library: Library, samples: Samples) -> None:
    isbn = samples.isbn()
    await library.book(isbn=isbn)

    for wrong in (
        isbn[:12],
        isbn + "0",
        f"{isbn[:3]}-{isbn[3:12]}",
        samples.word(13),
        isbn[:12] + "X",
        isbn[:12] + "\n",
        "+" + isbn[:12],
        isbn.translate(ARABIC),
        isbn[:10] + "   ",
        "",
    ):
        with library.database.refuses(
            message=f"PostgreSQL accepts {wrong!r} as an ISBN: add a constraint that requires 13 "
            "digits from 0 to 9."
        ):
            await library.book(isbn=wrong)


@task("03.4", "isbn-prefix")
@pytest.mark.parametrize("prefix", ["000", "123", "977", "980", "999"])
async def test_an_isbn_may_begin_with_any_digits(library: Library, prefix: str) -> None:
    digits = f"{prefix}{library.samples.numbers.randint(0, 999_999_999):09}"

    try:
        await library.book(isbn=digits + check_digit(digits))
    except Refused as refusal:
        raise AssertionError(
            f"An ISBN that begins with {prefix} must be accepted: the table only requires 13 digits. "
            f"{refusal}"
        ) from None


@task("03.4", "copies-not-negative")
async def test_copies_are_not_negative(library: Library) -> None:
    for copies in (0, 1, 1000):
        try:
            await library.book(copies=copies)
        except Refused as refusal:
            raise AssertionError(
                f"A book with {copies} copies must be accepted. {refusal}"
            ) from None

    with library.database.refuses(
        message=(
            "PostgreSQL accepts a book with -1 copies: add a constraint that requires 0 or more."
        )
    ):
        await library.book(copies=-1)


@task("03.4", "room-for-books")
@pytest.mark.parametrize("column", ["title", "author"])
async def test_there_is_room_for_a_text(library: Library, samples: Samples, column: str) -> None:
    await library.book()

    any_script = ", in any script"
    for text, script in (
        (samples.word(200), ""),
        ("書" * 200, any_script),
        ("𠮷" * 200, any_script),  # four bytes each
    ):
        try:
            await library.book(**{column: text})
        except Refused as refusal:
            raise AssertionError(
                f"books.{column} must have room for 200 characters{script}. {refusal}"
            ) from None


@task("03.4", "year-optional", "class-of-file", "attributes", "numbered")
async def test_a_book_may_have_no_year(app: App, library: Library, samples: Samples) -> None:
    passed = a_book(samples)

    book = await app.save(app.models.book.Book(**passed))

    found = await must_be_stored(library, book, passed)
    assert found["published_year"] is None, (
        f"books.published_year must be null if no year is passed; it is {found['published_year']}."
    )


@task("03.4", "attributes", "class-of-file", "numbered")
async def test_a_book_may_have_a_year(app: App, library: Library, samples: Samples) -> None:
    passed = {**a_book(samples), "published_year": samples.year()}

    with demand("attributes"):
        book = await app.save(app.models.book.Book(**passed))

    await must_be_stored(library, book, passed)


def a_book(samples: Samples) -> dict[str, Any]:
    return {
        "isbn": samples.isbn(),
        "title": samples.title(),
        "author": samples.name(),
        "copies": samples.numbers.randint(1, 9),
    }
