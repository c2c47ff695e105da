"""Task 06.6: borrowing."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from groundrules.testing import demand, task, waits
from groundrules.testing.app import App
from groundrules.testing.calls import Call
from groundrules.testing.library import Library
from groundrules.testing.refused import must_be_refused, must_go_on
from groundrules.testing.returned import as_answer, fail_after
from groundrules.testing.values import Row

A_MOMENT = timedelta(minutes=1)  # a busy machine may be late


@task("06.6", "loan-made", "committed", "readable")
async def test_a_user_borrows_a_book(app: App, library: Library) -> None:
    user, book = await library.user(), await library.book()

    with app.accepts("The loan of a book with a copy left"):
        told = await as_answer(app.schemas.loan.LoanResponse, borrow(app, user, book))

    found = await library.database.fetch("SELECT * FROM loans")
    assert len(found) == 1, (
        f"loan_service.borrow() must add one row to loans and commit; there are {len(found)}."
    )
    assert told.id == found[0]["id"], "loan_service.borrow() must return the loan that it created."
    who = (found[0]["user_id"], found[0]["book_id"])
    assert who == (user.id, book.id), (
        f"The loan must have user_id {user.id} and book_id {book.id}, not {who[0]} and {who[1]}."
    )
    assert found[0]["returned_at"] is None, "A new loan is open: returned_at must be null."


@task("06.6", "loan-times", "loan-period", "loan-time-zones")
async def test_a_loan_begins_now_and_lasts_21_days(app: App, library: Library) -> None:
    async with app.started(TZ="Asia/Kolkata") as elsewhere:
        for server in (app, elsewhere):
            loan = await borrow(server, await library.user(), await library.book())
            row = await library.read(loan)
            assert row is not None, "loan_service.borrow() must commit."
            now = await library.database.fetchval("SELECT clock_timestamp()")
            with demand("loan-times"):
                assert abs(row["borrowed_at"] - now) < A_MOMENT, (
                    "borrowed_at must be the current time, whatever the server's time zone: "
                    f"{now.isoformat()}, not {row['borrowed_at'].isoformat()}."
                )
            lasts = row["due_at"] - row["borrowed_at"]
            with demand("loan-period"):
                assert lasts == timedelta(days=21), (
                    f"A loan must be due after 21 days, not after {lasts / timedelta(days=1):g}."
                )
            with demand("loan-time-zones"):
                for name in ("borrowed_at", "due_at"):
                    must_have_a_zone(name, getattr(loan, name))


@task("06.6", "loan-times")
@waits
async def test_each_loan_begins_when_it_is_made(app: App, library: Library) -> None:
    begun = []
    for pause in (1.1, 0):  # some keep whole seconds
        loan = await borrow(app, await library.user(), await library.book())
        row = await library.read(loan)
        assert row is not None, "loan_service.borrow() must commit."
        begun.append(row["borrowed_at"])
        await asyncio.sleep(pause)

    assert begun[1] > begun[0], (
        f"Two loans, created a second apart, both begin at {begun[0].isoformat()}: get the time "
        "at each call of borrow(), not once."
    )


@task("06.6", "committed", "loan-made")
async def test_a_loan_stays_whatever_happens_next(app: App, library: Library) -> None:
    user, book = await library.user(), await library.book()

    await fail_after(app, borrow(app, user, book))

    assert await library.open_loans() == 1, (
        "loan_service.borrow() must commit: an error later in the same request undid it."
    )


@task("06.6", "no-such-book")
async def test_a_book_that_is_not_there_cannot_be_borrowed(app: App, library: Library) -> None:
    user, book = await library.user(), await library.book()

    with app.refuses(
        "NotFound", message="The loan of a book that does not exist must be rejected."
    ):
        await app.services.loan_service.borrow(user=user, book_id=book.id + 1000)


@task("06.6", "no-copy-left", "returned-not-counted", "counted-in-the-table", "rejected")
async def test_as_many_copies_are_lent_as_there_are(app: App, library: Library) -> None:
    book = await library.book(copies=2)
    await library.loan(await library.user(), book, returned=True)
    await library.loan(await library.user(), book)

    with app.accepts(
        "The loan of the second of two copies, when a third loan is already returned,"
    ):
        await borrow(app, await library.user(), book)
    with app.refuses(
        "NoCopyLeft",
        message="A third loan of two copies must be rejected. The first was inserted with SQL: count "
        "the loans in the table.",
    ):
        await borrow(app, await library.user(), book)
    with app.refuses("NoCopyLeft", message="A loan of a book of 0 copies must be rejected."):
        await borrow(app, await library.user(), await library.book(copies=0))

    assert await library.open_loans() == 2, "A loan that is rejected must add no row."


@task("06.6", "already-borrowed", "returned-not-counted", "counted-in-the-table")
async def test_a_user_has_one_copy_of_a_book(app: App, library: Library) -> None:
    user, book = await library.user(), await library.book(copies=5)
    await library.loan(user, book, returned=True)

    with app.accepts("The loan of a book that the user has returned"):
        await borrow(app, user, book)
    with app.refuses(
        "AlreadyBorrowed", message="A second copy for the same user must be rejected."
    ):
        await borrow(app, user, book)
    with app.accepts("The loan of the same book to another user"):
        await borrow(app, await library.user(), book)


@task("06.6", "five-loans", "returned-not-counted", "counted-in-the-table")
async def test_a_user_has_five_books_at_most(app: App, library: Library) -> None:
    user = await library.user()
    for book in await library.books(4):
        await library.loan(user, book)
    for book in await library.books(2):
        await library.loan(user, book, returned=True)
        await library.loan(await library.user(), book)
    for _ in range(10):
        await library.loan(user, book, returned=True)

    with app.accepts("The fifth open loan of a user who has returned twelve books"):
        await borrow(app, user, await library.book())
    with app.refuses("LoanLimitReached", message="The sixth open loan of a user must be rejected."):
        await borrow(app, user, await library.book())

    assert await library.open_loans(user) == 5, "The user must end up with 5 open loans."


@task("06.6", "librarians-too")
async def test_a_librarian_borrows_as_everybody_does(app: App, library: Library) -> None:
    librarian = await library.librarian()
    for book in await library.books(5):
        await library.loan(librarian, book)

    with app.refuses(
        "LoanLimitReached", message="The limit of five books applies to librarians too."
    ):
        await borrow(app, librarian, await library.book())


@task(
    "06.6",
    "usable-afterwards",
    "not-written-later",
    "no-copy-left",
    "already-borrowed",
    "five-loans",
)
@pytest.mark.parametrize("refusal", ["NoCopyLeft", "AlreadyBorrowed", "LoanLimitReached"])
async def test_after_a_refusal_the_session_can_be_used(
    app: App, library: Library, refusal: str
) -> None:
    user, other = await library.user(), await library.user()
    wanted, book = (
        await library.book(copies=0 if refusal == "NoCopyLeft" else 2),
        await library.book(),
    )
    had = {"NoCopyLeft": 0, "AlreadyBorrowed": 1, "LoanLimitReached": 5}[refusal]
    for lent in [wanted] if had == 1 else await library.books(had):
        await library.loan(user, lent)

    refused, made = await app.in_one_session(borrow(app, user, wanted), borrow(app, other, book))

    called = "loan_service.borrow()"
    broken = {"NoCopyLeft": "no-copy-left", "AlreadyBorrowed": "already-borrowed"}
    with demand(broken.get(refusal, "five-loans")):
        must_be_refused(refused, refusal, "A loan that breaks the rules of lending")
    must_go_on(made, refusal, called)
    with demand("usable-afterwards"):
        assert await library.open_loans(other) == 1, (
            f"After {called} has raised {refusal}, the next loan in the same session must be committed."
        )
    with demand("not-written-later"):
        assert await library.open_loans(user) == had, (
            f"The change that {called} rejected with {refusal} was written by the next call in the "
            "same session: add nothing before all checks are done, or roll back before you raise."
        )


@task("06.6", "loan-or-none")
async def test_a_loan_is_found_by_id(app: App, library: Library) -> None:
    loan = await library.loan(await library.user(), await library.book())

    found = await app.services.loan_service.get(loan_id=loan.id)
    none = await app.services.loan_service.get(loan_id=loan.id + 1000)

    assert getattr(found, "id", None) == loan.id, (
        f"loan_service.get() must return the loan with that id, not {found!r}."
    )
    assert none is None, (
        f"loan_service.get() must return None if there is no such loan, not {none!r}."
    )


def borrow(app: App, user: Row, book: Row) -> Call:
    return app.services.loan_service.borrow(user=user, book_id=book.id)


def must_have_a_zone(name: str, moment: Any) -> None:
    assert getattr(moment, "tzinfo", None) is not None, (
        f"The loan that loan_service.borrow() returns must have a {name} with a time zone, not "
        f"{moment!r}."
    )
