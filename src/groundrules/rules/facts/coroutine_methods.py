"""Says which methods of SQLAlchemy's async objects make a coroutine."""

import ast

from groundrules.rules.facts.session_kinds import (
    Kind,
    attribute_kind,
    is_async_engine,
    sqlalchemy_name,
)
from groundrules.rules.meaning.names import Names
from groundrules.rules.meaning.values import Attribute, Instance, Result, Value
from groundrules.rules.source.tree import Scope

_BOTH = {"aclose", "close", "commit", "execute", "invalidate", "rollback", "run_sync"}
_BOTH |= {"scalar", "scalars"}
_OF_SESSIONS = {
    Kind.ASYNC_SESSION: _BOTH
    | {"close_all", "connection", "delete", "exec", "flush", "get", "get_one", "merge", "refresh"}
    | {"remove", "reset", "stream", "stream_scalars"},
    Kind.ASYNC_CONNECTION: _BOTH
    | {
        "exec_driver_sql",
        "execution_options",
        "get_isolation_level",
        "get_raw_connection",
        "start",
    },
}
_OF_ENGINES = frozenset({"dispose", "raw_connection"})
_OF_TRANSACTIONS = frozenset({"commit", "rollback", "close"})
_OF_RESULTS = frozenset({"all", "close", "fetchall", "fetchmany", "fetchone", "first", "one"})
_OF_RESULTS |= {"one_or_none", "scalar", "scalar_one", "scalar_one_or_none", "freeze"}
_TRANSACTIONS = frozenset({"AsyncTransaction", "AsyncSessionTransaction"})
_RESULTS = frozenset({"AsyncResult", "AsyncScalarResult", "AsyncMappingResult"})
_BEGINNING = frozenset({"begin", "begin_nested"})
_STREAMING = frozenset({"stream", "stream_scalars"})
_ASYNC = frozenset(_OF_SESSIONS)

METHODS = frozenset().union(*_OF_SESSIONS.values(), _OF_ENGINES, _OF_TRANSACTIONS, _OF_RESULTS)


def is_of_session(names: Names, func: ast.expr, scope: Scope) -> bool:
    """Whether what is called is a method of a session or connection that makes a coroutine."""
    if not isinstance(func, ast.Attribute) or func.attr not in METHODS:
        return False
    kind = attribute_kind(names, func, names.evaluate(func.value, scope))
    return kind is not None and func.attr in _OF_SESSIONS.get(kind, ())


def is_on_session(names: Names, func: ast.expr, scope: Scope) -> bool:
    """Whether what is called is any method of an async session or connection."""
    return isinstance(func, ast.Attribute) and is_async(
        attribute_kind(names, func, names.evaluate(func.value, scope))
    )


def is_of_other(names: Names, func: ast.expr, scope: Scope) -> bool:
    """Whether it is one of an engine, a transaction or a result that is streamed."""
    if not isinstance(func, ast.Attribute):
        return False
    value = names.evaluate(func.value, scope)
    return (
        (func.attr in _OF_ENGINES and is_async_engine(names, value))
        or (func.attr in _OF_TRANSACTIONS and _is(names, value, _TRANSACTIONS, _BEGINNING))
        or (func.attr in _OF_RESULTS and _is(names, value, _RESULTS, _STREAMING))
    )


def is_async(kind: Kind | None) -> bool:
    """Whether what a value talks to the database as is async."""
    return kind in _ASYNC


def _is(
    names: Names, value: Value | None, classes: frozenset[str], made_by: frozenset[str]
) -> bool:
    """Whether a value is of one of some classes, or what a method of a session or connection gives."""
    match value:
        case Instance(of=of):
            return sqlalchemy_name(of) in classes
        case Result(of=Attribute(of=owner, name=name), call=ast.Call(func=ast.Attribute() as func)):
            return name in made_by and is_async(attribute_kind(names, func, owner))
    return False
