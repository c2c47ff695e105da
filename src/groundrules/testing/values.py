"""What a call of the trainee's code gave back, as the tests see it."""

from dataclasses import dataclass
from typing import Any

from groundrules.worker.client import BadReply
from groundrules.worker.protocol import JSON


@dataclass(frozen=True)
class Schema:
    """A Pydantic model: the name of its class and its fields, as JSON would show them."""

    name: str
    fields: dict[str, JSON]

    def __getattr__(self, field: str) -> Any:
        if field in self.fields:
            return self.fields[field]
        if field.startswith("__"):
            raise AttributeError(field)
        raise AssertionError(f"{self.name} has no field `{field}`.")


@dataclass(frozen=True)
class Opaque:
    """Anything that JSON has no form for, by the name of its class."""

    name: str

    def __getattr__(self, field: str) -> Any:
        if field.startswith("__"):
            raise AttributeError(field)
        raise AssertionError(f"`{field}` cannot be read from {self.name}: it is no Pydantic model.")


def from_json(data: JSON) -> Any:
    """Return the value that a worker sent; raise `BadReply` if it has not the shape of one."""
    match data:
        case {"json": None | bool() | int() | float() | str() as value, **rest} if not rest:
            return value
        case {"schema": str(name), "data": dict(fields), **rest} if not rest:
            return Schema(name, fields)
        case {"list": list(values), **rest} if not rest:
            return [from_json(value) for value in values]
        case {"object": dict(values), **rest} if not rest:
            return {key: from_json(value) for key, value in values.items()}
        case {"opaque": str(name), **rest} if not rest:
            return Opaque(name)
    raise BadReply("The worker sent something that is no value.")
