"""The commands of `groundrules db`: the course's PostgreSQL."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groundrules.terminal import plain_errors

if TYPE_CHECKING:
    from groundrules.postgres import Server

DATABASE = "groundrules_dev"

app = typer.Typer(
    no_args_is_help=True,
    help="Manage the course's PostgreSQL 15.\n\nCommands that need it start it, and it runs until "
    "`groundrules db stop`. It belongs to this clone and does not listen on the network. Its "
    "databases stay until you delete them.\n\nTo use another server, set GROUNDRULES_DATABASE_URL.",
)


@app.command()
def start(
    wheel: Annotated[
        bool,
        typer.Option(
            "--wheel", help="Use the PostgreSQL 15 from a Python wheel, not the installed one."
        ),
    ] = False,
) -> None:
    """Start PostgreSQL, unless it is already running.

    Uses the PostgreSQL 15 that is installed on this machine, or else downloads one.
    """
    from groundrules import postgres

    with plain_errors():
        server = postgres.ensure(_root(), source="wheel" if wheel else None, say=_say)
    print(f"PostgreSQL {server.version} is running ({_ORIGIN[server.source]}).")


@app.command()
def stop() -> None:
    """Stop PostgreSQL. Its databases stay for the next start."""
    from groundrules import postgres

    with plain_errors():
        ran = postgres.stop(_root(), say=_say)
    print("PostgreSQL is stopped." if ran else "PostgreSQL was not running.")


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show whether PostgreSQL is running, where it comes from and where its data is.

    Exits with 0 if it is running, with 1 if it is not, and with 2 if that cannot be determined.
    """
    from groundrules import postgres

    with plain_errors():
        found = postgres.status(_root())
    server = found.server
    if as_json:
        told = {
            "running": server is not None,
            "source": server and server.source,
            "version": server and server.version,
            "url": server and server.url_for(DATABASE),
            "data": found.data and str(found.data),
        }
        print(json.dumps(told, indent=2))
    elif server is None:
        print("PostgreSQL is not running. Start it with: groundrules db start")
    else:
        print(f"PostgreSQL {server.version} is running ({_ORIGIN[server.source]}).")
        if found.data:
            print(f"Its data is in {found.data}")
    raise typer.Exit(0 if server else 1)


@app.command()
def url(
    name: Annotated[
        str, typer.Argument(help=("The database. It is created if it does not exist."))
    ] = DATABASE,
) -> None:
    """Print the URL of a database, for the application's DATABASE_URL.

    For example: export DATABASE_URL=$(groundrules db url)
    """
    with plain_errors():
        server = _server_with(name)
    print(server.url_for(name))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def psql(context: typer.Context) -> None:
    """Open the application's database in psql. Further arguments are passed to psql.

    For example: groundrules db psql -c "SELECT count(*) FROM users"
    """
    import shutil

    with plain_errors():
        server = _server_with(DATABASE)
        program = shutil.which("psql", path=server.binaries) or shutil.which("psql")
        if program is None:
            print(
                "psql is not installed: install PostgreSQL's client programs (apt install "
                "postgresql-client, brew install libpq).",
                file=sys.stderr,
            )
            raise typer.Exit(2)
    # In the environment a password is nobody else's to see, and options given by hand come first.
    settings = {
        "PGHOST": server.host,
        "PGPORT": str(server.port),
        "PGUSER": server.role,
        "PGDATABASE": DATABASE,
        "PGPASSWORD": server.password or "",
        "PGSSLMODE": server.sslmode or "prefer",
    }
    os.environ.update(settings)
    command = [program, *context.args]
    if sys.platform == "win32":
        raise typer.Exit(subprocess.run(command, check=False).returncode)
    os.execv(program, command)


_ORIGIN = {
    "environment": "the server in GROUNDRULES_DATABASE_URL",
    "machine": "this clone's own, with the PostgreSQL of the machine",
    "wheel": "this clone's own, with the downloaded PostgreSQL",
}


def _server_with(name: str) -> "Server":
    import asyncio

    from groundrules import postgres

    server = postgres.ensure(_root(), say=_say)
    asyncio.run(postgres.ensure_database(server, name))
    return server


def _root() -> Path:
    from groundrules.course.steps import course_to_read

    return course_to_read().root


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
