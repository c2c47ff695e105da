"""Task 07.8: what the documentation promises."""

import re
from typing import Any

import pytest

from groundrules.testing import task
from groundrules.testing.answers import must_answer
from groundrules.testing.app import App

USER = {"id", "email", "full_name", "is_librarian", "is_active", "created_at", "updated_at"}
BOOK = {"id", "isbn", "title", "author", "published_year", "copies", "available", "created_at"}
BOOK |= {"updated_at"}
ROUTES: list[tuple[str, int, set[str] | None]] = [
    ("POST /users/", 201, USER),
    ("GET /users/", 200, None),
    ("GET /users/{}", 200, USER),
    ("DELETE /users/{}", 204, None),
    ("POST /books/", 201, BOOK),
    ("GET /books/", 200, None),
    ("GET /books/{}", 200, BOOK),
    ("PUT /books/{}", 200, BOOK),
    ("PATCH /books/{}", 200, BOOK),
    ("DELETE /books/{}", 204, None),
]
LISTS = [("GET /users/", USER), ("GET /books/", BOOK)]
BODIES = [
    ("POST /users/", {"email", "password", "full_name"}),
    ("POST /books/", {"isbn", "title", "author", "published_year", "copies"}),
    ("PUT /books/{}", {"isbn", "title", "author", "published_year", "copies"}),
    ("PATCH /books/{}", {"isbn", "title", "author", "published_year", "copies"}),
]


@task("07.8", "described")
@pytest.mark.parametrize("route", [route for route, _, _ in ROUTES])
async def test_a_route_says_what_it_does(app: App, route: str) -> None:
    operation = (await Documentation.of(app)).operation(route)

    assert operation.get("description", "").strip(), (
        f"{route} must be described in /openapi.json: give its handler a docstring."
    )


@task("07.8", "described")
async def test_two_methods_of_a_path_do_not_say_the_same(app: App) -> None:
    documentation = await Documentation.of(app)
    said: dict[tuple[str, str], str] = {}

    for route, _, _ in ROUTES:
        method, path = route.split()
        text = documentation.operation(route).get("description", "").strip()
        other = said.setdefault((path, text), method)
        assert other == method, (
            f"{method} and {other} {path} have one description in /openapi.json, {text!r}: let each be the "
            "docstring of its own handler."
        )


@task("07.8", "success-code", "response-body")
@pytest.mark.parametrize(("route", "code", "fields"), ROUTES, ids=[each[0] for each in ROUTES])
async def test_a_route_declares_its_success(
    app: App, route: str, code: int, fields: set[str] | None
) -> None:
    documentation = await Documentation.of(app)
    operation = documentation.operation(route)

    declared = [each for each in operation.get("responses", {}) if each.startswith("2")]
    assert declared == [f"{code}"], (
        f"{route} must declare the success {code} in /openapi.json, and no other; "
        f"it declares {', '.join(declared) or 'none'}."
    )
    content = operation["responses"][f"{code}"].get("content", {})
    if code == 204:
        assert not content, f"{route} returns 204, so it must declare no body in /openapi.json."
    if fields is not None:
        shown = documentation.fields(_schema(content))
        assert shown == fields, (
            f"{route} must declare in /openapi.json that it returns {_words(fields)}; it "
            f"declares {_words(shown)}."
        )


@task("07.8", "response-body")
@pytest.mark.parametrize(("route", "fields"), LISTS, ids=[each[0] for each in LISTS])
async def test_a_list_declares_a_page_of_its_items(app: App, route: str, fields: set[str]) -> None:
    documentation = await Documentation.of(app)
    operation = documentation.operation(route)

    page = documentation.resolved(_schema(operation["responses"].get("200", {}).get("content", {})))
    shown = documentation.fields(page)
    assert shown == {"items", "total", "limit", "offset"}, (
        f"{route} must declare in /openapi.json that it returns items, limit, offset, total; it "
        f"declares {_words(shown)}."
    )
    items = documentation.fields(page["properties"]["items"].get("items", {}))
    assert items == fields, (
        f"{route} must declare in /openapi.json that its items have {_words(fields)}; "
        f"it declares {_words(items)}."
    )


@task("07.8", "request-body")
@pytest.mark.parametrize(("route", "fields"), BODIES, ids=[each[0] for each in BODIES])
async def test_a_route_declares_its_body(app: App, route: str, fields: set[str]) -> None:
    documentation = await Documentation.of(app)
    operation = documentation.operation(route)

    body = _schema(operation.get("requestBody", {}).get("content", {}))
    shown = documentation.fields(body)
    assert shown == fields, (
        f"{route} must declare in /openapi.json that its body has {_words(fields)}; "
        f"it declares {_words(shown)}."
    )


class Documentation:
    """What the application says about itself at /openapi.json."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document

    @classmethod
    async def of(cls, app: App) -> "Documentation":
        answer = await app.get("/openapi.json")
        must_answer(answer, 200, to="a request for the documentation")
        return cls(answer.json())

    def operation(self, route: str) -> dict[str, Any]:
        """Return what is said about a route; `{}` stands for a parameter of any name."""
        method, wanted = route.split()
        for path, operations in self._document.get("paths", {}).items():
            if re.sub(r"\{[^}]*\}", "{}", path) == f"/api/v1{wanted}":
                operation: dict[str, Any] | None = operations.get(method.lower())
                if operation is not None:
                    return operation
        raise AssertionError(f"/openapi.json must have the route {route}, under /api/v1.")

    def resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return a schema itself for a reference to it."""
        schema = schema["allOf"][0] if len(schema.get("allOf", [])) == 1 else schema
        name = schema.get("$ref", "").rpartition("/")[2]
        schemas = self._document.get("components", {}).get("schemas", {})
        found: dict[str, Any] = schemas.get(name, {}) if name else schema
        return found

    def fields(self, schema: dict[str, Any]) -> set[str]:
        """Return the names of the fields that a schema has."""
        return set(self.resolved(schema).get("properties", {}))


def _schema(content: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = content.get("application/json", {}).get("schema", {})
    return schema


def _words(fields: set[str]) -> str:
    return ", ".join(sorted(fields)) or "nothing"
