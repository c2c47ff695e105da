"""Logging in over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Response, status
from sqlalchemy.ext.asyncio import AsyncSession

from app.api.deps import get_db
from app.api.errors import may_return
from app.core.security import create_access_token
from app.schemas.token import LoginForm, Token
from app.services import auth_service

router = APIRouter(prefix="/auth", tags=["auth"])


@router.post("/token", responses=may_return(400, 401))
async def log_in(
    form: Annotated[LoginForm, Form()], response: Response, db: AsyncSession = Depends(get_db)
) -> Token:
    """Log in with an email and a password, and get a token for the requests that follow."""
    user = await auth_service.authenticate(
        db, email=form.username, password=form.password.get_secret_value()
    )
    if user is None:
        raise HTTPException(
            status.HTTP_401_UNAUTHORIZED,
            detail="The email or the password is wrong.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    response.headers["Cache-Control"] = "no-store"
    return Token(access_token=create_access_token(str(user.id)))
