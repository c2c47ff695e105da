"""Which functions are handed a session, and where it comes from: the application's own `get_db`."""

import pytest

from groundrules.worker.errors import Missing, Raised
from tests.worker.conftest import Start, only_forks, spot

pytestmark = only_forks

SERVICE = """
from typing import Annotated, Any, TypeVar
from sqlalchemy.ext.asyncio import AsyncSession

T = TypeVar("T")

async def hinted(db: AsyncSession, *, word: str) -> str:
    return f"{db} {word}"

async def unhinted(db, word):
    return f"{db} {word}"

async def annotated(db: Annotated[AsyncSession, "ours"]) -> str:
    return f"{db}"

async def optional(db: AsyncSession | None) -> str:
    return f"{db}"

async def unreadable(db: "Nowhere") -> str:
    return f"{db}"

async def anything(db: Any) -> str:
    return f"{db}"

async def generic(db: T) -> str:
    return f"{db}"

def word_first(word: str, other: str = "more") -> str:
    return f"{word} {other}"

def defaulted(db: str = "default") -> str:
    return db

def keyword_only(*, db: str = "default") -> str:
    return db

class Service:
    async def method(self, db: AsyncSession) -> str:
        return f"{db}"

service = Service()
"""

GET_DB = """
from collections.abc import AsyncIterator

async def get_db() -> AsyncIterator[str]:
    yield "session"
"""


@pytest.mark.parametrize(
    "function",
    ["annotated", "optional", "unreadable", "anything", "generic", "service.method"],
)
async def test_a_session_is_the_first_argument_of_what_takes_one(
    start: Start, function: str
) -> None:
    app = start("", api__deps=GET_DB, services__words=SERVICE)
    called = app.services.words
    for name in function.split("."):
        called = getattr(called, name)

    assert await called() == "session"


async def test_everything_else_goes_by_keyword(start: Start) -> None:
    app = start("", api__deps=GET_DB, services__words=SERVICE)

    assert await app.services.words.hinted(word="said") == "session said"
    assert await app.services.words.unhinted(word="said") == "session said"


async def test_what_takes_no_session_is_given_none(start: Start) -> None:
    app = start("", services__words=SERVICE)

    assert await app.services.words.word_first("one") == "one more"
    assert await app.services.words.word_first(word="one", other="two") == "one two"
    assert await app.services.words.defaulted() == "default"
    assert await app.services.words.keyword_only() == "default"


async def test_a_forgotten_argument_is_no_session(start: Start) -> None:
    app = start("", api__deps=GET_DB, services__words=SERVICE)

    with pytest.raises(Raised, match=r"TypeError: word_first\(\) missing 1 required positional"):
        await app.services.words.word_first(other="two")


@pytest.mark.parametrize(
    "get_db",
    [
        "async def get_db():\n    yield 'session'",
        "def get_db():\n    yield 'session'",
        "async def get_db():\n    return 'session'",
        "from fastapi import Request\n\ndef get_db(request: Request):\n"
        "    yield request.app.state.session",
        "from fastapi import Request\n\ndef get_db(request: Request):\n"
        "    yield request.state.session",
        "from fastapi import Depends\n\ndef factory():\n    return 'session'\n\n"
        "def get_db(made = Depends(factory)):\n    yield made",
    ],
)
async def test_the_session_comes_from_get_db_as_fastapi_calls_it(start: Start, get_db: str) -> None:
    app = start(
        """
        from contextlib import asynccontextmanager

        @asynccontextmanager
        async def lifespan(app: FastAPI):
            app.state.session = "session"
            yield {"session": "session"}

        app.router.lifespan_context = lifespan
        """,
        api__deps=get_db,
        services__words=SERVICE,
    )

    assert await app.services.words.anything() == "session"


async def test_a_missing_get_db_is_told(start: Start) -> None:
    app = start("", api__deps="", services__words=SERVICE)

    with pytest.raises(Missing, match=r"^app/api/deps.py has no `get_db`"):
        await app.services.words.anything()


async def test_a_get_db_that_yields_nothing_is_told(start: Start) -> None:
    app = start("", api__deps="async def get_db():\n    yield", services__words=SERVICE)

    with pytest.raises(Missing, match=r"^get_db\(\) must yield an AsyncSession; it yields None"):
        await app.services.words.anything()
    with pytest.raises(Missing, match=r"it yields None"):
        await app.query("SELECT 1")


@pytest.mark.parametrize(
    "get_db",
    [
        "async def get_db():\n    raise OSError('no way')\n    yield",
        "async def get_db():\n    yield 'session'\n    raise OSError('no way')",
    ],
    ids=["before", "after"],
)
async def test_what_get_db_raises_is_told_with_its_line(start: Start, get_db: str) -> None:
    app = start("", api__deps=get_db, services__words=SERVICE)

    with pytest.raises(Raised, match=r"anything\(\) raised OSError: no way") as told:
        await app.services.words.anything()

    assert spot(told.value) == "app/api/deps.py: raise OSError('no way')"


async def test_an_error_that_get_db_swallows_is_told_as_such(start: Start) -> None:
    app = start(
        "",
        api__deps="async def get_db():\n    try:\n        yield 1\n    except ValueError:\n        pass",
        services__words="async def fail(db):\n    raise ValueError('so')",
    )

    with pytest.raises(Raised, match=r"fail\(\) raised RuntimeError: get_db\(\) catches the"):
        await app.services.words.fail()
