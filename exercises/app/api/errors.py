"""The library's errors as `HTTPException`s, and in the API documentation."""

from typing import Any

from fastapi import HTTPException, status

from app.core.exceptions import LibraryError, NotFound
from app.schemas.base import ErrorResponse

Responses = dict[int | str, dict[str, Any]]


def as_http_error(error: LibraryError) -> HTTPException:
    """Return the `HTTPException` for an error of the library."""
    missing = isinstance(error, NotFound)
    code = status.HTTP_404_NOT_FOUND if missing else status.HTTP_400_BAD_REQUEST
    return HTTPException(code, detail=str(error))


def may_return(*codes: int) -> Responses:
    """Return the documentation of the errors that a route may return."""
    return {code: {"model": ErrorResponse, "description": MEANINGS[code]} for code in codes}


MEANINGS = {
    status.HTTP_400_BAD_REQUEST: "The request violates a rule, or its body cannot be read.",
    status.HTTP_401_UNAUTHORIZED: "Nobody is logged in.",
    status.HTTP_403_FORBIDDEN: "The user may not do this.",
    status.HTTP_404_NOT_FOUND: "The resource does not exist.",
    status.HTTP_503_SERVICE_UNAVAILABLE: "The database cannot be reached. Try again later.",
}
