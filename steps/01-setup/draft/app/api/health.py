"""Whether the application is up."""

from fastapi import APIRouter

router = APIRouter(tags=["health"])


@router.get("/health")
async def read_health() -> dict[str, str]:
    """Report that the application is up."""
    return {"status": "ok"}
