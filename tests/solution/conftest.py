"""A database for the tests of the application, and a transaction for each that is rolled back."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from itertools import count
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from passlib.context import CryptContext
from sqlalchemy import NullPool
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, create_async_engine

from groundrules import postgres

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "solution"), str(Path(__file__).parent)]

from app.api.deps import get_db  # noqa: E402
from app.core import security  # noqa: E402
from app.core.database import get_engine  # noqa: E402
from app.models.book import Book  # noqa: E402
from app.models.loan import Loan  # noqa: E402
from app.models.user import User  # noqa: E402
from app.schemas.book import BookCreate  # noqa: E402
from app.schemas.user import UserCreate  # noqa: E402
from app.services import book_service, loan_service, user_service  # noqa: E402
from serving import forget_environment, migrate  # noqa: E402
from support import PASSWORD, SECRET_KEY, isbn  # noqa: E402


@pytest.fixture
def anyio_backend() -> str:
    """The application runs on asyncio."""
    return "asyncio"


@pytest.fixture(scope="package")
def server() -> postgres.Server:
    """PostgreSQL 15."""
    return postgres.ensure(ROOT)


@pytest.fixture(scope="package")
def database_url(server: postgres.Server) -> Iterator[str]:
    """A database that the migrations made, and the environment that names it."""
    name = postgres.run_name("solution")
    asyncio.run(postgres.create_database(server, name))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", server.url_for(name))
        patch.setenv("SECRET_KEY", SECRET_KEY)
        patch.delenv("ACCESS_TOKEN_MINUTES", raising=False)
        patch.delenv("LOG_LEVEL", raising=False)
        forget_environment()
        migrate()
        yield server.url_for(name)
    forget_environment()
    asyncio.run(postgres.drop_database(server, name))


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash in a millisecond: the tests make many users."""
    cheap = CryptContext(schemes=["argon2"], argon2__rounds=1, argon2__memory_cost=64)
    monkeypatch.setattr(security, "_passwords", cheap)


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[AsyncConnection]:
    """A connection in a transaction, which is rolled back after the test."""
    engine = create_async_engine(database_url, poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.begin()
        yield connection
        await connection.rollback()


def session_in(connection: AsyncConnection) -> AsyncSession:
    """Return a session whose commits end a savepoint only."""
    return AsyncSession(
        connection, expire_on_commit=False, join_transaction_mode="create_savepoint"
    )


@pytest.fixture
async def db(connection: AsyncConnection) -> AsyncIterator[AsyncSession]:
    """The test's own session; requests have others in the same transaction."""
    async with session_in(connection) as session:
        yield session


@pytest.fixture(scope="package")
def application(database_url: str) -> FastAPI:
    """The application, as uvicorn serves it."""
    from app.main import create_app

    return create_app()


@pytest.fixture
async def client(
    application: FastAPI, connection: AsyncConnection
) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the application, whose sessions are in the test's transaction."""

    async def get_test_db() -> AsyncIterator[AsyncSession]:
        async with session_in(connection) as session:
            yield session

    application.dependency_overrides[get_db] = get_test_db
    async with client_of(application) as client:
        yield client
    application.dependency_overrides.clear()


@pytest.fixture
async def committing_client(application: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the application with sessions of its own: what it commits stays."""
    async with client_of(application) as client:
        yield client
    await get_engine().dispose()


def client_of(application: FastAPI) -> httpx2.AsyncClient:
    """Return a client that calls the application in this process."""
    transport = httpx2.ASGITransport(app=application)
    return httpx2.AsyncClient(transport=transport, base_url="http://library.test/api/v1")


@pytest.fixture
def new_user(db: AsyncSession) -> Callable[..., Awaitable[User]]:
    """Return what adds a user; `new_user(is_librarian=True)` adds a librarian."""
    numbers = count(1)

    async def add(is_librarian: bool = False) -> User:
        sign_up = UserCreate.model_validate(
            {
                "email": f"user{next(numbers)}@example.org",
                "password": PASSWORD,
                "full_name": "Somebody",
            }
        )
        user = await user_service.create(db, obj_in=sign_up)
        user.is_librarian = is_librarian
        await db.commit()
        return user

    return add


@pytest.fixture
def new_book(db: AsyncSession) -> Callable[..., Awaitable[Book]]:
    """Return what adds a book."""
    numbers = count(1)

    async def add(copies: int = 1, title: str = "Emma", author: str = "Jane Austen") -> Book:
        book = BookCreate(isbn=isbn(next(numbers)), title=title, author=author, copies=copies)
        return await book_service.create(db, obj_in=book)

    return add


@pytest.fixture
def new_loan(
    db: AsyncSession, new_book: Callable[..., Awaitable[Book]]
) -> Callable[[User], Awaitable[Loan]]:
    """Return what lends a user a book of its own."""

    async def add(user: User) -> Loan:
        book = await new_book()
        return await loan_service.borrow(db, user=user, book_id=book.id)

    return add


@pytest.fixture
async def reader(new_user: Callable[..., Awaitable[User]]) -> User:
    """A user who is no librarian."""
    return await new_user()


@pytest.fixture
async def librarian(new_user: Callable[..., Awaitable[User]]) -> User:
    """A user who is a librarian."""
    return await new_user(is_librarian=True)
