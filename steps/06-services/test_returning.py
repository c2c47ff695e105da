"""Task 06.7: giving back, and whose loans are listed."""

import asyncio
from datetime import timedelta

from groundrules.testing import demand, task, waits
from groundrules.testing.app import App
from groundrules.testing.calls import Call
from groundrules.testing.library import Library
from groundrules.testing.refused import must_be_refused, must_go_on
from groundrules.testing.returned import as_answer, fail_after
from groundrules.testing.values import Row

A_MOMENT = timedelta(minutes=1)  # a busy machine may be late


@task("06.7", "returned-now", "committed", "readable")
async def test_a_book_is_given_back(app: App, library: Library) -> None:
    user, book = await library.user(), await library.book()
    loan = await library.loan(user, book)

    with app.accepts("The return of a borrowed book"):
        told = await as_answer(app.schemas.loan.LoanResponse, give_back(app, loan))

    row = await library.read(loan)
    assert row is not None, "A returned loan must stay in the table."
    assert row["returned_at"] is not None, (
        "loan_service.give_back() must set returned_at, and commit."
    )
    now = await library.database.fetchval("SELECT clock_timestamp()")
    assert abs(row["returned_at"] - now) < A_MOMENT, (
        f"returned_at must be the current time, {now.isoformat()}, not "
        f"{row['returned_at'].isoformat()}."
    )
    assert told.returned_at is not None, "loan_service.give_back() must return the changed loan."
    assert (row["borrowed_at"], row["due_at"]) == (loan.borrowed_at, loan.due_at), (
        "loan_service.give_back() must not change borrowed_at and due_at."
    )


@task("06.7", "returned-now")
async def test_a_return_has_a_time_zone(app: App, library: Library) -> None:
    async with app.started(TZ="Asia/Kolkata") as elsewhere:
        for server in (app, elsewhere):
            loan = await library.loan(await library.user(), await library.book())
            returned = (await give_back(server, loan)).returned_at
            assert getattr(returned, "tzinfo", None) is not None, (
                "The loan that loan_service.give_back() returns must have a returned_at with a "
                f"time zone, not {returned!r}: without one, it means another time on a server "
                "elsewhere."
            )
            row = await library.read(loan)
            assert row is not None, "A returned loan must stay in the table."
            now = await library.database.fetchval("SELECT clock_timestamp()")
            assert abs(row["returned_at"] - now) < A_MOMENT, (
                "returned_at must be the current time, whatever the server's time zone: "
                f"{now.isoformat()}, not {row['returned_at'].isoformat()}."
            )


@task("06.7", "committed", "returned-now")
async def test_a_return_stays_whatever_happens_next(app: App, library: Library) -> None:
    loan = await library.loan(await library.user(), await library.book())

    await fail_after(app, give_back(app, loan))

    assert await library.open_loans() == 0, (
        "loan_service.give_back() must commit: an error later in the same request undid it."
    )


@task("06.7", "returned-once", "rejected")
async def test_a_book_is_given_back_once(app: App, library: Library) -> None:
    loan = await library.loan(await library.user(), await library.book(), returned=True)

    with app.refuses("AlreadyReturned", message="A second return of one loan must be rejected."):
        await give_back(app, loan)

    row = await library.read(loan)
    assert row is not None, "A returned loan must stay in the table."
    assert row["returned_at"] == loan.returned_at, "A rejected return must not change returned_at."


@task("06.7", "returned-now")
@waits
async def test_each_return_has_its_own_moment(app: App, library: Library) -> None:
    user, moments = await library.user(), []
    for pause in (1.1, 0):  # some keep whole seconds
        loan = await library.loan(user, await library.book())
        await give_back(app, loan)
        row = await library.read(loan)
        assert row is not None, "A returned loan must stay in the table."
        moments.append(row["returned_at"])
        await asyncio.sleep(pause)

    assert moments[1] > moments[0], (
        f"Two returns, a second apart, both have the returned_at {moments[0].isoformat()}: get "
        "the time at each call of give_back(), not once."
    )


