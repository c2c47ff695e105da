"""Databases and roles of the tool's own, named `groundrules_*`, and those that killed runs left."""

import hashlib
import os
import platform
import re
import secrets
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from groundrules.postgres.server import VARIABLE, PostgresError, Server

if TYPE_CHECKING:
    import asyncpg

# What statements of the tool rely on, whatever was set for a role or a database. The catalogue comes first in
# any search path that does not name it, so that nobody's view can stand in for one of the server's own.
SETTINGS = {
    "search_path": "public, pg_temp",
    "default_transaction_read_only": "off",
    "default_transaction_isolation": "read committed",
    "default_transaction_deferrable": "off",
    "statement_timeout": "10s",
    "lock_timeout": "3s",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "TimeZone": "UTC",
    "DateStyle": "ISO, MDY",
    "IntervalStyle": "postgres",
    "bytea_output": "hex",
    "client_min_messages": "notice",
    "row_security": "on",
    "standard_conforming_strings": "on",
    "check_function_bodies": "on",
}

_NAME = re.compile(r"groundrules_[a-z0-9_@:%]{1,51}")  # 63 bytes are all that a name has room for
_RUN = re.compile(
    r"groundrules_run_(?P<host>[0-9a-f]{6})_(?P<pid>\d+)_(?P<made>[0-9a-f]+)_[a-z0-9_@:%]+"
)
_TO_ESCAPE = "@:/%?# "  # what a URL has another meaning for
_A_DAY = 24 * 60 * 60
_ATTEMPTS = 10


def run_name(label: str) -> str:
    """Return a name for a database or role of this process, dropped by `drop_leftovers` once that is gone.

    `label` is up to 16 of a-z, 0-9 and _; the name is another each second.
    """
    return f"groundrules_run_{_host()}_{os.getpid()}_{int(time.time()):x}_{label}"


async def create_role(server: Server, name: str) -> Server:
    """Create a role that may own databases and do nothing else; return the server as it is to that role.

    Raises ValueError if the name is not `groundrules_*`, PostgresError if the server refuses.
    """
    password = secrets.token_hex(16)
    async with connection(server) as session:
        await session.execute(
            f"CREATE ROLE {_checked(name)} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE "
            f"PASSWORD '{password}'; GRANT {_checked(name)} TO CURRENT_USER"
        )
    return replace(server, role=name, password=password)


async def create_guest(server: Server, name: str, *, of: str) -> Server:
    """Create a role that acts as the role `of` once it has logged in; return the server as it is to it.

    Its password has every character that has to be escaped in a URL. Raises as `create_role` does.
    """
    password = f"{secrets.token_hex(8)}{_TO_ESCAPE}{secrets.token_hex(8)}"
    async with connection(server) as session:
        await session.execute(
            f"CREATE ROLE {_checked(name)} LOGIN PASSWORD '{password}'; "
            f"GRANT {_checked(of)} TO {_checked(name)}; "
            f"ALTER ROLE {_checked(name)} SET role TO {_checked(of)}"
        )
    return replace(server, role=name, password=password)


async def create_database(
    server: Server, name: str, *, template: str | None = None, owner: str | None = None
) -> None:
    """Create a database, a copy of `template` if one is given; only `owner` and the server's role may enter.

    Raises ValueError if the name is not `groundrules_*`, PostgresError if the server refuses.
    """
    async with connection(server) as session:
        await session.execute(
            _creation(name, template) + (f" OWNER {_checked(owner)}" if owner else "")
        )
        await session.execute(f"REVOKE ALL ON DATABASE {_checked(name)} FROM PUBLIC")


async def drop_database(server: Server, name: str) -> None:
    """Drop a database if it is there, whoever is connected to it.

    Raises ValueError if the name is not `groundrules_*`, PostgresError if the server refuses.
    """
    async with connection(server) as session:
        await _drop(session, _checked(name))


async def _drop(session: "asyncpg.Connection", quoted: str) -> None:
    """Drop a database, whoever is connected to it; an autovacuum, which is nobody's, has to end first."""
    import asyncio

    import asyncpg

    for attempt in range(_ATTEMPTS):
        try:
            await session.execute(f"DROP DATABASE IF EXISTS {quoted} WITH (FORCE)")
            return
        except asyncpg.InsufficientPrivilegeError:
            if attempt == _ATTEMPTS - 1:
                raise
            await asyncio.sleep(0.2)


