"""Users over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, status
from sqlalchemy.ext.asyncio import AsyncSession

from app.api.deps import get_db
from app.api.errors import as_http_error, may_return
from app.core.exceptions import LibraryError
from app.models.user import User
from app.schemas.base import Id
from app.schemas.page import Page, PageQuery
from app.schemas.user import UserCreate, UserResponse
from app.services import user_service

router = APIRouter(prefix="/users", tags=["users"])


async def find_user(user_id: Id, db: AsyncSession = Depends(get_db)) -> User:
    """Return the user that the path names."""
    user = await user_service.get(db, user_id=user_id)
    if user is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, detail="There is no such user.")
    return user


@router.post("/", status_code=status.HTTP_201_CREATED, responses=may_return(400))
async def create_user(user_in: UserCreate, db: AsyncSession = Depends(get_db)) -> UserResponse:
    """Sign up."""
    try:
        user = await user_service.create(db, obj_in=user_in)
    except LibraryError as error:
        raise as_http_error(error) from error
    return UserResponse.model_validate(user)


@router.get("/")
async def list_users(
    page: Annotated[PageQuery, Query()], db: AsyncSession = Depends(get_db)
) -> Page[UserResponse]:
    """List the users, ordered by id."""
    users, total = await user_service.list_page(db, limit=page.limit, offset=page.offset)
    return Page(
        items=[UserResponse.model_validate(user) for user in users],
        total=total,
        limit=page.limit,
        offset=page.offset,
    )


@router.get("/{user_id}", responses=may_return(404))
async def read_user(user: User = Depends(find_user)) -> UserResponse:
    """Show one user."""
    return UserResponse.model_validate(user)


@router.delete("/{user_id}", status_code=status.HTTP_204_NO_CONTENT, responses=may_return(400, 404))
async def delete_user(user: User = Depends(find_user), db: AsyncSession = Depends(get_db)) -> None:
    """Delete a user who has no open loans."""
    try:
        await user_service.delete(db, user=user)
    except LibraryError as error:
        raise as_http_error(error) from error
