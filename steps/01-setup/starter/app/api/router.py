"""Everything under `/api/v1`.

Task 01.4 of steps/01-setup/README.md adds the health route to this router.
"""

from fastapi import APIRouter

api_router = APIRouter()