async def databases_of(server: Server, role: str) -> list[str]:
    """Return the names of the databases that a role owns. Raises PostgresError if the server refuses."""
    async with connection(server) as session:
        rows = await session.fetch(
            "SELECT datname FROM pg_database WHERE pg_get_userbyid(datdba) = $1", role
        )
    return [row["datname"] for row in rows]


async def reset_role(server: Server, name: str) -> None:
    """Take back what a role has set for itself; raises as `drop_database` does."""
    async with connection(server) as session:
        await session.execute(f"ALTER ROLE {_checked(name)} RESET ALL")


async def drop_role(server: Server, name: str) -> None:
    """Drop a role whose databases are gone, if it is there; raises as `drop_database` does."""
    async with connection(server) as session:
        await session.execute(f"DROP ROLE IF EXISTS {_checked(name)}")


async def ensure_database(server: Server, name: str) -> None:
    """Create a database unless it is there; raises as `create_database` does."""
    import asyncpg

    async with connection(server) as session:
        if not await session.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            # Another command may be quicker.
            with suppress(asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
                await session.execute(_creation(name))
        await session.execute(f"REVOKE ALL ON DATABASE {_checked(name)} FROM PUBLIC")


async def drop_leftovers(server: Server) -> list[str]:
    """Drop the databases and roles of runs that were killed; return their names.

    Those are the ones named by `run_name` whose process has ended or, as its number may be another's by
    now or its machine another, that are older than a day.
    """
    import asyncpg

    async with connection(server) as session:
        databases = await _leftovers(session, "datname", "pg_database")
        for name in databases:
            await _drop(session, f'"{name}"')
        roles = await _leftovers(session, "rolname", "pg_roles")
        for name in roles:
            with suppress(asyncpg.DependentObjectsStillExistError):  # of a database that is in use
                await session.execute(f'DROP ROLE IF EXISTS "{name}"')
    return databases + roles


async def _leftovers(session: "asyncpg.Connection", column: str, table: str) -> list[str]:
    rows = await session.fetch(
        rf"SELECT {column} AS name FROM {table} WHERE {column} LIKE 'groundrules\_run\_%'"
    )
    return [row["name"] for row in rows if _is_leftover(row["name"])]


@asynccontextmanager
async def connection(server: Server) -> "AsyncIterator[asyncpg.Connection]":
    """Connect to the server's maintenance database; what goes wrong there becomes a PostgresError."""
    import asyncpg

    try:
        session = await asyncpg.connect(
            user=server.role,
            password=server.password or "",
            host=server.host,
            port=server.port,
            database=server.maintenance,
            ssl=server.sslmode,
            timeout=10,
            server_settings=SETTINGS,
        )
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        why = (
            "it did not respond within 10 seconds"
            if isinstance(error, TimeoutError)
            else _one_line(error)
        )
        advice = (
            f"check that it runs, and what {VARIABLE} says"
            if server.source == "environment"
            else "run `groundrules db stop` and try again"
        )
        raise PostgresError(
            f"PostgreSQL on {server.host}, port {server.port}, rejects {server.role}: {why}; "
            f"{advice}."
        ) from None
    try:
        yield session
    except asyncpg.PostgresError as error:
        raise PostgresError(f"PostgreSQL reported: {_one_line(error)}.") from None
    finally:
        await session.close(timeout=10)


def _creation(name: str, template: str | None = None) -> str:
    copied = f"TEMPLATE {_checked(template)}" if template else "TEMPLATE template0 ENCODING 'UTF8'"
    return f"CREATE DATABASE {_checked(name)} {copied}"


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"The tool touches only databases named groundrules_*, not {name!r}.")
    return f'"{name}"'


def _is_leftover(name: str) -> bool:
    match = _RUN.fullmatch(name)
    if match is None:
        return False
    if time.time() - int(match["made"], 16) > _A_DAY:
        return True
    return match["host"] == _host() and not _is_alive(int(match["pid"]))


def _host() -> str:
    return hashlib.sha256(platform.node().encode()).hexdigest()[:6]


def _is_alive(pid: int) -> bool:
    if sys.platform == "win32":  # where os.kill ends the process, whatever the signal
        import ctypes

        handle = ctypes.windll.kernel32.OpenProcess(0x1000, False, pid)
        ctypes.windll.kernel32.CloseHandle(handle)
        return bool(handle)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
