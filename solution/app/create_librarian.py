"""Creates a librarian: `python -m app.create_librarian ada@example.org "Ada Lovelace"`.

It prompts for the password, or reads it from standard input if that is not a terminal.
"""

import argparse
import asyncio
import getpass
import sys
from contextlib import asynccontextmanager

import asyncpg
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.api.deps import get_db
from app.core.exceptions import LibraryError
from app.schemas.user import UserCreate
from app.services import user_service

DATABASE_ERRORS = (SQLAlchemyError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError)


def main() -> None:
    """Create the librarian that the command line describes; exit with a message if that fails."""
    parser = argparse.ArgumentParser(prog="python -m app.create_librarian")
    parser.add_argument("email")
    parser.add_argument("full_name")
    arguments = parser.parse_args()
    try:
        obj_in = UserCreate.model_validate({**vars(arguments), "password": ask_for_password()})
        asyncio.run(create_librarian(obj_in))
    except ValidationError as error:
        problem = error.errors()[0]
        sys.exit(f"{problem['loc'][0]}: {problem['msg']}")
    except LibraryError as error:
        sys.exit(str(error))
    except DATABASE_ERRORS as error:
        sys.exit(f"The database cannot be used: {str(error).splitlines()[0]}")
    print(f"{obj_in.email} is a librarian now.")


def ask_for_password() -> str:
    """Return the password, from a prompt or from standard input."""
    if sys.stdin.isatty():
        return getpass.getpass()
    return sys.stdin.readline().rstrip("\n")


async def create_librarian(obj_in: UserCreate) -> None:
    """Create a user who is a librarian; raise EmailTaken if the email is in use.

    The service commits, so it gets a session whose commits only release savepoints: both changes are made in
    one transaction, and a failure in between cannot leave a user who is not a librarian.
    """
    async with asynccontextmanager(get_db)() as session:
        try:
            async with AsyncSession(
                await session.connection(),
                join_transaction_mode="create_savepoint",
                expire_on_commit=False,
            ) as inner:
                user = await user_service.create(inner, obj_in=obj_in)
                user.is_librarian = True
                await inner.commit()
            await session.commit()
        finally:
            await session.close()
            if isinstance(session.bind, AsyncEngine):
                await session.bind.dispose()


if __name__ == "__main__":
    main()