@task("06.7", "usable-afterwards", "not-written-later", "returned-once")
async def test_after_a_refusal_the_session_can_be_used(app: App, library: Library) -> None:
    user, book = await library.user(), await library.book(copies=2)
    over = await library.loan(user, book, returned=True)
    loan = await library.loan(user, book)

    refused, made = await app.in_one_session(give_back(app, over), give_back(app, loan))

    with demand("returned-once"):
        must_be_refused(refused, "AlreadyReturned", "A second return of one loan")
    must_go_on(made, "AlreadyReturned", "loan_service.give_back()")
    with demand("usable-afterwards"):
        assert await library.open_loans(user) == 0, (
            "After loan_service.give_back() has raised AlreadyReturned, the next return in the same session "
            "must be committed."
        )
    row = await library.read(over)
    assert row is not None, "A returned loan must stay in the table."
    with demand("not-written-later", "returned-once"):
        assert row["returned_at"] == over.returned_at, (
            "The change that loan_service.give_back() rejected with AlreadyReturned was written by "
            "the next call in the same session: set nothing before all checks are done, or roll back "
            "before you raise."
        )


@task("06.7", "returned-now")
async def test_only_that_loan_is_over(app: App, library: Library) -> None:
    user, book = await library.user(), await library.book(copies=2)
    loan = await library.loan(user, book)
    await library.loan(user, await library.book())
    await library.loan(await library.user(), book)

    await give_back(app, loan)

    assert await library.open_loans() == 2, (
        "loan_service.give_back() must close one loan, and leave the other loans of the user and "
        "of the book open."
    )


@task("06.7", "returned-now")
async def test_a_copy_that_is_back_can_be_borrowed(app: App, library: Library) -> None:
    user, book = await library.user(), await library.book()
    loan = await library.loan(user, book)
    await give_back(app, loan)

    with app.accepts("The loan of a returned copy"):
        await app.services.loan_service.borrow(user=user, book_id=book.id)


@task("06.7", "whose-loans", "loans-page")
async def test_users_see_their_own_loans_and_librarians_all(app: App, library: Library) -> None:
    user, librarian = await library.user(), await library.librarian()
    book = await library.book(copies=9)
    own = [
        await library.loan(user, book),
        await library.loan(user, book, returned=True),
    ]
    others = [await library.loan(librarian, book), await library.loan(await library.user(), book)]

    for who, reader, loans in (
        ("a reader", user, own),
        ("a librarian", librarian, own + others),
        ("a user without loans", await library.user(), []),
    ):
        found, total = await listed(app, reader)
        assert sorted(found) == sorted(loan.id for loan in loans), (
            f"loan_service.list_page() must show {who} the loans {sorted(x.id for x in loans)}, "
            f"not {sorted(found)}: users see their own loans, librarians all, open and returned."
        )
        assert total == len(loans), (
            f"The total of loan_service.list_page() for {who} must be {len(loans)}, not {total}."
        )


@task("06.7", "loans-page")
async def test_loans_are_listed_by_pages(app: App, library: Library) -> None:
    user, borrowed = await library.user(), library.samples.moment()
    loans = [
        await library.loan(user, book, borrowed_at=borrowed) for book in await library.books(5)
    ]
    await library.database.execute("UPDATE loans SET created_at = now()")

    first, total = await listed(app, user, limit=3, offset=0)
    await give_back(app, loans[1])
    second, _ = await listed(app, user, limit=3, offset=3)
    none, total_of_none = await listed(app, user, limit=3, offset=9)

    assert total == total_of_none == 5, (
        f"The total of loan_service.list_page() must count all 5 loans on every page: it is {total} on "
        f"the first, and {total_of_none} past the last."
    )
    assert (len(first), len(second), len(none)) == (3, 2, 0), (
        "Pages of 3 of 5 loans must have 3, 2 and then 0 rows, "
        f"not {len(first)}, {len(second)} and {len(none)}."
    )
    assert sorted(first + second) == sorted(loan.id for loan in loans), (
        "Every loan must be on exactly one page, even if one changes in between: use an order "
        "that no change affects, by id."
    )


def give_back(app: App, loan: Row) -> Call:
    return app.services.loan_service.give_back(loan=loan)


async def listed(app: App, user: Row, *, limit: int = 20, offset: int = 0) -> tuple[list[int], int]:
    """Return the ids on a page, and the total."""
    rows, total = await app.services.loan_service.list_page(user=user, limit=limit, offset=offset)
    return [row.id for row in rows], total
