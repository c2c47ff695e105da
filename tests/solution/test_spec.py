"""The team's rules, kept by this application; their example endpoint works in it as it is written."""

from pathlib import Path

import httpx2
import pytest
from fastapi import APIRouter, Depends, FastAPI, HTTPException, status
from sqlalchemy.ext.asyncio import AsyncSession

from app.api.deps import get_db
from app.schemas.user import UserCreate, UserResponse
from app.services import user_service
from groundrules.rules import check_project
from support import PASSWORD

router = APIRouter()


@router.post("/", response_model=UserResponse, status_code=status.HTTP_201_CREATED)
async def create_user(user_in: UserCreate, db: AsyncSession = Depends(get_db)) -> UserResponse:
    """
    Create a new user.
    """  # noqa: D200
    user = await user_service.get_by_email(db, email=user_in.email)
    if user:
        raise HTTPException(
            status_code=status.HTTP_400_BAD_REQUEST,
            detail="The user with this email already exists in the system.",
        )
    user = await user_service.create(db, obj_in=user_in)
    return user  # type: ignore[return-value]  # noqa: RET504


@pytest.mark.usefixtures("client")
async def test_the_example_endpoint_works_in_this_application(application: FastAPI) -> None:
    example = FastAPI()
    example.include_router(router, prefix="/users")
    example.dependency_overrides = application.dependency_overrides
    sign_up = {"email": "ada@example.org", "password": PASSWORD, "full_name": "Ada"}

    transport = httpx2.ASGITransport(app=example)
    async with httpx2.AsyncClient(transport=transport, base_url="http://library.test") as client:
        made = await client.post("/users/", json=sign_up)
        again = await client.post("/users/", json=sign_up)

    assert (made.status_code, again.status_code) == (201, 400)
    assert made.json()["email"] == "ada@example.org"
    assert "password" not in made.text


def test_no_rule_finds_anything() -> None:
    report = check_project(Path(__file__).parents[2] / "solution", honour_ignores=False)

    assert report.findings == ()
