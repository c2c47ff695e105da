"""The server that GROUNDRULES_DATABASE_URL names."""

import os
from collections.abc import Coroutine
from dataclasses import replace
from typing import TypeVar

from groundrules.postgres.server import HOW_TO_GET_15, VARIABLE, PostgresError, Server, parse_url

T = TypeVar("T")


def named() -> Server | None:
    """Return the server that the variable names, not yet asked; raise PostgresError if it is no URL."""
    url = os.environ.get(VARIABLE)
    return parse_url(url) if url else None


def check(server: Server) -> Server:
    """Return the server with its version, once it has let us in.

    Raises PostgresError if it does not, is not PostgreSQL 15, or may not create databases and roles.
    """
    version, lacking = run(_ask(server))
    if version.split(".")[0] != "15":
        raise PostgresError(
            f"The server in {VARIABLE} is PostgreSQL {version}, and the course needs 15: "
            f"{HOW_TO_GET_15}."
        )
    if lacking:
        raise PostgresError(
            f"The role {server.role} of {VARIABLE} may not create databases and roles: let an administrator "
            f"of the server run ALTER ROLE {server.role} {' '.join(lacking)}."
        )
    return replace(server, version=version)


def run(coroutine: Coroutine[object, object, T]) -> T:
    """Run a coroutine to its end, whether or not an event loop runs in this thread already."""
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


async def _ask(server: Server) -> tuple[str, list[str]]:
    """Return the server's version, and the privileges that the role lacks."""
    from groundrules.postgres.databases import connection

    async with connection(server) as session:
        row = await session.fetchrow(
            "SELECT current_setting('server_version') AS version, rolcreatedb OR rolsuper AS \"CREATEDB\", "
            'rolcreaterole OR rolsuper AS "CREATEROLE" FROM pg_roles WHERE rolname = current_user'
        )
    return row["version"].split()[0], [each for each in ("CREATEDB", "CREATEROLE") if not row[each]]
