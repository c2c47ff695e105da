"""What happens when two requests want the same at the same time; here everything is committed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import security
from app.core.database import get_engine, get_session_factory
from app.core.exceptions import (
    AlreadyBorrowed,
    EmailTaken,
    IsbnTaken,
    LibraryError,
    NoCopyLeft,
)
from app.models.book import Book
from app.models.loan import Loan
from app.models.user import User
from app.schemas.book import BookCreate, BookUpdate
from app.schemas.user import UserCreate, UserUpdate
from app.services import auth_service, book_service, loan_service, user_service
from support import PASSWORD, isbn

SIGN_UP = UserCreate.model_validate(
    {"email": "ada@example.org", "password": PASSWORD, "full_name": "Ada"}
)
BOOK = BookCreate(isbn=isbn(1), title="Emma", author="Jane Austen", copies=1)

NewSession = Callable[[], AsyncSession]


@pytest.fixture
async def new_session(database_url: str) -> AsyncIterator[NewSession]:
    """Return what opens a session of its own; all tables are empty again after the test."""
    sessions: list[AsyncSession] = []

    def open_session() -> AsyncSession:
        sessions.append(get_session_factory()())
        return sessions[-1]

    yield open_session
    for session in sessions:
        await session.close()
    async with get_engine().begin() as connection:
        await connection.execute(text("TRUNCATE users, books, loans RESTART IDENTITY"))
    await get_engine().dispose()


@pytest.fixture
async def ada(new_session: NewSession) -> User:
    """A user."""
    return await user_service.create(new_session(), obj_in=SIGN_UP)


@pytest.fixture
async def emma(new_session: NewSession) -> Book:
    """A book of which there is one copy."""
    return await book_service.create(new_session(), obj_in=BOOK)


async def request(
    service: Callable[..., Awaitable[object]], **arguments: object
) -> type[LibraryError] | None:
    """Call a service with a session of its own, as a request does; return what refused it."""
    async with get_session_factory()() as session:
        try:
            await service(session, **arguments)
        except LibraryError as refusal:
            return type(refusal)
    return None


async def at_once(*requests: Awaitable[type[LibraryError] | None]) -> list[str]:
    """Return how requests made at the same time ended, in the order of the alphabet."""
    endings = await asyncio.gather(*requests)
    return sorted(ending.__name__ if ending else "done" for ending in endings)


async def count(session: AsyncSession, model: type[User | Book | Loan]) -> int:
    return await session.scalar(select(func.count()).select_from(model)) or 0


async def wait_for_a_lock(session: AsyncSession) -> None:
    """Return once a session waits for what another has locked."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    while not await session.scalar(waiting):
        await session.rollback()
        await asyncio.sleep(0.005)


async def test_sign_ups_with_one_email_make_one_user(new_session: NewSession) -> None:
    endings = await at_once(*(request(user_service.create, obj_in=SIGN_UP) for _ in range(4)))

    assert endings == ["EmailTaken"] * 3 + ["done"]
    assert await count(new_session(), User) == 1


async def test_books_of_one_isbn_are_one_book(new_session: NewSession) -> None:
    endings = await at_once(*(request(book_service.create, obj_in=BOOK) for _ in range(4)))

    assert endings == ["IsbnTaken"] * 3 + ["done"]


async def test_an_email_taken_while_it_was_looked_up_is_refused(
    new_session: NewSession, ada: User
) -> None:
    first, second, watcher = new_session(), new_session(), new_session()
    first.add(User(email="eve@example.org", full_name="Eve", hashed_password="x"))
    await first.flush()
    change = UserUpdate(email="eve@example.org")
    change_of_ada = asyncio.create_task(user_service.update(second, user=ada, obj_in=change))
    await wait_for_a_lock(watcher)

    await first.commit()

    with pytest.raises(EmailTaken):
        await change_of_ada


async def test_a_session_can_be_used_after_a_constraint_has_refused(
    new_session: NewSession,
) -> None:
    first, second, watcher = new_session(), new_session(), new_session()
    first.add(User(email=SIGN_UP.email, full_name="Eve", hashed_password="x"))
    await first.flush()
    sign_up = asyncio.create_task(user_service.create(second, obj_in=SIGN_UP))
    await wait_for_a_lock(watcher)
    await first.commit()
    with pytest.raises(EmailTaken):
        await sign_up

    _, total = await user_service.list_page(second, limit=20, offset=0)

    assert total == 1


async def test_an_isbn_taken_while_it_was_looked_up_is_refused(
    new_session: NewSession, emma: Book
) -> None:
    first, second, watcher = new_session(), new_session(), new_session()
    first.add(Book(isbn=isbn(2), title="Persuasion", author="Jane Austen", copies=1))
    await first.flush()
    change = BookUpdate(isbn=isbn(2))
    change_of_emma = asyncio.create_task(book_service.update(second, book=emma, obj_in=change))
    await wait_for_a_lock(watcher)

    await first.commit()

    with pytest.raises(IsbnTaken):
        await change_of_emma


async def test_a_loan_made_around_the_service_is_still_one_open_loan(
    new_session: NewSession, ada: User, emma: Book
) -> None:
    first, second, watcher = new_session(), new_session(), new_session()
    insert = text(
        "INSERT INTO loans (user_id, book_id, borrowed_at, due_at) "
        "VALUES (:user, :book, now(), now() + interval '1 day')"
    )
    await first.execute(insert, {"user": ada.id, "book": emma.id})
    borrow = asyncio.create_task(loan_service.borrow(second, user=ada, book_id=emma.id))
    await wait_for_a_lock(watcher)

    await first.commit()

    with pytest.raises(AlreadyBorrowed):
        await borrow


