"""Task 05.5: a book comes in."""

from typing import Any

import pytest

from groundrules.testing import demand, task
from groundrules.testing.app import App
from groundrules.testing.samples import Samples
from groundrules.worker.errors import Raised

TEXTS = ["title", "author"]
REQUIRED = ["isbn", "title", "author", "copies"]
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


@pytest.fixture
def book(samples: Samples) -> dict[str, Any]:
    return {
        "isbn": samples.isbn(),
        "title": samples.title(),
        "author": samples.name(),
        "published_year": samples.year(),
        "copies": samples.numbers.randint(1, 9),
    }


@task("05.5", "isbn-digits", "book-texts", "year", "copies")
async def test_a_book_is_accepted_as_it_is(app: App, book: dict[str, Any]) -> None:
    with app.accepts("A book with all its fields"):
        taken = await app.schemas.book.BookCreate(**book)

    for field, value in book.items():
        found = getattr(taken, field)
        assert found == value, f"The {field} {value!r} must stay as it is; it becomes {found!r}."


@task("05.5", "book-texts")
async def test_a_text_may_contain_any_sign(app: App, book: dict[str, Any]) -> None:
    for text in (
        "C++ < Rust > C",
        "Q&A",
        "Isn't It",
        'Say "Yes"',
        "50 %",
        "AC/DC",
        "C:\\Books",
        "№ 5 – 語",
    ):
        with app.accepts(f"The title {text!r}"):
            taken = await app.schemas.book.BookCreate(**{**book, "title": text})
        assert taken.title == text, (
            f"The title {text!r} must stay as it is; it becomes {taken.title!r}."
        )


@task("05.5", "year-optional")
async def test_the_year_need_not_be_known(app: App, book: dict[str, Any]) -> None:
    for fields in ({**book, "published_year": None}, without(book, "published_year")):
        with app.accepts("A book without a published_year, or with null for it,"):
            taken = await app.schemas.book.BookCreate(**fields)
        assert taken.published_year is None, (
            f"An unknown published_year must be null, not {taken.published_year!r}."
        )


@task("05.5", "book-required")
@pytest.mark.parametrize("field", REQUIRED)
async def test_every_other_field_must_be_given(app: App, book: dict[str, Any], field: str) -> None:
    for fields in (without(book, field), {**book, field: None}):
        what = "null" if field in fields else "not given"
        await must_refuse(app, fields, field, f"A book whose {field} is {what}")


@task("05.5", "unknown-fields")
async def test_any_other_field_is_refused(app: App, book: dict[str, Any], samples: Samples) -> None:
    for field in ("id", "available", samples.word()):
        await must_refuse(app, {**book, field: 1}, field, f"A book with a field `{field}`")


@task("05.5", "isbn-hyphens", "isbn-checksum", "isbn-digits")
async def test_an_isbn_is_stored_without_hyphens(
    app: App, book: dict[str, Any], samples: Samples
) -> None:
    for isbn in (samples.isbn(), samples.isbn(), samples.isbn("979")):
        for written in (isbn, hyphenated(isbn), f"{isbn[:3]}-{isbn[3:]}"):
            with app.accepts(f"The ISBN {written}"):
                taken = await app.schemas.book.BookCreate(**{**book, "isbn": written})
            assert taken.isbn == isbn, (
                f"The ISBN {written} must become {isbn}; it becomes {taken.isbn!r}."
            )


@task("05.5", "isbn-checksum")
async def test_each_digit_can_be_the_check_digit(
    app: App, book: dict[str, Any], samples: Samples
) -> None:
    for isbn in samples.isbns_of_each_check_digit():
        with app.accepts(f"The ISBN {isbn}, whose check digit is {isbn[-1]},"):
            await app.schemas.book.BookCreate(**{**book, "isbn": isbn})


@task("05.5", "isbn-checksum")
async def test_a_wrong_check_digit_is_refused(
    app: App, book: dict[str, Any], samples: Samples
) -> None:
    for isbn in (samples.isbn(), samples.isbn("979")):
        for last in set("0123456789") - {isbn[-1]}:
            wrong = isbn[:-1] + last
            await must_refuse(
                app,
                {**book, "isbn": wrong},
                "isbn",
                f"The ISBN {wrong}, whose check digit is {isbn[-1]},",
            )


@task("05.5", "isbn-checksum")
async def test_a_digit_that_is_mistyped_is_noticed(
    app: App, book: dict[str, Any], samples: Samples
) -> None:
    isbn = samples.isbn(samples.numbers.choice(("978", "979")))
    for place in range(3, 12):
        other = str((int(isbn[place]) + samples.numbers.randint(1, 9)) % 10)
        wrong = isbn[:place] + other + isbn[place + 1 :]
        await must_refuse(
            app, {**book, "isbn": wrong}, "isbn", f"The ISBN {wrong}, mistyped for {isbn},"
        )


@task("05.5", "isbn-others", "isbn-scripts", "isbn-digits")
async def test_what_has_not_13_digits_is_refused(
    app: App, book: dict[str, Any], samples: Samples
) -> None:
    isbn = samples.isbn()
    wrong = {
        "An empty ISBN": "",
        "An ISBN of hyphens only": "-" * 13,
        f"The ISBN {isbn}0, of 14 digits,": isbn + "0",
        "An ISBN of 12 digits": shortened(isbn),
        "An older ISBN, with 10 digits,": ten_digits(isbn[3:12]),
        "An ISBN with a letter in it": isbn[:6] + "x" + isbn[7:],
        "An ISBN with a NUL": isbn + "\0",
        "An ISBN in Arabic digits": isbn.translate(ARABIC),
        "An ISBN in full-width digits": isbn.translate(WIDE),
    }

    for what, value in wrong.items():
        with demand(
            "isbn-scripts" if "in Arabic" in what or "full-width" in what else "isbn-others"
        ):
            await must_refuse(app, {**book, "isbn": value}, "isbn", what)


