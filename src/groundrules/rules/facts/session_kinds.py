"""Says which values are SQLAlchemy's sessions and connections, sync or async."""

import ast
from enum import Enum

from groundrules.rules.meaning.names import Names
from groundrules.rules.meaning.values import (
    Attribute,
    ClassValue,
    External,
    FunctionValue,
    Instance,
    Result,
    Value,
)

_TOPS = ("sqlalchemy.", "sqlmodel.")
_ENTERED = frozenset({"begin", "__aenter__", "__enter__"})


class Kind(Enum):
    """What a value talks to the database as."""

    SESSION = "Session"
    ASYNC_SESSION = "AsyncSession"
    CONNECTION = "Connection"
    ASYNC_CONNECTION = "AsyncConnection"


_CLASSES = {
    "Session": Kind.SESSION,
    "scoped_session": Kind.SESSION,
    "AsyncSession": Kind.ASYNC_SESSION,
    "async_scoped_session": Kind.ASYNC_SESSION,
    "Connection": Kind.CONNECTION,
    "AsyncConnection": Kind.ASYNC_CONNECTION,
}
_MAKERS = frozenset(
    {"async_sessionmaker", "sessionmaker", "async_scoped_session", "scoped_session"}
)
_ENGINES = {
    **dict.fromkeys(
        ("create_async_engine", "async_engine_from_config", "AsyncEngine"), Kind.ASYNC_CONNECTION
    ),
    **dict.fromkeys(("create_engine", "engine_from_config", "Engine"), Kind.CONNECTION),
}
_OPENING = frozenset({"begin", "connect", "begin_nested", "connection"})


_CONNECTED = {
    Kind.SESSION: Kind.CONNECTION,
    Kind.ASYNC_SESSION: Kind.ASYNC_CONNECTION,
}


def sqlalchemy_name(value: Value | None) -> str | None:
    """Return the last part of a name that SQLAlchemy or SQLModel define, None for all others."""
    if isinstance(value, External) and value.name.startswith(_TOPS):
        return value.name.rpartition(".")[2]
    return None


def class_kind(names: Names, of: Value | None) -> Kind | None:
    """Return what instances of a class are; subclasses count."""
    for each in names.ancestors(of):
        kind = _CLASSES.get(sqlalchemy_name(each) or "")
        if kind is not None:
            return kind
    return None


def kind_of(names: Names, value: Value | None) -> Kind | None:
    """Return what a value is, None if it is no session or connection, or that cannot be known."""
    match value:
        case Instance(of=External() | ClassValue() as cls):
            return class_kind(names, cls)
        case Result(of=Instance() as maker):
            return made_by(names, maker)
        case Result(of=Attribute(of=owner, name=name)):
            if name == "connection":
                held = kind_of(names, owner)
                return _CONNECTED.get(held) if held else None
            if name in {"connect", "begin"} and _engine_kind(names, owner):
                return _engine_kind(names, owner)
            if name in _ENTERED and isinstance(owner, Instance):
                return made_by(names, owner)
            if name == "execution_options":
                return kind_of(names, owner)
    return None


def is_async_engine(names: Names, value: Value | None) -> bool:
    """Whether a value is an `AsyncEngine`."""
    return _engine_kind(names, value) is Kind.ASYNC_CONNECTION


def opens(names: Names, called: Value | None) -> bool:
    """Whether calling a value opens a session, a connection or a transaction."""
    match called:
        case External() | ClassValue():
            return class_kind(names, called) is not None
        case Instance(of=of):
            return _is_one_of(names, of, _MAKERS)
        case Attribute(of=owner, name=name) if name in _OPENING:
            made_by_maker = isinstance(owner, Instance) and _is_one_of(names, owner.of, _MAKERS)
            return made_by_maker or is_open(names, owner) or bool(_engine_kind(names, owner))
    return False


def is_open(names: Names, value: Value | None) -> bool:
    """Whether a value is a session or a connection, of whatever kind."""
    if kind_of(names, value) is not None:
        return True
    return isinstance(value, Result) and opens(names, value.of)


def made_by(names: Names, maker: Instance) -> Kind | None:
    """Return what a session maker makes when it is called; None if it is none, or that is unknown."""
    match sqlalchemy_name(maker.of):
        case "async_sessionmaker":
            return Kind.ASYNC_SESSION
        case "async_scoped_session":
            return Kind.ASYNC_SESSION
        case "scoped_session":
            return Kind.SESSION
        case "sessionmaker" if maker.call is not None and maker.scope is not None:
            given = {each.arg: each.value for each in maker.call.keywords}
            if "class_" in given:
                cls = names.evaluate(given["class_"], maker.scope, maker.frames)
                return class_kind(names, cls)
            return None if None in given else Kind.SESSION
    return None


def attribute_kind(names: Names, node: ast.Attribute, value: Value | None) -> Kind | None:
    """Return what the object is whose own attribute `node` takes; None if a class overrides it."""
    of_project = isinstance(value, Instance) and isinstance(value.of, ClassValue)
    if of_project and isinstance(names.attribute(value, node.attr), FunctionValue):
        return None
    return kind_of(names, value)


def _is_one_of(names: Names, of: Value | None, wanted: frozenset[str]) -> bool:
    return any(sqlalchemy_name(each) in wanted for each in names.ancestors(of))


def _engine_kind(names: Names, value: Value | None) -> Kind | None:
    """Return what the connections of an engine are; None if a value is no engine."""
    match value:
        case Instance(of=of):
            kinds = (_ENGINES.get(sqlalchemy_name(each) or "") for each in names.ancestors(of))
            return next((kind for kind in kinds if kind), None)
        case Result(of=Attribute(of=of, name="execution_options")):
            return _engine_kind(names, of)
        case Attribute(of=of, name="engine" | "sync_engine"):
            return _engine_kind(names, of) and Kind.CONNECTION
    return None
