"""Finds or starts PostgreSQL 15, and makes the databases that the course works in.

Every command of a clone shares one server: the one that GROUNDRULES_DATABASE_URL names, or one of the
clone's own, run by the binaries on the machine or by those of a wheel. `DATABASE_URL` is the application's
and is never read here.
"""

from groundrules.postgres.cluster import Status, ensure, find, status, stop
from groundrules.postgres.databases import (
    SETTINGS,
    connection,
    create_database,
    create_guest,
    create_role,
    databases_of,
    drop_database,
    drop_leftovers,
    drop_role,
    ensure_database,
    reset_role,
    run_name,
)
from groundrules.postgres.server import PostgresError, Server, Source

__all__ = [
    "SETTINGS",
    "PostgresError",
    "Server",
    "Source",
    "Status",
    "connection",
    "create_database",
    "create_guest",
    "create_role",
    "databases_of",
    "drop_database",
    "drop_leftovers",
    "drop_role",
    "ensure",
    "ensure_database",
    "find",
    "reset_role",
    "run_name",
    "status",
    "stop",
]
