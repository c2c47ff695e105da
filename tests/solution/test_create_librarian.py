"""The command that makes a librarian."""

import asyncio
import io
import runpy
import sys
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.core.config import get_settings
from app.core.database import get_engine, get_session_factory
from app.create_librarian import ask_for_password, create_librarian
from app.models.user import User
from app.schemas.user import UserCreate
from app.services import user_service
from support import PASSWORD

Run = Callable[..., None]


class Terminal(io.StringIO):
    """A standard input that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def run(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Return what runs the command; the users it made are gone afterwards."""

    def run(email: str, password: str = PASSWORD) -> None:
        monkeypatch.setattr(sys, "argv", ["create_librarian", email, "Ada Lovelace"])
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{password}\n"))
        monkeypatch.delitem(sys.modules, "app.create_librarian", raising=False)
        runpy.run_module("app.create_librarian", run_name="__main__")

    async def delete_users() -> None:
        async with get_engine().begin() as connection:
            await connection.execute(delete(User))
        await get_engine().dispose()

    yield run
    asyncio.run(delete_users())


def users() -> list[User]:
    async def read() -> list[User]:
        async with get_session_factory()() as session:
            found = list(await session.scalars(select(User)))
        await get_engine().dispose()
        return found

    return asyncio.run(read())


def test_a_failure_in_between_leaves_no_user(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    create = user_service.create

    async def create_and_fail(db: AsyncSession, *, obj_in: UserCreate) -> User:
        await create(db, obj_in=obj_in)
        raise OSError("the machine was switched off")

    monkeypatch.setattr(user_service, "create", create_and_fail)
    with pytest.raises(SystemExit, match="switched off"):
        run("ada@example.org")

    assert users() == []


def test_the_first_librarian_is_made(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run("Ada@Example.org")

    assert capsys.readouterr().out == "ada@example.org is a librarian now.\n"
    [user] = users()
    assert (user.email, user.full_name, user.is_librarian) == (
        "ada@example.org",
        "Ada Lovelace",
        True,
    )


async def test_a_connection_of_somebody_else_stays_open(
    connection: AsyncConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def get_test_db() -> AsyncIterator[AsyncSession]:
        yield AsyncSession(connection, join_transaction_mode="create_savepoint")

    monkeypatch.setattr("app.create_librarian.get_db", get_test_db)

    await create_librarian(
        UserCreate(email="ada@example.org", full_name="Ada Lovelace", password=PASSWORD)
    )

    librarians = select(User.email).where(User.is_librarian)
    assert (await connection.scalars(librarians)).all() == ["ada@example.org"]


def test_on_a_terminal_the_password_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("shown\n"))
    monkeypatch.setattr("getpass.getpass", lambda: PASSWORD)

    assert ask_for_password() == PASSWORD


def test_an_email_in_use_is_refused(run: Run) -> None:
    run("ada@example.org")

    with pytest.raises(SystemExit) as refusal:
        run("ADA@example.org")

    assert refusal.value.code == "The user with this email already exists in the system."


def test_a_password_that_is_too_short_is_refused(run: Run) -> None:
    with pytest.raises(SystemExit) as refusal:
        run("ada@example.org", password="secret")

    assert refusal.value.code == "password: String should have at least 8 characters"


def test_a_database_that_is_gone_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    made_once = (get_settings, get_engine, get_session_factory)
    monkeypatch.setenv("DATABASE_URL", "postgresql+asyncpg://nobody@localhost:1/nothing")
    for each in made_once:
        each.cache_clear()

    with pytest.raises(SystemExit, match="The database cannot be used: "):
        run("ada@example.org")

    monkeypatch.undo()
    for each in made_once:
        each.cache_clear()
