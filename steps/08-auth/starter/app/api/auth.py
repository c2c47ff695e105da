"""Logging in over HTTP.

Write it in step 08 (steps/08-auth/README.md): `POST /auth/token`.
"""

from fastapi import APIRouter

router = APIRouter(prefix="/auth", tags=["auth"])
