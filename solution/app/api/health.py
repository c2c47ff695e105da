"""Whether the application is up, and whether it reaches the database."""

from fastapi import APIRouter, Depends
from sqlalchemy.ext.asyncio import AsyncSession

from app.api.deps import get_db
from app.core.database import ping

router = APIRouter(tags=["health"])


@router.get("/health")
async def read_health(db: AsyncSession = Depends(get_db)) -> dict[str, str]:
    """Report that the application is up, and whether the database is: `ok` or `unreachable`."""
    return {"status": "ok", "database": "ok" if await ping(db) else "unreachable"}
