"""Users: who may use the library."""

from collections.abc import Sequence

from pydantic import Secret
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.exceptions import EmailTaken, HasOpenLoans
from app.core.security import hash_password
from app.models.loan import Loan
from app.models.user import User
from app.schemas.user import UserCreate, UserUpdate
from app.services.pages import fetch_page
from app.services.transactions import commit, lock


async def get(db: AsyncSession, *, user_id: int) -> User | None:
    """Return the user with that id, or None."""
    return await db.get(User, user_id)


async def get_by_email(db: AsyncSession, *, email: str) -> User | None:
    """Return the user with that email, in whatever case it is written, or None."""
    users = await db.scalars(select(User).where(User.email == email.lower()))
    return users.one_or_none()


async def list_page(db: AsyncSession, *, limit: int, offset: int) -> tuple[Sequence[User], int]:
    """Return one page of the users, ordered by id, and their total number."""
    return await fetch_page(db, select(User).order_by(User.id), limit=limit, offset=offset)


async def create(db: AsyncSession, *, obj_in: UserCreate) -> User:
    """Add a user; raise EmailTaken if another has the email."""
    hashed_password = await _hash(db, obj_in.password)
    if await get_by_email(db, email=obj_in.email) is not None:
        raise EmailTaken
    user = User(
        email=obj_in.email,
        full_name=obj_in.full_name,
        hashed_password=hashed_password,
    )
    db.add(user)
    await commit(db)
    return user


async def update(db: AsyncSession, *, user: User, obj_in: UserUpdate) -> User:
    """Change the given fields; raise EmailTaken if another user has the email."""
    changes = obj_in.model_dump(exclude_unset=True, exclude={"password"})
    if obj_in.password is not None:
        changes["hashed_password"] = await _hash(db, obj_in.password)
    user = await lock(db, User, user.id)
    if obj_in.email is not None:
        other = await get_by_email(db, email=obj_in.email)
        if other is not None and other is not user:
            raise EmailTaken
    for name, value in changes.items():
        setattr(user, name, value)
    await commit(db)
    return user


async def delete(db: AsyncSession, *, user: User) -> None:
    """Delete a user and their returned loans; raise HasOpenLoans if they have a book."""
    user = await lock(db, User, user.id)
    if await db.scalar(
        select(Loan.id).where(Loan.user_id == user.id, Loan.returned_at.is_(None)).limit(1)
    ):
        raise HasOpenLoans
    await db.delete(user)
    await db.commit()


async def _hash(db: AsyncSession, password: Secret[str]) -> str:
    await db.commit()  # so that no connection is held while a password is hashed
    return await hash_password(password.get_secret_value())
