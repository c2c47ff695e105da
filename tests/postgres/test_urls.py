"""URLs: those the server gives, and those GROUNDRULES_DATABASE_URL may hold."""

import asyncpg
import pytest
from pydantic import PostgresDsn, TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from groundrules.postgres import PostgresError, Server
from groundrules.postgres.server import parse_url


def server_at(host: str, port: int = 5432, password: str | None = None) -> Server:
    return Server("environment", "15.0", "reader", host, port, password)


def test_the_applications_url_is_the_one_architecture_promises() -> None:
    url = server_at("/run/short").url_for("library")

    assert url == "postgresql+asyncpg://reader@localhost/library?host=/run/short"
    TypeAdapter(PostgresDsn).validate_python(url)


async def test_the_applications_url_opens_the_database_with_sqlalchemy(server: Server) -> None:
    engine = create_async_engine(server.url_for("postgres"))
    try:
        async with engine.connect() as connection:
            assert await connection.scalar(text("SELECT current_database()")) == "postgres"
    finally:
        await engine.dispose()


async def test_the_plain_url_opens_the_database_with_asyncpg(server: Server) -> None:
    connection = await asyncpg.connect(server.dsn_for("postgres"))
    try:
        assert await connection.fetchval("SELECT current_database()") == "postgres"
    finally:
        await connection.close()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://reader:pw@db.example:5433/start",
        "postgres://reader:pw@db.example:5433/start",
        "postgresql+asyncpg://reader:pw@db.example:5433/start",
        "postgresql://reader:pw@/start?host=db.example&port=5433",
    ],
)
def test_every_usual_way_to_write_it_names_the_same_server(url: str) -> None:
    server = parse_url(url)

    assert (server.role, server.password) == ("reader", "pw")
    assert (server.host, server.port, server.maintenance) == ("db.example", 5433, "start")
    assert server.dsn_for("x") == "postgresql://reader:pw@db.example:5433/x"


def test_a_password_may_hold_any_character() -> None:
    server = parse_url("postgresql://r%40d:p%40%2F%3A%25%20@localhost/postgres")

    assert (server.role, server.password) == ("r@d", "p@/:% ")
    assert server.dsn_for("x") == "postgresql://r%40d:p%40%2F%3A%25%20@localhost:5432/x"
    assert "p@/" not in repr(server)


def test_a_socket_named_in_the_query_is_used() -> None:
    server = parse_url("postgresql://reader@localhost/?host=/var/run/postgresql&port=5433")

    assert (server.host, server.port, server.maintenance) == (
        "/var/run/postgresql",
        5433,
        "postgres",
    )
    assert server.url_for("x").endswith("@localhost/x?host=/var/run/postgresql&port=5433")


@pytest.mark.parametrize("option", ["sslmode", "ssl"])
def test_encryption_is_asked_for_in_each_librarys_own_word(option: str) -> None:
    server = parse_url(f"postgresql://reader@db.example/?{option}=require")

    assert server.url_for("x").endswith("/x?ssl=require")
    assert server.dsn_for("x").endswith("/x?sslmode=require")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("mysql://reader@localhost/", "does not start with postgresql://"),
        ("localhost:5432", "does not start with postgresql://"),
        ("postgresql://reader@localhost:port/", "not a URL"),
        ("postgresql://localhost/", "names no role"),
        ("postgresql://reader@localhost/?options=-c", "the option options"),
        ("postgresql://reader@/?host=one,two", "one host and one port"),
    ],
)
def test_what_is_no_such_url_is_refused_in_one_sentence(url: str, why: str) -> None:
    with pytest.raises(PostgresError) as refused:
        parse_url(url)

    assert why in str(refused.value)
    assert str(refused.value).startswith("GROUNDRULES_DATABASE_URL cannot be used: ")
    assert "\n" not in str(refused.value)
