"""Tasks 03.5 and 03.6: loans belong to a user and a book, and only one of both is open."""

from datetime import timedelta
from typing import Any

import pytest

from groundrules.testing import task
from groundrules.testing.app import App
from groundrules.testing.attributes import must_be_stored
from groundrules.testing.database import Refused
from groundrules.testing.library import LOAN_PERIOD, Library
from groundrules.testing.samples import Samples
from groundrules.testing.values import Row

UNIQUE = ("23505", "23P01")  # unique_violation; exclusion_violation, which does the same
FOREIGN_KEY = "23503"


@task("03.5", "loan-created", "class-of-file", "attributes", "numbered", "foreign-keys")
async def test_a_loan_is_of_a_user_and_a_book(app: App, library: Library, samples: Samples) -> None:
    *_, user = [await library.user() for _ in range(5)]
    *_, book = await library.books(3)
    await library.database.execute("DELETE FROM users WHERE id <> $1", user.id)
    borrowed_at = samples.moment()
    passed = {
        "user_id": user.id,
        "book_id": book.id,
        "borrowed_at": borrowed_at,
        "due_at": borrowed_at + LOAN_PERIOD,
    }

    loan = await app.save(app.models.loan.Loan(**passed))

    found = await must_be_stored(library, loan, passed)
    assert found["returned_at"] is None, (
        f"loans.returned_at must be null if it is not passed; it is {found['returned_at']}."
    )


@task("03.5", "attributes", "class-of-file")
async def test_a_loan_has_the_time_of_its_return(
    app: App, library: Library, samples: Samples
) -> None:
    user, book, moment = await library.user(), await library.book(), samples.moment()
    loan = await app.save(
        app.models.loan.Loan(
            user_id=user.id, book_id=book.id, borrowed_at=moment, due_at=moment + LOAN_PERIOD
        )
    )
    returned = {"returned_at": moment + timedelta(days=1)}

    await app.save(loan, **returned)

    await must_be_stored(library, loan, returned)


@task("03.5", "foreign-keys")
@pytest.mark.parametrize("kind", ["user", "book"])
async def test_a_loan_of_nobody_or_nothing_is_refused(library: Library, kind: str) -> None:
    user, book = await library.user(), await library.book()
    await library.loan(user, book)
    unknown: dict[str, Any] = {f"{kind}_id": 987_654}

    with library.database.refuses(
        FOREIGN_KEY,
        message=f"PostgreSQL accepts a loan of a {kind} that does not exist: loans.{kind}_id "
        f"must be a foreign key to {kind}s.id.",
    ):
        await library.loan(await library.user(), await library.book(), **unknown)


@task("03.6", "one-open-loan")
async def test_a_second_open_loan_of_a_book_is_refused(library: Library) -> None:
    user, book = await library.user(), await library.book(copies=2)
    await library.loan(user, book)

    await must_be_refused(library, user, book, "while the first is open")


@task("03.6", "one-open-loan", "borrowed-again")
async def test_it_is_refused_after_others_that_were_returned(library: Library) -> None:
    user, book = await library.user(), await library.book(copies=2)
    for _ in range(2):
        await may_borrow(library, user, book, "who has returned a book", returned=True)
    await may_borrow(library, user, book, "who has returned a book")

    await must_be_refused(library, user, book, "while another is open")


@task("03.6", "borrowed-again")
async def test_who_has_brought_a_book_back_may_borrow_it_again(library: Library) -> None:
    user, book = await library.user(), await library.book()
    loan = await library.loan(user, book)
    returned_at = loan.borrowed_at + timedelta(days=1)
    await library.database.execute("UPDATE loans SET returned_at = $1", returned_at)

    await may_borrow(library, user, book, "who has returned a book")

    assert await library.open_loans(user) == 1


@task("03.6", "two-users")
async def test_two_users_may_have_one_book(library: Library) -> None:
    book = await library.book(copies=2)
    await library.loan(await library.user(), book)

    await may_borrow(library, await library.user(), book, "who finds another copy of a lent book")


@task("03.6", "two-books")
async def test_one_user_may_have_two_books(library: Library) -> None:
    user = await library.user()
    await library.loan(user, await library.book())

    await may_borrow(library, user, await library.book(), "who has another book")


async def must_be_refused(library: Library, user: Row, book: Row, when: str) -> None:
    with library.database.refuses(
        *UNIQUE,
        message=f"PostgreSQL accepts a second loan of the same book by the same user {when}: it "
        "must be rejected, by a unique index on both columns for open loans.",
    ):
        await library.loan(user, book)


async def may_borrow(
    library: Library, user: Row, book: Row, who: str, *, returned: bool = False
) -> None:
    try:
        await library.loan(user, book, returned=returned)
    except Refused as refusal:
        if refusal.constraint is None:
            raise
        raise AssertionError(
            f"A user {who} must be able to borrow it; the constraint {refusal.constraint} "
            "prevents it."
        ) from None
