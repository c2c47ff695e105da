"""The finished application's API, from the OpenAPI document that it makes of itself."""

import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

_ASK = """
import json

from app.main import app


def found(routes):
    for route in routes:
        router = getattr(route, "original_router", None)
        yield from found(router.routes) if router else [route]


def is_for_librarians(route):
    needed = getattr(getattr(route, "dependant", None), "dependencies", [])
    return any(each.call.__name__ == "get_librarian" for each in needed)


librarians = [
    [method, route.path]
    for route in found(app.routes)
    if is_for_librarians(route)
    for method in route.methods
]
print(json.dumps({"openapi": app.openapi(), "librarians": librarians}))
"""
_BIGINT = 2**63 - 1  # OpenAPI has it as a float, which is one more
_ENVIRONMENT = {
    "DATABASE_URL": "postgresql+asyncpg://nobody@localhost/none",
    "SECRET_KEY": "x" * 48,
}


def as_json(root: Path) -> str:
    """Return the OpenAPI document of `solution/`."""
    return json.dumps(_asked(root)["openapi"], indent=1)


def endpoints(root: Path) -> str:
    """Return the endpoints by tag: each with what it does, who may send it, and what it returns."""
    specification, librarians = _asked(root)["openapi"], _asked(root)["librarians"]
    tags: dict[str, list[str]] = {}
    for path, methods in specification["paths"].items():
        for method, operation in methods.items():
            login = "librarian" if _is_among(librarians, method.upper(), path) else ""
            row = _endpoint(method.upper(), path, operation, login)
            tags.setdefault((operation.get("tags") or ["application"])[0], []).append(row)
    head = [
        ("| method and path | what it does | takes | login | responses |"),
        "|---|---|---|---|---|",
    ]
    return "\n\n".join(
        "\n".join([f"### {tag.capitalize()}", "", *head, *rows]) for tag, rows in tags.items()
    )


def schemas(root: Path) -> str:
    """Return the schemas of requests and responses, each field with its type and limits."""
    parts = []
    for name, schema in _asked(root)["openapi"]["components"]["schemas"].items():
        fields = schema.get("properties")
        if not fields or name in ("HTTPValidationError", "ValidationError"):
            continue
        required = schema.get("required", [])
        rows = [
            f"| `{field}` | {_kind(kind)} | {'yes' if field in required else 'no'} | {_limits(kind)} |"
            for field, kind in fields.items()
        ]
        told = " ".join(schema.get("description", "").split())
        head = ["| field | type | required | limits |", "|---|---|---|---|"]
        title = f"### {_named(name)} {{ #{name.lower()} }}"
        parts.append("\n".join([title, "", told, "", *head, *rows]))
    return "\n\n".join(parts)


@cache
def _asked(root: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", _ASK],
        cwd=root / "solution",
        env={**os.environ, **_ENVIRONMENT},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip() or "it printed nothing").splitlines()[-1]
        raise ValueError(f"solution/ could not be asked for its OpenAPI document: {last}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _is_among(librarians: list[list[str]], method: str, path: str) -> bool:
    return any(known == method and path.endswith(below) for known, below in librarians)


def _endpoint(method: str, path: str, operation: dict[str, Any], login: str) -> str:
    told = " ".join(operation.get("description", operation.get("summary", "")).split())
    login = login or ("user" if operation.get("security") else "no")
    answers = []
    for code, answer in sorted(operation["responses"].items()):
        shown = _schema_of(answer)
        answers.append(f"{code} {shown}" if shown and code.startswith("2") else code)
    return f"| `{method} {path}` | {told} | {_takes(operation)} | {login} | {', '.join(answers)} |"


def _takes(operation: dict[str, Any]) -> str:
    taken = [f"`{each['name']}`" for each in operation.get("parameters", [])]
    body = operation.get("requestBody")
    if body:
        taken.append(_schema_of(body))
    return ", ".join(taken) or "nothing"


def _schema_of(holder: dict[str, Any]) -> str:
    for content in holder.get("content", {}).values():
        return _kind(content.get("schema", {}))
    return ""


def _named(name: str) -> str:
    """Return a schema's name as Python writes it: `Page_BookResponse_` is `Page[BookResponse]`."""
    return re.sub(r"^(\w+?)_(\w+)_$", r"\1\\[\2\\]", name)


def _kind(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{_named(name)}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    kind = schema.get("format") or schema.get("type") or "anything"
    return str(kind)


def _limits(schema: dict[str, Any]) -> str:
    words = {
        "minLength": "at least {} characters",
        "maxLength": "at most {} characters",
        "minimum": "at least {}",
        "maximum": "at most {}",
        "default": "{} if it is left out",
    }
    found = {
        key: value for part in [*schema.get("anyOf", []), schema] for key, value in part.items()
    }
    told = [_limit(text, found[key]) for key, text in words.items() if found.get(key) is not None]
    return ", ".join(told)


def _limit(text: str, value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        value = min(int(value), _BIGINT)
    told = text.format(value)
    return told.removesuffix("s") if value == 1 else told
