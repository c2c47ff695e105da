"""Task 06.8: many at once, at the same books."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from groundrules.testing import demand, task, when_begun
from groundrules.testing.app import App
from groundrules.testing.calls import Call
from groundrules.testing.database import Database
from groundrules.testing.library import Library
from groundrules.testing.races import DONE, at_once, counted
from groundrules.testing.values import Row
from groundrules.worker.errors import Raised

LOANS_HELD = "LOCK TABLE loans IN SHARE MODE"  # all can be read, and nothing be written
BOOKS_HELD = "LOCK TABLE books IN SHARE MODE"
USERS_HELD = "LOCK TABLE users IN SHARE MODE"
TAKEN_AWAY = ("NoCopyLeft", "NotFound", "TooFewCopies", "HasOpenLoans")
LENDING = ("NoCopyLeft", "AlreadyBorrowed", "LoanLimitReached")
LOCKS = "A lock in Python works only in its own process."
COUNT = "If you lock rows, count after taking the lock, in a separate statement."


@task("06.8", "last-copy", "six-at-once", "one-book-at-once")
@when_begun
async def test_borrowers_at_the_same_time(app: App, database: Database, library: Library) -> None:
    users = [await library.user() for _ in range(4)]
    book = await library.book()
    endings = await at_once(
        database, *(borrow(app, user, book) for user in users), holding=LOANS_HELD, refusals=LENDING
    )
    with demand("last-copy"):
        assert sorted(endings) == ["NoCopyLeft"] * 3 + [DONE], (
            "When 4 users borrow the last copy at the same time, one must get it, and 3 must be "
            f"rejected with NoCopyLeft. The result was: {counted(endings)}. {COUNT}"
        )

    reader, books = await library.user(), await library.books(6)
    endings = await at_once(
        database,
        *(borrow(app, reader, each) for each in books),
        holding=LOANS_HELD,
        refusals=LENDING,
    )
    with demand("six-at-once"):
        assert sorted(endings) == ["LoanLimitReached"] + [DONE] * 5, (
            "When one user borrows 6 books at the same time, 5 must be lent, and one rejected with "
            f"LoanLimitReached. The result was: {counted(endings)}. {COUNT}"
        )

    reader, book = await library.user(), await library.book(copies=3)
    with demand("one-book-at-once"):
        endings = await at_once(
            database,
            *(borrow(app, reader, book) for _ in range(3)),
            holding=LOANS_HELD,
            refusals=LENDING,
        )
        assert sorted(endings) == ["AlreadyBorrowed"] * 2 + [DONE], (
            "When one user borrows the same book 3 times at once, one loan must be created, and 2 "
            f"calls rejected with AlreadyBorrowed. The result was: {counted(endings)}. {COUNT}"
        )


@task("06.8", "two-processes")
@when_begun
async def test_two_processes_at_the_same_time(
    app: App, database: Database, library: Library
) -> None:
    async with app.started() as other:
        await other.services.loan_service.get(loan_id=1)  # it has imported what it needs
        servers = [app, other, app, other, app, other]

        users, book = [await library.user() for _ in range(4)], await library.book()
        endings = await at_once(
            database,
            *(borrow(server, user, book) for server, user in zip(servers, users, strict=False)),
            holding=LOANS_HELD,
            refusals=LENDING,
        )
        must_be_told_apart(endings, "lend the last copy", "NoCopyLeft", 3)

        reader, books = await library.user(), await library.books(6)
        endings = await at_once(
            database,
            *(borrow(server, reader, each) for server, each in zip(servers, books, strict=True)),
            holding=LOANS_HELD,
            refusals=LENDING,
        )
        must_be_told_apart(endings, "lend six books to one user", "LoanLimitReached", 1)

        loan = await library.loan(await library.user(), book := await library.book())
        endings = await at_once(
            database,
            *(give_back(server, loan) for server in servers[:4]),
            holding=LOANS_HELD,
            refusals=["AlreadyReturned"],
        )
        must_be_told_apart(endings, "return one loan", "AlreadyReturned", 3)

        for service in ("update", "replace", "delete"):
            user, book = await library.user(), await library.book()
            what = f"a process lends the last copy of a book while another calls book_service.{service}()"
            both = [borrow(app, user, book), withdraw(other, service, book)]
            endings = await one_of_two(database, what, both, LOANS_HELD)
            must_be_one(endings, what)
        user, book = await library.user(), await library.book()
        what = "a process lends a book to a user while another calls user_service.delete()"
        both = [borrow(app, user, book), other.services.user_service.delete(user=user)]
        must_be_one(await one_of_two(database, what, both, LOANS_HELD), what)


@task("06.8", "book-taken-away", "user-taken-away")
@when_begun
async def test_nothing_is_taken_away_while_it_is_lent(
    app: App, database: Database, library: Library
) -> None:
    for service in ("update", "replace", "delete"):
        for held in (LOANS_HELD, BOOKS_HELD):
            user, book = await library.user(), await library.book()
            both = [borrow(app, user, book), withdraw(app, service, book)]
            what = f"the last copy of a book is borrowed while book_service.{service}() removes it"
            with demand("book-taken-away"):
                endings = await one_of_two(database, what, both, held)
            out, row = await library.open_loans(book), await library.read(book)
            left = 0 if row is None else row["copies"]
            with demand("book-taken-away"):
                assert (endings.count(DONE), out <= left) == (1, True), (
                    f"When {what}, one of the two must be rejected. The result was: "
                    f"{counted(endings)}, with {out} open loans of {left} copies at the end."
                )
    for held in (LOANS_HELD, USERS_HELD):
        user, book = await library.user(), await library.book()
        both = [borrow(app, user, book), app.services.user_service.delete(user=user)]
        what = "a user borrows a book while user_service.delete() deletes them"
        with demand("user-taken-away"):
            endings = await one_of_two(database, what, both, held)
        out, there = await library.open_loans(book), await library.read(user) is not None
        with demand("user-taken-away"):
            assert (endings.count(DONE), out) == (1, int(there)), (
                f"When {what}, one of the two must be rejected. The result was: {counted(endings)}, "
                f"with {out} open loans at the end."
            )


@task("06.8", "gone-at-once", "gone-meanwhile")
@when_begun
async def test_what_is_gone_meanwhile_is_not_found(
    app: App, database: Database, library: Library
) -> None:
    for service in ("user_service.delete", "user_service.update"):
        await must_find_nothing(app, database, library.user, service)
    for service in ("book_service.delete", "book_service.update", "book_service.replace"):
        await must_find_nothing(app, database, library.book, service)


@task("06.8", "returned-at-once")
@when_begun
async def test_returns_at_the_same_time(app: App, database: Database, library: Library) -> None:
    user, book = await library.user(), await library.book()
    loan = await library.loan(user, book)
    endings = await at_once(
        database,
        *(give_back(app, loan) for _ in range(3)),
        holding=LOANS_HELD,
        refusals=["AlreadyReturned"],
    )
    assert sorted(endings) == ["AlreadyReturned"] * 2 + [DONE], (
        "When one loan is returned 3 times at once, one call must return it, and 2 must be "
        f"rejected with AlreadyReturned. The result was: {counted(endings)}."
    )

    loan = await library.loan(user, book)
    both = [give_back(app, loan), borrow(app, await library.user(), book)]
    endings = await at_once(database, *both, holding=LOANS_HELD, refusals=["NoCopyLeft"])
    row = await library.read(loan)
    assert row is not None, "A returned loan must stay in the table."
    assert (endings[0], row["returned_at"] is not None) == (DONE, True), (
        "Returning a book must succeed even while another user borrows it."
    )
    assert await library.open_loans(book) == endings[1:].count(DONE), (
        "While its last copy was returned, a book was lent more often than it has copies."
    )


@task("06.8", "no-deadlock")
@when_begun
async def test_no_two_wait_for_each_other(app: App, database: Database, library: Library) -> None:
    for table in ("users", "books"):
        for what in ("give_back", "delete_user", "delete_book", "update"):
            user, book = await library.user(), await library.book(copies=2)
            loan = await library.loan(user, book)
            row = user if table == "users" else book
            meeting = opposite(app, what, user, book, loan)
            with no_deadlock(f"{meeting}"):
                await at_once(
                    database,
                    borrow(app, user, book),
                    meeting,
                    holding=f"SELECT id FROM {table} WHERE id = {row.id} FOR UPDATE",
                    refusals=["LibraryError"],
                )


@task("06.8", "book-taken-away", "last-copy", "no-deadlock")
@when_begun
async def test_a_busy_day(app: App, library: Library) -> None:
    users = [await library.user() for _ in range(4)]
    books = await library.books(3, copies=2)
    loans = [await library.loan(user, await library.book()) for user in users]
    calls = [borrow(app, user, book) for user in users for book in books]
    calls += [give_back(app, loan) for loan in loans for _ in range(2)]
    calls += [withdraw(app, "update", book) for book in books]
    library.samples.numbers.shuffle(calls)

    endings = await asyncio.gather(*map(ended, calls))

    assert endings.count("LibraryError") + endings.count(DONE) == len(calls)
    for user in users:
        assert await library.open_loans(user) <= 5, (
            "After many concurrent loans, returns and changes, a user has more than 5 books."
        )
    for book in books:
        out, row = await library.open_loans(book), await library.read(book)
        assert row is not None, "A book that nobody deleted is gone."
        assert out <= row["copies"], (
            f"After many concurrent loans, returns and changes, {out} copies are out of a book "
            f"that has {row['copies']}."
        )


@task("06.7", "gone-meanwhile")
@when_begun
async def test_a_loan_that_goes_meanwhile_is_not_found(
    app: App, database: Database, library: Library
) -> None:
    for returned in (True, False):
        loan = await library.loan(await library.user(), await library.book(), returned=returned)
        # Who does not wait for the row of a returned loan sees that it is over.
        refusals = ["NotFound", "AlreadyReturned"] if returned else ["NotFound"]
        try:
            await at_once(
                database,
                give_back(app, loan),
                holding=f"DELETE FROM loans WHERE id = {loan.id}",
                refusals=refusals,
            )
        except Raised as error:
            if not returned and "LibraryError" not in error.failure.kinds:
                continue  # no call deletes an open loan, so advisory locks need not notice
            raise Raised(
                error.failure,
                error.doing,
                instead_of="NotFound: the loan was deleted during the call",
            ) from None


async def must_find_nothing(
    app: App, database: Database, new_row: Callable[[], Awaitable[Row]], service: str
) -> None:
    for _ in range(3):  # on a busy machine a change may come before the deletion
        row = await new_row()
        table = "users" if service.startswith("user") else "books"
        endings = await at_once(
            database,
            call_of(app, service.partition(".")[0] + ".delete", row),
            call_of(app, service, row),
            holding=f"SELECT id FROM {table} WHERE id = {row.id} FOR UPDATE",
            refusals=["NotFound"],
        )
        if sorted(endings) == ["NotFound", DONE]:
            return
    raise AssertionError(
        f"When a row is deleted while {service}() waits for it, the call must be rejected with "
        f"NotFound. The result was: {counted(endings)}."
    )


def call_of(app: App, service: str, row: Row) -> Call:
    match service:
        case "user_service.delete":
            return app.services.user_service.delete(user=row)
        case "user_service.update":
            rename = app.schemas.user.UserUpdate(full_name="Somebody")
            return app.services.user_service.update(user=row, obj_in=rename)
    return withdraw(app, service.removeprefix("book_service."), row)


def must_be_told_apart(endings: list[str], what: str, refusal: str, refused: int) -> None:
    """Check how calls ended that two processes have made."""
    done = len(endings) - refused
    assert sorted(endings) == sorted([refusal] * refused + [DONE] * done), (
        f"When two processes of the application {what} at the same time, {done} of {len(endings)} "
        f"calls must succeed, and the rest be rejected with {refusal}. The result was: "
        f"{counted(endings)}. {LOCKS}"
    )


def must_be_one(endings: list[str], what: str) -> None:
    assert endings.count(DONE) == 1, (
        f"When {what}, one of the two must be rejected. The result was: {counted(endings)}. {LOCKS}"
    )


async def one_of_two(database: Database, what: str, both: list[Call], held: str) -> list[str]:
    """Return how two calls ended; the first is the one that writes into the table that is held."""
    in_order = both if held == LOANS_HELD else both[::-1]
    try:
        return await at_once(database, *in_order, holding=held, refusals=TAKEN_AWAY)
    except Raised as error:
        if "IntegrityError" not in error.failure.kinds:
            raise
        raise AssertionError(
            f"When {what}, one of the two must be rejected with {' or '.join(TAKEN_AWAY)}; "
            f"{error.doing} raised IntegrityError."
        ) from None


@contextmanager
def no_deadlock(meeting: str) -> Iterator[None]:
    try:
        yield
    except Raised as error:
        if "deadlock" not in error.failure.message:
            raise
        raise AssertionError(
            f"loan_service.borrow() and {meeting.removeprefix('app.services.')}, called for the "
            "same user and book, deadlock, and PostgreSQL aborts one of them: lock rows in the "
            "same order everywhere, users before books before loans."
        ) from None


async def ended(call: Awaitable[Any]) -> str:
    try:
        await call
    except Raised as error:
        if "LibraryError" not in error.failure.kinds:
            raise Raised(error.failure, error.doing, instead_of="a LibraryError") from None
        return "LibraryError"
    return DONE


def borrow(app: App, user: Row, book: Row) -> Call:
    return app.services.loan_service.borrow(user=user, book_id=book.id)


def give_back(app: App, loan: Row) -> Call:
    return app.services.loan_service.give_back(loan=loan)


def withdraw(app: App, service: str, book: Row) -> Call:
    """Take the copies of a book away, in one of three ways."""
    if service == "delete":
        return app.services.book_service.delete(book=book)
    if service == "update":
        obj_in = app.schemas.book.BookUpdate(copies=0)
        return app.services.book_service.update(book=book, obj_in=obj_in)
    whole = {"isbn": book.isbn, "title": book.title, "author": book.author, "copies": 0}
    obj_in = app.schemas.book.BookCreate(**whole)
    return app.services.book_service.replace(book=book, obj_in=obj_in)


def opposite(app: App, what: str, user: Row, book: Row, loan: Row) -> Call:
    """Return what may meet a loan of the same user and book half-way."""
    if what == "give_back":
        return give_back(app, loan)
    if what == "delete_user":
        return app.services.user_service.delete(user=user)
    return withdraw(app, what.removesuffix("_book"), book)
