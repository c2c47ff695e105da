"""The documentation at /docs, which is made from /openapi.json."""

from typing import Any

import pytest
from fastapi import FastAPI

ANSWERS = {
    ("get", "/health"): {200},
    ("post", "/auth/token"): {200, 400, 401, 422, 503},
    ("post", "/users/"): {201, 400, 422, 503},
    ("get", "/users/me"): {200, 401, 503},
    ("patch", "/users/me"): {200, 400, 401, 404, 422, 503},
    ("get", "/users/"): {200, 401, 403, 422, 503},
    ("get", "/users/{user_id}"): {200, 401, 403, 404, 422, 503},
    ("delete", "/users/{user_id}"): {204, 400, 401, 403, 404, 422, 503},
    ("get", "/books/"): {200, 422, 503},
    ("get", "/books/{book_id}"): {200, 404, 422, 503},
    ("post", "/books/"): {201, 400, 401, 403, 422, 503},
    ("put", "/books/{book_id}"): {200, 400, 401, 403, 404, 422, 503},
    ("patch", "/books/{book_id}"): {200, 400, 401, 403, 404, 422, 503},
    ("delete", "/books/{book_id}"): {204, 400, 401, 403, 404, 422, 503},
    ("post", "/loans/"): {201, 400, 401, 404, 422, 503},
    ("get", "/loans/"): {200, 401, 422, 503},
    ("get", "/loans/{loan_id}"): {200, 401, 403, 404, 422, 503},
    ("post", "/loans/{loan_id}/return"): {200, 400, 401, 403, 404, 422, 503},
}
PUBLIC = {
    ("get", "/health"),
    ("post", "/auth/token"),
    ("post", "/users/"),
    ("get", "/books/"),
    ("get", "/books/{book_id}"),
}

Operations = dict[tuple[str, str], dict[str, Any]]


@pytest.fixture
def operations(application: FastAPI) -> Operations:
    """What the documentation says of each endpoint."""
    return {
        (method, path.removeprefix("/api/v1")): operation
        for path, methods in application.openapi()["paths"].items()
        for method, operation in methods.items()
    }


def test_every_endpoint_tells_every_answer_it_can_give(operations: Operations) -> None:
    told = {
        endpoint: {int(code) for code in operation["responses"]}
        for endpoint, operation in operations.items()
    }

    assert told == ANSWERS


def test_every_endpoint_says_what_it_is_for(operations: Operations) -> None:
    silent = [endpoint for endpoint, each in operations.items() if not each.get("description")]

    assert silent == []


def test_the_endpoints_that_want_a_login_say_so(operations: Operations) -> None:
    public = {endpoint for endpoint, each in operations.items() if "security" not in each}

    assert public == PUBLIC


def test_every_request_body_has_examples(application: FastAPI) -> None:
    schemas = application.openapi()["components"]["schemas"]
    bodies = ("UserCreate", "UserUpdate", "BookCreate", "BookUpdate", "LoanCreate", "LoginForm")

    without = [
        f"{name}.{field}"
        for name in bodies
        for field, told in schemas[name]["properties"].items()
        if not any("examples" in each for each in (told, *told.get("anyOf", [])))
        and "const" not in told
    ]

    assert without == []


def test_clients_get_the_names_of_the_handlers(operations: Operations) -> None:
    assert operations["post", "/loans/{loan_id}/return"]["operationId"] == "return_loan"
