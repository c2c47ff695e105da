"""Task 05.7: loans."""

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from groundrules.testing import task
from groundrules.testing.app import App
from groundrules.testing.library import Library
from groundrules.testing.samples import Samples
from groundrules.testing.values import Record

LARGEST = 2**63 - 1
IDS = ["id", "user_id", "book_id"]
MOMENTS = ["borrowed_at", "due_at", "created_at", "updated_at"]


@task("05.7", "book-id")
async def test_a_loan_says_which_book(app: App, samples: Samples) -> None:
    for number in (1, samples.numbers.randint(2, 10_000), LARGEST):
        with app.accepts(f"The book_id {number}"):
            loan = await app.schemas.loan.LoanCreate(book_id=number)
        assert loan.book_id == number, (
            f"The book_id {number} must stay as it is; it becomes {loan.book_id!r}."
        )


@task("05.7", "book-id")
async def test_what_is_no_id_is_refused(app: App) -> None:
    for wrong in (0, -1, LARGEST + 1, 10**30, None, 1.5, "a book", [1]):
        with app.refuses(
            "ValidationError",
            field="book_id",
            message=f"The book_id {wrong!r} must be rejected, but LoanCreate accepts it.",
        ):
            await app.schemas.loan.LoanCreate(book_id=wrong)


@task("05.7", "book-id")
async def test_a_loan_of_no_book_is_refused(app: App) -> None:
    with app.refuses(
        "ValidationError",
        field="book_id",
        message="A loan without book_id must be rejected, but LoanCreate accepts it.",
    ):
        await app.schemas.loan.LoanCreate()


@task("05.7", "unknown-fields", "book-id")
@pytest.mark.parametrize("field", ["user_id", "due_at", "returned_at", "borrowed_at", "id"])
async def test_nobody_decides_more_than_which_book(app: App, samples: Samples, field: str) -> None:
    value: Any = 1 if field.endswith("id") else samples.moment()

    with app.refuses(
        "ValidationError",
        field=field,
        message=f"A loan with {field} must be rejected, but LoanCreate accepts it.",
    ):
        await app.schemas.loan.LoanCreate(book_id=1, **{field: value})


@task("05.7", "unknown-fields")
async def test_the_book_has_one_name(app: App) -> None:
    for field in ("bookId", "book", "id"):
        with app.refuses(
            "ValidationError",
            message=f"A loan with {field} must be rejected, but LoanCreate accepts it.",
        ):
            await app.schemas.loan.LoanCreate(**{field: 1})


@task("05.7", "loan-response", "loan-like-user")
async def test_an_answer_is_made_of_a_row(app: App, library: Library) -> None:
    row = await library.loan(await library.user(), await library.book())

    with app.accepts("A row of loans"):
        answer = await app.schemas.loan.LoanResponse.model_validate(row)

    for field in IDS:
        found = getattr(answer, field)
        assert found == getattr(row, field), (
            f"LoanResponse must have the row's {field}, {getattr(row, field)}, not {found!r}."
        )
    for field in MOMENTS:
        must_be_the_moment(field, getattr(answer, field), getattr(row, field))
    assert answer.returned_at is None, (
        f"While a book is out, returned_at must be null, not {answer.returned_at!r}."
    )


@task("05.7", "loan-like-user")
async def test_an_answer_is_made_of_any_object_with_these_attributes(
    app: App, samples: Samples
) -> None:
    loan: dict[str, Any] = {name: samples.numbers.randint(1, LARGEST) for name in IDS}
    loan |= {name: samples.moment() for name in (*MOMENTS, "returned_at")}

    with app.accepts("An object with a loan's attributes"):
        answer = await app.schemas.loan.LoanResponse.model_validate(Record(**loan))

    for field in IDS:
        found = getattr(answer, field)
        assert found == loan[field], (
            f"LoanResponse must have the object's {field}, {loan[field]}, not {found!r}."
        )
    for field in (*MOMENTS, "returned_at"):
        must_be_the_moment(field, getattr(answer, field), loan[field])


@task("05.7", "loan-response", "loan-like-user")
async def test_an_answer_says_when_a_book_came_back(app: App, library: Library) -> None:
    row = await library.loan(await library.user(), await library.book(), returned=True)

    with app.accepts("A row of a loan that is over"):
        answer = await app.schemas.loan.LoanResponse.model_validate(row)

    must_be_the_moment("returned_at", answer.returned_at, row.returned_at)


@task("05.7", "loan-like-user")
async def test_moments_of_another_time_zone_stay_the_same(app: App, samples: Samples) -> None:
    zone = timezone(timedelta(hours=samples.numbers.randint(1, 11)))
    loan: dict[str, Any] = {name: samples.numbers.randint(1, LARGEST) for name in IDS}
    loan |= {name: samples.moment().astimezone(zone) for name in (*MOMENTS, "returned_at")}
    response = app.schemas.loan.LoanResponse

    shown = json.loads(await response.model_dump_json(response.model_validate(Record(**loan))))

    for field in (*MOMENTS, "returned_at"):
        must_be_the_moment(field, shown.get(field), loan[field])


@task("05.7", "loan-like-user")
async def test_an_answer_can_be_read_again(app: App, library: Library) -> None:
    response = app.schemas.loan.LoanResponse
    row = await library.loan(await library.user(), await library.book(), returned=True)

    text = await response.model_dump_json(response.model_validate(row))
    with app.accepts("The JSON of a LoanResponse"):
        again = await response.model_validate_json(text)

    assert again.fields == json.loads(text), (
        "A LoanResponse that is created from its own JSON must be equal to the first."
    )


def must_be_the_moment(field: str, text: Any, moment: datetime) -> None:
    assert text is not None, f"LoanResponse must have a field {field}."
    assert isinstance(text, str), f"LoanResponse must show {field} as a string; it shows {text!r}."
    shown = datetime.fromisoformat(text)
    assert shown.tzinfo is not None, (
        f"LoanResponse must show {field} with its time zone; it shows {text!r}."
    )
    assert abs(shown - moment) < timedelta(seconds=1), (
        f"LoanResponse must show {field} as it is, {moment.isoformat()}; it shows {text!r}."
    )