@task("05.5", "isbn-digits")
async def test_nothing_but_13_digits_is_ever_stored(app: App, book: dict[str, Any]) -> None:
    isbn = book["isbn"]
    for written in (f"{isbn}\n", f" {isbn}", f"{hyphenated(isbn)}\n"):
        try:
            taken = await app.schemas.book.BookCreate(**{**book, "isbn": written})
        except Raised:
            continue  # to refuse it is right too
        assert taken.isbn == isbn, (
            f"The ISBN {written!r} may be rejected, or become {isbn!r}; it becomes {taken.isbn!r}."
        )


@task("05.5", "book-texts", "text-length", "text-stripped")
@pytest.mark.parametrize("field", TEXTS)
async def test_a_text_has_1_to_200_characters(
    app: App, book: dict[str, Any], samples: Samples, field: str
) -> None:
    fits = "é" + samples.word(199)

    with app.accepts(f"A text of 200 characters for the {field}"):
        taken = await app.schemas.book.BookCreate(**{**book, field: f" {fits} "})
    assert getattr(taken, field) == fits, f"Spaces around the {field} must be stripped."
    with app.accepts(f"A text of one character for the {field}"):
        await app.schemas.book.BookCreate(**{**book, field: "Q"})
    await must_refuse(
        app, {**book, field: fits + "x"}, field, f"A text of 201 characters for the {field}"
    )


@task("05.5", "book-texts")
@pytest.mark.parametrize("field", TEXTS)
async def test_a_text_may_have_any_characters(app: App, book: dict[str, Any], field: str) -> None:
    for text in (
        "C++, and «Zen» & more: 1/2 (no. 3)!",
        "罪と罰",
        "E. & J. de Goncourt; trad. #2",
        "1984",
    ):
        with app.accepts(f"The {field} {text!r}"):
            taken = await app.schemas.book.BookCreate(**{**book, field: text})
        assert getattr(taken, field) == text, (
            f"The {field} {text!r} must stay as it is; it becomes {getattr(taken, field)!r}."
        )


@task("05.5", "book-texts", "text-stripped")
@pytest.mark.parametrize("field", TEXTS)
async def test_a_blank_text_is_refused(app: App, book: dict[str, Any], field: str) -> None:
    for value in ("", "  ", "\t\n"):
        await must_refuse(app, {**book, field: value}, field, f"The {field} {value!r}")


@task("05.5", "book-texts", "text-nul")
@pytest.mark.parametrize("field", TEXTS)
async def test_a_text_with_a_nul_is_refused(app: App, book: dict[str, Any], field: str) -> None:
    value = book[field]
    for wrong in (f"{value}\0", f"{value[:3]}\0{value[3:]}"):
        await must_refuse(app, {**book, field: wrong}, field, f"The {field} {wrong!r}")


@task("05.5", "year")
async def test_a_year_lies_between_1_and_9999(app: App, book: dict[str, Any]) -> None:
    for year in (1, 9999):
        with app.accepts(f"The published_year {year}"):
            await app.schemas.book.BookCreate(**{**book, "published_year": year})
    for wrong in (0, -1, 10_000, 2**63, 1999.5, "soon"):
        await must_refuse(
            app,
            {**book, "published_year": wrong},
            "published_year",
            f"The published_year {wrong!r}",
        )


@task("05.5", "copies")
async def test_copies_lie_between_0_and_a_million(app: App, book: dict[str, Any]) -> None:
    for copies in (0, 1_000_000):
        with app.accepts(f"The number {copies} of copies"):
            await app.schemas.book.BookCreate(**{**book, "copies": copies})
    for wrong in (-1, 1_000_001, 2**63, 1.5, "many"):
        await must_refuse(
            app, {**book, "copies": wrong}, "copies", f"The number {wrong!r} of copies"
        )


def without(book: dict[str, Any], field: str) -> dict[str, Any]:
    return {name: value for name, value in book.items() if name != field}


def hyphenated(isbn: str) -> str:
    return "-".join((isbn[:3], isbn[3], isbn[4:7], isbn[7:12], isbn[12]))


def shortened(isbn: str) -> str:
    """Return 12 digits whose weighted sum is that of an ISBN, as a check of the sum alone takes it."""
    first = isbn[:11]
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(first))
    return first + next(str(last) for last in range(10) if (total + 3 * last) % 10 == 0)


def ten_digits(digits: str) -> str:
    """Return the ISBN-10 that begins with these nine digits."""
    total = sum(int(digit) * (10 - place) for place, digit in enumerate(digits))
    last = -total % 11
    return digits + ("X" if last == 10 else str(last))


async def must_refuse(app: App, fields: dict[str, Any], field: str, what: str) -> None:
    with app.refuses(
        "ValidationError",
        field=field,
        message=f"{what} must be rejected, but BookCreate accepts it.",
    ):
        await app.schemas.book.BookCreate(**fields)
