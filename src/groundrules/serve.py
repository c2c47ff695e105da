"""`groundrules serve`: an application of the course on the course's database, with something in it."""

import asyncio
import os
import re
import secrets
import socket
import subprocess
import sys
import time
import webbrowser
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from groundrules import postgres
from groundrules.course.steps import Course, CourseError, application_folder, course_to_read
from groundrules.course.tree import shown
from groundrules.serving import Relay

if TYPE_CHECKING:
    import httpx2

EMAIL, PASSWORD = "ada@example.org", "correct horse battery"
_BOOKS = (
    ("9780131103627", "The C Programming Language", "Brian Kernighan, Dennis Ritchie", 1988, 2),
    (
        "9780262510875",
        "Structure and Interpretation of Computer Programs",
        "Harold Abelson",
        1996,
        1,
    ),
    ("9780201633610", "Design Patterns", "Erich Gamma", 1994, 3),
    ("9780201896831", "The Art of Computer Programming, Volume 1", "Donald Knuth", 1997, 1),
    ("9780135957059", "The Pragmatic Programmer", "David Thomas, Andrew Hunt", 2019, 2),
    ("9781449373320", "Designing Data-Intensive Applications", "Martin Kleppmann", 2017, 4),
)
_ENVIRONMENT = "migrations/env.py"
_STARTS_WITHIN = 20.0  # seconds


@dataclass(frozen=True)
class Application:
    """An application's folder, where it is served, and the database it has."""

    folder: Path
    port: int
    server: postgres.Server

    @property
    def database(self) -> str:
        """The name of its database, one for each name that a folder has."""
        return "groundrules_serve_" + re.sub("[^a-z0-9]", "_", self.folder.name.lower())[:40]

    @property
    def address(self) -> str:
        """Where it is reached."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that the lessons name, over those that are set here."""
        key = os.environ.get("SECRET_KEY") or secrets.token_urlsafe(48)
        url = self.server.url_for(self.database)
        return {**os.environ, "DATABASE_URL": url, "SECRET_KEY": key}


def serve(named: Path | None, port: int, *, reload: bool, browse: bool) -> int:
    """Migrate, serve and fill an application until Ctrl-C; return its exit status.

    :param browse: open its documentation in a browser once it is served.

    Raises `CourseError` or `PostgresError` with a sentence if it cannot be served.
    """
    course = course_to_read()
    folder = application_folder(named or course.root / "solution")
    must_be_free(port)
    server = postgres.ensure(course.root, say=_say)
    application = Application(folder, port, server)
    asyncio.run(postgres.ensure_database(server, application.database))
    if _has_migrations(course, folder):
        _migrate(application)
    _say(f"{shown(folder)} will be at {application.address}/docs")
    colors = sys.stderr.isatty() and "NO_COLOR" not in os.environ
    command = [sys.executable, "-m", "uvicorn", "app.main:app", "--port", str(port)]
    with subprocess.Popen(
        [*command, *(["--reload"] if reload else []), *(["--use-colors"] if colors else [])],
        cwd=folder,
        env=application.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as process:
        assert process.stdout is not None
        then = "Fix that and save." if reload else "Fix that and serve it again."
        relay = Relay(process.stdout, folder, shown, then)
        try:
            if _is_up(process, application):
                asyncio.run(_fill(application))
                if browse and not webbrowser.open(f"{application.address}/docs"):
                    _say("No browser can be opened from here.")
            status = process.wait()
            relay.finish()
            return status
        except KeyboardInterrupt:  # in a terminal the server is sent it too
            process.terminate()
            process.wait()
            return 0
        finally:
            process.terminate()  # whatever else went wrong


def must_be_free(port: int) -> None:
    """Raise `CourseError` if nothing can be served on that port of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CourseError(
                f"Port {port} cannot be used ({(error.strerror or str(error)).lower()}): "
                f"choose another, as in --port {port + 1 if 1023 < port < 65535 else 8001}."
            ) from None


def _has_migrations(course: Course, folder: Path) -> bool:
    """Whether the application has gone as far as to have migrations of its own."""
    step = course.introduces(_ENVIRONMENT)
    begun = step is not None and not step.untouched(folder, _ENVIRONMENT)
    return begun and (folder / "alembic.ini").is_file()


def _migrate(application: Application) -> None:
    _say("Migrating the database …")
    done = subprocess.run(
        [sys.executable, "-m", "alembic", "upgrade", "head"],
        cwd=application.folder,
        env=application.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        told = [line for line in done.stderr.splitlines() if line.strip()] or ["it printed nothing"]
        raise CourseError(
            f"The migrations fail ({told[-1].strip()}): run pytest steps/04 to see what is wrong."
        )


def _is_up(process: "subprocess.Popen[str]", application: Application) -> bool:
    deadline = time.monotonic() + _STARTS_WITHIN
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", application.port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return True
    return False


async def _fill(application: Application) -> None:
    """Make a librarian by signing up, and books, as far as the application has got; tell of them."""
    import httpx2

    print(f"\nThe application of {application.folder}: {application.address}/docs")
    async with httpx2.AsyncClient(base_url=application.address, trust_env=False) as client:
        user = {"email": EMAIL, "password": PASSWORD, "full_name": "Ada Lovelace"}
        signed_up = await _post(client, "/api/v1/users/", user)
    if signed_up in (201, 400):  # made now, or at an earlier start
        await _fill_tables(application)
        print(f"Log in there as {EMAIL} with the password: {PASSWORD}")
    print("Stop it with Ctrl-C.", flush=True)


async def _post(client: "httpx2.AsyncClient", path: str, body: dict[str, str]) -> int:
    import httpx2

    try:
        return (await client.post(path, json=body)).status_code
    except httpx2.HTTPError:
        return 0


async def _fill_tables(application: Application) -> None:
    import asyncpg

    session = await asyncpg.connect(application.server.dsn_for(application.database))
    try:
        await session.execute("UPDATE users SET is_librarian = true WHERE email = $1", EMAIL)
        if not await session.fetchval("SELECT count(*) FROM books"):
            await session.executemany(
                "INSERT INTO books (isbn, title, author, published_year, copies, created_at, updated_at) "
                "VALUES ($1, $2, $3, $4, $5, now(), now())",
                _BOOKS,
            )
    except asyncpg.PostgresError as error:
        _say(f"There are no books to play with yet: {error}.")
    finally:
        await session.close()


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
