"""Loans over HTTP.

Write them in step 08 (steps/08-auth/README.md): borrow, list, show and return.
"""

from fastapi import APIRouter

router = APIRouter(prefix="/loans", tags=["loans"])
