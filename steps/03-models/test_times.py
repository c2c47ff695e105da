"""Task 03.7: when a row was made, and when it last changed."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from groundrules.testing import demand, task
from groundrules.testing.app import App
from groundrules.testing.library import LOAN_PERIOD, Library
from groundrules.testing.samples import Samples
from groundrules.testing.values import Row

TIMES = ("created_at", "updated_at")
A_MOMENT = 0.02  # seconds; a clock may be no finer than that
CLOCKS_DIFFER = timedelta(minutes=5)  # what the application's and the database's may

DEFAULT = """
SELECT column_default FROM information_schema.columns
WHERE table_schema = 'public' AND table_name = $1 AND column_name = $2
"""

Make = Callable[[App, Library, Samples], Awaitable[Row]]
Change = Callable[[Samples], dict[str, Any]]


async def new_user(app: App, library: Library, samples: Samples) -> Row:
    return await app.save(
        app.models.user.User(
            email=samples.email(), full_name=samples.name(), hashed_password=samples.word(60)
        )
    )


async def new_book(app: App, library: Library, samples: Samples) -> Row:
    return await app.save(
        app.models.book.Book(
            isbn=samples.isbn(), title=samples.title(), author=samples.name(), copies=1
        )
    )


async def new_loan(app: App, library: Library, samples: Samples) -> Row:
    user, book, moment = await library.user(), await library.book(), samples.moment()
    return await app.save(
        app.models.loan.Loan(
            user_id=user.id, book_id=book.id, borrowed_at=moment, due_at=moment + LOAN_PERIOD
        )
    )


def of_user(samples: Samples) -> dict[str, Any]:
    return {"full_name": samples.word(20)}


def of_book(samples: Samples) -> dict[str, Any]:
    return {"title": samples.word(20)}


def of_loan(samples: Samples) -> dict[str, Any]:
    return {"returned_at": datetime.now(UTC)}


def others_of(row: Row) -> dict[str, Any]:
    """Return a change of another column."""
    others: dict[str, dict[str, Any]] = {
        "User": {"is_active": False},
        "Book": {"copies": 7},
        "Loan": {"due_at": datetime.now(UTC) + LOAN_PERIOD},
    }
    return others[kind_of(row)]


EACH = pytest.mark.parametrize(
    ("make", "change"),
    [
        pytest.param(new_user, of_user, id="User"),
        pytest.param(new_book, of_book, id="Book"),
        pytest.param(new_loan, of_loan, id="Loan"),
    ],
)


@task("03.7", "current-time", "with-time-zone")
@EACH
async def test_a_new_row_has_both_times(
    app: App, library: Library, samples: Samples, make: Make, change: Change
) -> None:
    first = await make(app, library, samples)
    await asyncio.sleep(A_MOMENT)
    second = await make(app, library, samples)

    row = await in_table(library, first)
    later = await in_table(library, second)
    for column in TIMES:
        assert abs(row[column] - datetime.now(UTC)) < CLOCKS_DIFFER, (
            f"{column} of a new {kind_of(first)} must be the current time; it is {row[column]}."
        )
        if later[column] == row[column]:
            assert row[column].microsecond, (
                f"{column} of two rows of {kind_of(first)}, created one after the other, is the "
                "same: the time is cut to whole seconds. Keep the microseconds."
            )
            await must_be_no_text(library, first, column)
        assert later[column] > row[column], (
            f"{column} of two rows of {kind_of(first)}, created one after the other, is the "
            "same: the time must be computed for each row, not once when the module is imported."
        )


@task("03.7", "updated-at-moves", "created-at-stays")
@EACH
async def test_every_change_moves_updated_at_and_nothing_else(
    app: App, library: Library, samples: Samples, make: Make, change: Change
) -> None:
    row = await make(app, library, samples)
    before = await in_table(library, row)

    for which, changes in (("first", change(samples)), ("second", others_of(row))):
        await asyncio.sleep(A_MOMENT)
        await app.save(row, **changes)
        after = await in_table(library, row)

        name = f"{kind_of(row)}.{next(iter(changes))}"
        with demand("updated-at-moves"):
            assert after["updated_at"] > before["updated_at"], (
                f"A change of {name} must move updated_at forward; it {how_it_moves(before, after)}. "
                f"It is the {which} change of this row."
            )
        with demand("created-at-stays"):
            assert after["created_at"] == before["created_at"], (
                f"A change of {name} must not change created_at."
            )
        before = after


@task("03.7", "any-time-zone")
@EACH
async def test_the_times_are_right_wherever_clocks_stand(
    app: App, library: Library, samples: Samples, make: Make, change: Change
) -> None:
    database = library.database
    await database.execute(f"ALTER DATABASE {database.name} SET timezone TO 'Asia/Kolkata'")
    try:
        async with app.started(TZ="America/Caracas") as elsewhere:
            row = await make(elsewhere, library, samples)
            made = await in_table(library, row)
            changed = await elsewhere.save(row, **change(samples))
    finally:
        await database.execute(f"ALTER DATABASE {database.name} RESET timezone")

    found, present = await in_table(library, row), datetime.now(UTC)
    for what, shown in (
        ("new", made),
        ("new", {**made, **row.values}),
        ("changed", found),
        ("changed", {**found, **changed.values}),
    ):
        for column in TIMES:
            assert abs(shown[column].astimezone(UTC) - present) < CLOCKS_DIFFER, (
                f"With the application in one time zone and the database in another, {column} of "
                f"a {what} {kind_of(row)} must be the current time, {present}; it is "
                f"{shown[column]}. A time without a time zone is interpreted in the zone of the "
                "session: use now() in PostgreSQL, or datetime.now(UTC) in Python."
            )


@task("03.7", "readable-after-commit", "with-time-zone")
@EACH
async def test_a_new_object_can_be_read_after_the_commit(
    app: App, library: Library, samples: Samples, make: Make, change: Change
) -> None:
    row = await make(app, library, samples)

    must_show(row, await in_table(library, row), "After a new row is committed")


@task("03.7", "readable-after-commit", "with-time-zone")
@EACH
async def test_a_changed_object_can_be_read_after_the_commit(
    app: App, library: Library, samples: Samples, make: Make, change: Change
) -> None:
    row = await make(app, library, samples)
    await asyncio.sleep(A_MOMENT)

    changed = await app.save(row, **change(samples))

    must_show(changed, await in_table(library, row), "After a change is committed")


async def in_table(library: Library, row: Row) -> dict[str, Any]:
    found = await library.read(row)
    assert found is not None, f"A {kind_of(row)} that was committed is not in its table."
    for column in TIMES:
        assert found[column].tzinfo is not None, (
            f"{column} of a {kind_of(row)} has no time zone: its type must be "
            "DateTime(timezone=True)."
        )
    return found


async def must_be_no_text(library: Library, row: Row, column: str) -> None:
    """A default in quotes is a value to PostgreSQL, which it reads when the table is made."""
    text = await library.database.fetchval(DEFAULT, f"{kind_of(row).lower()}s", column)
    assert not str(text).startswith("'"), (
        f"{column} of every new {kind_of(row)} is the time at which the table was created: a "
        "default that is a string is evaluated only once, at that time. Write "
        "server_default=func.now()."
    )


def must_show(row: Row, found: dict[str, Any], when: str) -> None:
    """The object holds both times as the table has them, so that nobody needs to ask again."""
    assert row.values, (
        f"{when}, no attribute of the object can be read: the session factory in "
        "app/core/database.py needs expire_on_commit=False."
    )
    for column in TIMES:
        name = f"{kind_of(row)}.{column}"
        assert column in row.values, (
            f"{when}, `{name}` is not loaded, and reading it would send a query. With "
            "eager_defaults, values that the database computes are loaded with the statement."
        )
        shown = row.values[column]
        with demand("with-time-zone"):
            assert getattr(shown, "tzinfo", None) is not None, (
                f"{when}, `{name}` of the object has no time zone. datetime.now(UTC) has one; "
                "datetime.now() and utcnow() have none."
            )
        assert shown == found[column], (
            f"{when}, `{name}` of the object differs from the table. If a trigger changes the "
            "column, declare that in the model with server_onupdate=FetchedValue()."
        )


def how_it_moves(before: dict[str, Any], after: dict[str, Any]) -> str:
    return "stays" if after["updated_at"] == before["updated_at"] else "moves back"


def kind_of(row: Row) -> str:
    return row.class_name.rpartition(".")[2]
