"""Says what a call of a function of the project gives: what it returns, for these arguments."""

import ast
from typing import TYPE_CHECKING

from groundrules.rules.meaning.containers import first_argument
from groundrules.rules.meaning.values import (
    Frame,
    Frames,
    FunctionValue,
    Instance,
    Value,
    is_something,
)
from groundrules.rules.source.syntax import match_arguments
from groundrules.rules.source.tree import Function, Scope

if TYPE_CHECKING:
    from groundrules.rules.meaning.names import Names

_CONTEXT_MANAGERS = ("contextlib.asynccontextmanager", "contextlib.contextmanager")


def outcome_of_call(
    names: "Names", of: FunctionValue, node: ast.Call, scope: Scope, frames: Frames
) -> Value | None:
    """Return what a function of the project returns for the arguments of a call."""
    return outcome(names, of, _arguments(names, of, node, scope, frames))


def outcome(names: "Names", of: FunctionValue, given: dict[str, Value]) -> Value | None:
    """Return what a function of the project returns for these arguments."""
    function = of.function
    if function in names.open:
        return None
    alone = not given and not of.frames
    if alone and function in names.passing:
        return names.passing[function]
    value = _outcome(names, of, given)
    if alone and names.depth:
        names.passing[function] = value
    return value


def _outcome(names: "Names", of: FunctionValue, given: dict[str, Value]) -> Value | None:
    function = of.function
    names.open.add(function)
    try:
        frames = (*of.frames, Frame(function.scope, given)) if given else of.frames
        for returned in function.returns:
            value = names.evaluate(returned, function.scope, frames)
            if is_something(value):
                return value
    finally:
        names.open.discard(function)
    kind = _entered(names, function) or names.type_of(function.node.returns, function.outer)
    return Instance(kind) if kind else None


def _entered(names: "Names", function: Function) -> Value | None:
    """Return the type that a function made a context manager yields."""
    returns = function.node.returns
    if not isinstance(returns, ast.Subscript):
        return None
    entered = any(names.has_decorator(function, name) for name in _CONTEXT_MANAGERS)
    return first_argument(names, returns, function.outer) if entered else None


def _arguments(
    names: "Names", of: FunctionValue, node: ast.Call, scope: Scope, frames: Frames
) -> dict[str, Value]:
    found = dict[str, Value]()
    for name, given in match_arguments(of.function, node, bound=of.bound is not None).items():
        value = names.evaluate(given, scope, frames)
        if value is not None:
            found[name] = value
    if of.bound is not None and of.function.positional:
        found[of.function.positional[0].arg] = of.bound
    return found
