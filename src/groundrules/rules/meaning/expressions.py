"""Says what an expression is by what its parts are, one function for each kind of expression."""

import ast
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from groundrules.rules.meaning.containers import given_type, item_type, takes_out
from groundrules.rules.meaning.heritage import instance_of_base
from groundrules.rules.meaning.values import (
    Attribute,
    ClassValue,
    Constant,
    External,
    Frames,
    Instance,
    Result,
    Value,
    is_something,
)
from groundrules.rules.source.tree import Scope

if TYPE_CHECKING:
    from groundrules.rules.meaning.names import Names

_TYPING = ("typing.", "typing_extensions.")
_TRANSPARENT = frozenset(
    {"Annotated", "Optional", "Union", "ClassVar", "Final", "Required", "NotRequired"}
)
# what they enter is what matters, as with the functions that `contextmanager` decorates
_MANAGERS = frozenset(
    {
        *("contextlib.AbstractContextManager", "contextlib.AbstractAsyncContextManager"),
        *("typing.ContextManager", "typing.AsyncContextManager"),
    }
)
_STACKS = frozenset({"contextlib.AsyncExitStack", "contextlib.ExitStack"})
# methods of an exit stack, by what each enters its argument
ENTERING = {"enter_async_context": "__aenter__", "enter_context": "__enter__"}
# functions that give something else than an object of theirs
SPECIAL = frozenset(
    {
        *("functools.partial", "functools.partialmethod", "typing.cast", "typing.NewType"),
        *("builtins.getattr", "builtins.super"),
    }
)


def call_special(
    names: "Names", of: External, node: ast.Call, scope: Scope, frames: Frames
) -> Value | None:
    """Return what calling one of the functions in `SPECIAL` gives."""
    match of.name, node.args:
        case "functools.partial" | "functools.partialmethod", [first, *_]:
            return names.evaluate(first, scope, frames)
        case "typing.cast", [first, second]:
            kind = names.type_of(first, scope, frames)
            return Instance(kind) if kind else names.evaluate(second, scope, frames)
        case "typing.NewType", [_, second]:
            return names.type_of(second, scope, frames)
        case "builtins.getattr", [first, second, *_]:
            wanted = names.constant(second, scope, frames)
            owner = names.evaluate(first, scope, frames)
            return names.attribute(owner, wanted) if isinstance(wanted, str) else None
        case "builtins.super", _:
            return instance_of_base(names, scope)
    return Instance(of, node, scope, frames)


def _call(names: "Names", node: ast.Call, scope: Scope, frames: Frames) -> Value | None:
    value = names.call(names.evaluate(node.func, scope, frames), node, scope, frames)
    if isinstance(value, Result):
        given, by = _entered_by_stack(value)
        if given is not None:
            return names.entered(names.evaluate(given, scope, frames), by)
    if value is None or (isinstance(value, Result) and takes_out(value.of, node)):
        kind = given_type(names, node, scope)
        return Instance(kind) if kind else value
    return value


def _entered_by_stack(value: Result) -> tuple[ast.expr | None, str]:
    """Return what `await stack.enter_async_context(…)` enters, and by which method."""
    match value:
        case Result(
            of=Attribute(of=Instance(of=External(name=stack)), name=name),
            call=ast.Call(args=[given]),
        ) if stack in _STACKS and name in ENTERING:
            return given, ENTERING[name]
    return None, ""


def _constant(names: "Names", node: ast.Constant, scope: Scope, frames: Frames) -> Value | None:
    return Constant(node.value)


def _conditional(names: "Names", node: ast.IfExp, scope: Scope, frames: Frames) -> Value | None:
    return _first(names, (node.body, node.orelse), scope, frames)


def _either(names: "Names", node: ast.BoolOp, scope: Scope, frames: Frames) -> Value | None:
    return _first(names, node.values, scope, frames)


def _first(names: "Names", nodes: Iterable[ast.expr], scope: Scope, frames: Frames) -> Value | None:
    values = (names.evaluate(node, scope, frames) for node in nodes)
    return next((each for each in values if is_something(each)), None)


def _inner(
    names: "Names", node: ast.Await | ast.NamedExpr, scope: Scope, frames: Frames
) -> Value | None:
    return names.evaluate(node.value, scope, frames)


def _subscript(names: "Names", node: ast.Subscript, scope: Scope, frames: Frames) -> Value | None:
    value, index = node.value, node.slice
    base = names.evaluate(value, scope, frames)
    if isinstance(base, External) and base.name.startswith(_TYPING):
        name = base.name.rpartition(".")[2]
        if name in _TRANSPARENT:
            parts = index.elts if isinstance(index, ast.Tuple) else [index]
            kinds = (names.type_of(part, scope, frames) for part in parts)
            return next((kind for kind in kinds if kind is not None), None)
    if isinstance(base, External) and base.name in _MANAGERS:
        first = index.elts[0] if isinstance(index, ast.Tuple) else index
        return names.type_of(first, scope, frames) or base
    if isinstance(base, (External, ClassValue)):
        return base
    held, where = names.literal(value, scope)
    key = names.constant(index, scope, frames)
    if isinstance(held, ast.Dict):
        for held_key, each in zip(held.keys, held.values, strict=True):
            if key is not None and names.constant(held_key, where) == key:
                return names.evaluate(each, where)
    if isinstance(held, (ast.List, ast.Tuple)) and isinstance(key, int):
        inside = -len(held.elts) <= key < len(held.elts)
        return names.evaluate(held.elts[key], where) if inside else None
    kind = None if isinstance(index, ast.Slice) else item_type(names, value, index, scope)
    return Instance(kind) if kind else None


EVALUATE: dict[type[ast.expr], Callable[["Names", Any, Scope, Frames], Value | None]] = {
    ast.Call: _call,
    ast.Constant: _constant,
    ast.Subscript: _subscript,
    ast.IfExp: _conditional,
    ast.BoolOp: _either,
    ast.Await: _inner,
    ast.NamedExpr: _inner,
}