async def test_five_stays_the_limit_when_books_are_borrowed_at_once(
    new_session: NewSession, ada: User
) -> None:
    db = new_session()
    books = [
        await book_service.create(db, obj_in=BOOK.model_copy(update={"isbn": isbn(number)}))
        for number in range(8)
    ]

    endings = await at_once(
        *(request(loan_service.borrow, user=ada, book_id=book.id) for book in books)
    )

    assert endings == ["LoanLimitReached"] * 3 + ["done"] * 5


async def test_the_last_copy_goes_to_one_borrower(new_session: NewSession, emma: Book) -> None:
    db = new_session()
    users = [User(email=f"{n}@x.org", full_name="Somebody", hashed_password="x") for n in range(6)]
    db.add_all(users)
    await db.commit()

    endings = await at_once(
        *(request(loan_service.borrow, user=user, book_id=emma.id) for user in users)
    )

    assert endings == ["NoCopyLeft"] * 5 + ["done"]
    assert await count(db, Loan) == 1


async def test_a_copy_is_not_withdrawn_while_it_is_lent(
    new_session: NewSession, ada: User, emma: Book
) -> None:
    none_left = BookUpdate(copies=0)

    endings = await at_once(
        request(loan_service.borrow, user=ada, book_id=emma.id),
        request(book_service.update, book=emma, obj_in=none_left),
    )

    assert endings in (["TooFewCopies", "done"], ["NoCopyLeft", "done"])


async def test_a_decision_rests_on_the_row_as_it_is_and_not_as_it_was_read(
    new_session: NewSession, ada: User, emma: Book
) -> None:
    db = new_session()
    read_before = await book_service.get(db, book_id=emma.id)
    await book_service.update(new_session(), book=emma, obj_in=BookUpdate(copies=0))

    with pytest.raises(NoCopyLeft):
        await loan_service.borrow(db, user=ada, book_id=emma.id)

    assert read_before is not None
    assert read_before.copies == 0


async def test_nothing_is_deleted_while_it_is_lent(
    new_session: NewSession, ada: User, emma: Book
) -> None:
    endings = await at_once(
        request(loan_service.borrow, user=ada, book_id=emma.id),
        request(user_service.delete, user=ada),
        request(book_service.delete, book=emma),
    )

    assert await count(new_session(), Loan) == (0 if "NotFound" in endings else 1)
    assert endings in (
        ["HasOpenLoans", "HasOpenLoans", "done"],
        ["NotFound", "done", "done"],
    )


async def test_a_book_is_given_back_once(new_session: NewSession, ada: User, emma: Book) -> None:
    loan = await loan_service.borrow(new_session(), user=ada, book_id=emma.id)

    endings = await at_once(*(request(loan_service.give_back, loan=loan) for _ in range(4)))

    assert endings == ["AlreadyReturned"] * 3 + ["done"]


async def test_a_clock_that_is_ahead_keeps_no_book_from_coming_back(
    new_session: NewSession, ada: User, emma: Book
) -> None:
    loan = await loan_service.borrow(new_session(), user=ada, book_id=emma.id)
    db = new_session()
    ahead = {"borrowed_at": Loan.borrowed_at + timedelta(minutes=1)}
    await db.execute(update(Loan).values(ahead))
    await db.commit()

    returned = await loan_service.give_back(new_session(), loan=loan)

    assert returned.returned_at == returned.borrowed_at


async def test_no_connection_waits_while_a_password_is_hashed(
    new_session: NewSession, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_use: list[int] = []
    hash_password = security.hash_password

    async def hash_and_look(password: str) -> str:
        in_use.append(get_engine().pool.checkedout())  # type: ignore[attr-defined]
        return await hash_password(password)

    monkeypatch.setattr(user_service, "hash_password", hash_and_look)
    monkeypatch.setattr(auth_service, "hash_password", hash_and_look)
    change = UserUpdate.model_validate({"password": "battery staple"})
    another = SIGN_UP.model_copy(update={"email": "eve@example.org"})
    before: int = get_engine().pool.checkedout()  # type: ignore[attr-defined]

    await user_service.create(new_session(), obj_in=another)
    db = new_session()
    await user_service.get_by_email(db, email="ada@example.org")
    await user_service.update(db, user=ada, obj_in=change)
    await auth_service.authenticate(new_session(), email="x@y.org", password=PASSWORD)

    assert in_use == [before] * 3


async def test_what_is_deleted_meanwhile_is_not_found(
    new_session: NewSession, ada: User, emma: Book
) -> None:
    await user_service.delete(new_session(), user=ada)
    await book_service.delete(new_session(), book=emma)

    endings = await at_once(
        request(user_service.update, user=ada, obj_in=UserUpdate(full_name="Eve")),
        request(user_service.delete, user=ada),
        request(book_service.replace, book=emma, obj_in=BOOK),
        request(book_service.delete, book=emma),
        request(loan_service.borrow, user=ada, book_id=emma.id),
    )

    assert endings == ["NotFound"] * 5


async def test_lending_does_not_wait_for_those_who_refer_to_the_same_rows(
    new_session: NewSession, ada: User, emma: Book
) -> None:
    reading = new_session()
    await reading.execute(select(User).with_for_update(read=True, key_share=True))
    await reading.execute(select(Book).with_for_update(read=True, key_share=True))

    async with asyncio.timeout(5):
        loan = await loan_service.borrow(new_session(), user=ada, book_id=emma.id)

    assert loan.returned_at is None


async def test_another_constraint_is_a_mistake_and_no_refusal(
    new_session: NewSession, ada: User
) -> None:
    from sqlalchemy.exc import IntegrityError

    unheard_of = UserUpdate.model_construct({"full_name"}, full_name=None)

    with pytest.raises(IntegrityError):
        await user_service.update(new_session(), user=ada, obj_in=unheard_of)
