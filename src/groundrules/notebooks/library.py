"""The finished application in a notebook: importable, set up, and with a database of its own."""

import asyncio
import os
import secrets
import sys
from dataclasses import dataclass
from importlib import import_module

from groundrules import postgres
from groundrules.course.steps import SOLUTION, course_to_read


@dataclass(frozen=True)
class Library:
    """The database of a notebook; `url` is its address, as in DATABASE_URL."""

    url: str
    _server: postgres.Server
    _name: str

    async def migrate(self, revision: str) -> None:
        """Run the migrations up to a revision."""
        from alembic import command
        from alembic.config import Config

        configuration = Config(course_to_read().root / SOLUTION / "alembic.ini")
        # In a thread, since the migrations start an event loop, and the notebook's runs here.
        await asyncio.to_thread(command.upgrade, configuration, revision)

    async def close(self) -> None:
        """Close the application's connections, and drop the database."""
        await import_module("app.core.database").get_engine().dispose()
        await postgres.drop_database(self._server, self._name)


async def open_library(revision: str = "head") -> Library:
    """Make a database, migrate it as far as `revision`, and make `app` importable and set up for it.

    What a notebook that was stopped has left is dropped. Raises `CourseError` outside of the course, and
    `PostgresError` where PostgreSQL cannot be had.
    """
    root = course_to_read().root
    server = await asyncio.to_thread(postgres.ensure, root)
    await postgres.drop_leftovers(server)
    name = postgres.run_name("notebook")
    await postgres.create_database(server, name)
    library = Library(server.url_for(name), server, name)
    for variable in ("ACCESS_TOKEN_MINUTES", "LOG_LEVEL"):
        os.environ.pop(variable, None)
    os.environ["DATABASE_URL"] = library.url
    os.environ["SECRET_KEY"] = secrets.token_urlsafe(48)
    application = str(root / SOLUTION)
    if application not in sys.path:
        sys.path.insert(0, application)
    await library.migrate(revision)
    return library
