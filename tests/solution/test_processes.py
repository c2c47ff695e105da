"""The application as it runs in production: real processes, many requests at once."""

import asyncio
import os
import signal
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import httpx2
import pytest

from app.models.user import User
from groundrules import postgres
from serving import forget_environment, migrate, served
from support import PASSWORD, SECRET_KEY, isbn, login
from tests.servers import remove_server

pytestmark = pytest.mark.slow

SIGN_UP = {"email": "ada@example.org", "password": PASSWORD, "full_name": "Ada"}


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Path]:
    """The root of a clone with a PostgreSQL that may be stopped."""
    root = tmp_path / "clone"
    root.mkdir()
    postgres.ensure(root)
    yield root
    remove_server(root)  # another run may have a clone of that name


@pytest.fixture
def address(server: postgres.Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The DSN of a migrated database; DATABASE_URL names it."""
    name = postgres.run_name("processes")
    asyncio.run(postgres.create_database(server, name))
    monkeypatch.setenv("DATABASE_URL", server.url_for(name))
    monkeypatch.setenv("SECRET_KEY", SECRET_KEY)
    forget_environment()
    migrate()
    yield server.dsn_for(name)
    forget_environment()
    asyncio.run(postgres.drop_database(server, name))


@pytest.fixture
async def database(address: str) -> AsyncIterator[asyncpg.Connection]:
    """The test's own connection."""
    connection = await asyncpg.connect(address)
    yield connection
    await connection.close()


@pytest.fixture
async def client(address: str, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a uvicorn process that serves the database."""
    async with served(os.environ["DATABASE_URL"], tmp_path / "log") as client:
        yield client


async def add_users(database: asyncpg.Connection, number: int) -> list[User]:
    rows = await database.fetch(
        "INSERT INTO users (email, full_name, hashed_password) "
        "SELECT n || '@example.org', 'Somebody', 'x' FROM generate_series(1, $1) n RETURNING id",
        number,
    )
    return [User(id=row["id"]) for row in rows]


async def add_book(database: asyncpg.Connection, number: int, copies: int) -> int:
    book: int = await database.fetchval(
        "INSERT INTO books (isbn, title, author, copies) VALUES ($1, 'Emma', 'Austen', $2) "
        "RETURNING id",
        isbn(number),
        copies,
    )
    return book


async def test_50_borrowers_of_the_last_copy_get_it_once(
    client: httpx2.AsyncClient, database: asyncpg.Connection
) -> None:
    users, book = await add_users(database, 50), await add_book(database, 1, copies=1)

    answers = await asyncio.gather(
        *(client.post("/loans/", json={"book_id": book}, headers=login(user)) for user in users)
    )

    assert Counter(answer.status_code for answer in answers) == {201: 1, 400: 49}
    assert await database.fetchval("SELECT count(*) FROM loans") == 1


async def test_50_borrowers_of_20_books_get_what_is_there(
    client: httpx2.AsyncClient, database: asyncpg.Connection
) -> None:
    users = await add_users(database, 10)
    books = [await add_book(database, number, copies=2) for number in range(20)]

    answers = await asyncio.gather(
        *(
            client.post("/loans/", json={"book_id": book}, headers=login(user))
            for book in books
            for user in users
        )
    )

    assert Counter(answer.status_code for answer in answers) == {201: 40, 400: 160}
    most = await database.fetchval(
        "SELECT max(n) FROM (SELECT count(*) n FROM loans GROUP BY user_id) x"
    )
    assert most <= 5


async def test_50_sign_ups_with_one_email_make_one_user(
    client: httpx2.AsyncClient, database: asyncpg.Connection
) -> None:
    answers = await asyncio.gather(*(client.post("/users/", json=SIGN_UP) for _ in range(50)))

    assert Counter(answer.status_code for answer in answers) == {201: 1, 400: 49}
    assert await database.fetchval("SELECT count(*) FROM users") == 1


async def test_a_login_takes_as_long_for_an_unknown_email(client: httpx2.AsyncClient) -> None:
    await client.post("/users/", json=SIGN_UP)
    times: dict[str, list[float]] = {SIGN_UP["email"]: [], "nobody@example.org": []}

    for _ in range(25):
        for email, taken in times.items():
            began = time.perf_counter()
            await client.post("/auth/token", data={"username": email, "password": "wrong"})
            taken.append(time.perf_counter() - began)

    known, unknown = (statistics.median(taken) for taken in times.values())
    assert known == pytest.approx(unknown, rel=0.15)


async def test_a_commit_that_fails_is_an_error_that_the_client_sees(
    client: httpx2.AsyncClient, database: asyncpg.Connection
) -> None:
    await database.execute(
        """
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'refused at the end'; END $$;
        CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON users
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse();
        """
    )

    answer = await client.post("/users/", json=SIGN_UP)

    assert answer.status_code == 500
    assert answer.text == "Internal Server Error"
    assert await database.fetchval("SELECT count(*) FROM users") == 0


async def test_a_database_that_stops_under_load_is_answered_with_503_until_it_is_back(
    own_server: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = await a_library_on(own_server, monkeypatch)
    codes: Counter[int] = Counter()
    over = asyncio.Event()

    async def keep_asking(client: httpx2.AsyncClient) -> None:
        while not over.is_set():
            codes[(await client.get("/books/")).status_code] += 1

    async with asyncio.timeout(60), served(url, tmp_path / "log") as client:
        load = [asyncio.create_task(keep_asking(client)) for _ in range(20)]
        while codes[200] < 50:
            await asyncio.sleep(0.01)

        await asyncio.to_thread(postgres.stop, own_server)
        while codes[503] < 50:
            await asyncio.sleep(0.01)
        gone = await client.get("/books/")
        health = await client.get("/health")
        over.set()
        await asyncio.gather(*load)
        await asyncio.to_thread(postgres.ensure, own_server)
        back = [await client.get("/books/") for _ in range(50)]

    assert codes.keys() == {200, 503}
    assert gone.status_code == 503
    assert {answer.status_code for answer in back} == {200}
    assert (health.status_code, health.json()["database"]) == (200, "unreachable")


async def test_a_database_restarted_while_nobody_asks_is_not_noticed(
    own_server: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = await a_library_on(own_server, monkeypatch)
    async with served(url, tmp_path / "log") as client:
        await asyncio.gather(*(client.get("/books/") for _ in range(10)))

        await asyncio.to_thread(postgres.stop, own_server)
        await asyncio.to_thread(postgres.ensure, own_server)
        answers = await asyncio.gather(*(client.get("/books/") for _ in range(10)))

    assert Counter(answer.status_code for answer in answers) == {200: 10}


async def test_health_answers_while_the_database_hangs(
    own_server: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = await a_library_on(own_server, monkeypatch)
    async with served(url, tmp_path / "log") as client:
        await client.get("/books/")
        watcher = await asyncpg.connect(postgres.ensure(own_server).dsn_for("groundrules_library"))
        pids = await watcher.fetch(
            "SELECT pid FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        for row in pids:
            os.kill(row["pid"], signal.SIGSTOP)

        began = time.perf_counter()
        health = await client.get("/health")
        took = time.perf_counter() - began

        for row in pids:
            os.kill(row["pid"], signal.SIGCONT)
        back = await client.get("/books/")
        await watcher.close()

    assert (health.status_code, health.json()["database"]) == (200, "unreachable")
    assert took < 4
    assert back.status_code == 200


async def a_library_on(root: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the URL of a migrated database on the server of the clone at `root`."""
    server = postgres.ensure(root)
    await postgres.create_database(server, "groundrules_library")
    url = server.url_for("groundrules_library")
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("SECRET_KEY", SECRET_KEY)
    forget_environment()
    await asyncio.to_thread(migrate)
    forget_environment()
    return url
