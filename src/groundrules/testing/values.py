"""What a call of the trainee's code takes and gives back, as the tests see it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from groundrules.worker.errors import BadReply
from groundrules.worker.protocol import DEPTH_LIMIT, JSON
from groundrules.worker.scalars import from_text, to_text


@dataclass(frozen=True)
class Schema:
    """A Pydantic model: its class, and its fields as JSON would show them."""

    class_name: str
    fields: dict[str, JSON]

    def __repr__(self) -> str:
        return _written(self.class_name, self.fields)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name in self.fields:
            return self.fields[name]
        raise AssertionError(
            f"{_short(self.class_name)} has no field `{name}`, or leaves it out where it is null."
        )


@dataclass(frozen=True)
class Row:
    """A row: the class it is mapped to, its primary key, and the columns that were loaded.

    What is not loaded, or may have changed since, is to be read from the database.
    """

    class_name: str
    key: dict[str, Any]
    values: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return _written(self.class_name, self.key)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name in self.values:
            return self.values[name]
        if name in self.key:
            return self.key[name]
        raise AssertionError(
            f"`{name}` of {_short(self.class_name)} is not loaded: it is not a column, or a "
            "commit expired it and nothing has loaded it since."
        )


class Record:
    """An object that has these attributes, to be handed to what reads a row's attributes."""

    def __init__(self, **attributes: Any) -> None:
        self.attributes = attributes


@dataclass(frozen=True)
class Opaque:
    """Anything that JSON has no form for, by its class; two are equal if they are the same object."""

    class_name: str
    number: int

    def __repr__(self) -> str:
        return f"<{_short(self.class_name)} object>"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise AssertionError(
            f"`{name}` cannot be read from {_short(self.class_name)}: "
            "it is neither a Pydantic model nor a row."
        )


@dataclass(frozen=True)
class Class:
    """A class itself, where an object of it may have been meant."""

    class_name: str

    @property
    def name(self) -> str:
        """Its name without its module."""
        return _short(self.class_name)


def from_json(data: JSON, depth: int = 0) -> Any:
    """Return the value that a worker sent; raise `BadReply` if it has not the shape of one."""
    if depth > DEPTH_LIMIT + 2:
        raise BadReply("The worker sent a value that is nested too deeply.")
    match data:
        case {"json": None | bool() | int() | float() | str() as value, **rest} if not rest:
            return value
        case {"scalar": str(kind), "text": str(text), **rest} if not rest:
            return _scalar(kind, text)
        case {"schema": str(name), "data": dict(fields), **rest} if not rest:
            return Schema(name, fields)
        case {"row": str(name), "key": dict(key), "values": dict(values), **rest} if not rest:
            return Row(name, _each(key, depth), _each(values, depth))
        case {"list": list(items), **rest} if not rest:
            return [from_json(item, depth + 1) for item in items]
        case {"object": dict(items), **rest} if not rest:
            return _each(items, depth)
        case {"class": str(name), **rest} if not rest:
            return Class(name)
        case {"opaque": str(name), "number": int(number), **rest} if not rest:
            return Opaque(name, number)
    raise BadReply("The worker sent something that is not a value.")


def to_argument(value: Any) -> dict[str, JSON]:
    """Return an argument as tagged JSON; raise TypeError for what cannot be handed over.

    Raises `AssertionError` for a row that was never stored.
    """
    scalar = to_text(value)
    if scalar is not None:
        return {**scalar}
    match value:
        case None | bool() | int() | float() | str():
            return {"json": value}
        case Schema():
            return {"schema": value.class_name, "data": value.fields}
        case Row():
            if not value.key:
                name = _short(value.class_name)
                raise AssertionError(f"This {name} has no primary key: it was never stored.")
            key: dict[str, JSON] = {name: to_argument(part) for name, part in value.key.items()}
            return {"row": value.class_name, "key": key}
        case Record():
            return {"attributes": arguments_of(value.attributes)}
        case list() | tuple():
            return {"list": [to_argument(each) for each in value]}
        case Mapping():
            return {"object": arguments_of(value)}
    if hasattr(type(value), "as_argument"):
        argument: dict[str, JSON] = value.as_argument()
        return argument
    raise TypeError(f"A test cannot hand over {value!r}.")


def arguments_of(values: Mapping[str, Any]) -> dict[str, JSON]:
    """Return named arguments as `to_argument` does each."""
    return {name: to_argument(value) for name, value in values.items()}


def _each(values: dict[str, JSON], depth: int) -> dict[str, Any]:
    return {name: from_json(value, depth + 1) for name, value in values.items()}


def _scalar(kind: str, text: str) -> Any:
    try:
        return from_text(kind, text)
    except ValueError as error:
        raise BadReply(f"The worker sent something that is not a value: {error}.") from None


def _written(class_name: str, fields: dict[str, Any]) -> str:
    """Return an object as somebody would create it, for messages."""
    given = ", ".join(f"{name}={value!r}" for name, value in fields.items())
    return f"{_short(class_name)}({given})"


def _short(class_name: str) -> str:
    return class_name.rpartition(".")[2]
