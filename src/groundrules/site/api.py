"""The finished application's API, from the OpenAPI document that it makes of itself."""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

_ASK = "import json; from app.main import app; print(json.dumps(app.openapi()))"
_ENVIRONMENT = {
    "DATABASE_URL": "postgresql+asyncpg://nobody@localhost/none",
    "SECRET_KEY": "x" * 48,
}


def as_json(root: Path) -> str:
    """Return the OpenAPI document of `solution/`."""
    return json.dumps(_specification(root), indent=1)


def endpoints(root: Path) -> str:
    """Return the endpoints by tag: each with what it does, who may ask, and what it answers."""
    specification = _specification(root)
    tags: dict[str, list[str]] = {}
    for path, methods in specification["paths"].items():
        for method, operation in methods.items():
            row = _endpoint(method.upper(), path, operation)
            tags.setdefault((operation.get("tags") or ["application"])[0], []).append(row)
    head = [
        ("| method and path | what it does | takes | login | responses |"),
        "|---|---|---|---|---|",
    ]
    return "\n\n".join(
        "\n".join([f"### {tag.capitalize()}", "", *head, *rows]) for tag, rows in tags.items()
    )


def schemas(root: Path) -> str:
    """Return the schemas that requests and answers hold, each field with its type and limits."""
    parts = []
    for name, schema in _specification(root)["components"]["schemas"].items():
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
        parts.append("\n".join([f"### {name}", "", told, "", *head, *rows]))
    return "\n\n".join(parts)


@cache
def _specification(root: Path) -> dict[str, Any]:
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


def _endpoint(method: str, path: str, operation: dict[str, Any]) -> str:
    told = " ".join(operation.get("description", operation.get("summary", "")).split())
    login = "yes" if operation.get("security") else "no"
    answers = []
    for code, answer in sorted(operation["responses"].items()):
        shown = _schema_of(answer)
        answers.append(f"{code} {shown}" if shown and code.startswith("2") else code)
    return f"| `{method} {path}` | {told} | {_takes(operation)} | {login} | {', '.join(answers)} |"


def _takes(operation: dict[str, Any]) -> str:
    taken = [
        f"`{each['name']}`" for each in operation.get("parameters", []) if each["in"] == "query"
    ]
    body = operation.get("requestBody")
    if body:
        taken.append(_schema_of(body))
    return ", ".join(taken) or "nothing"


def _schema_of(holder: dict[str, Any]) -> str:
    for content in holder.get("content", {}).values():
        return _kind(content.get("schema", {}))
    return ""


def _kind(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
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
    told = [text.format(found[key]) for key, text in words.items() if found.get(key) is not None]
    return ", ".join(told)
