"""Whether the application is up.

Write the route in task 01.4 of steps/01-setup/README.md.
"""

from fastapi import APIRouter

router = APIRouter()
