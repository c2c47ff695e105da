"""Which exceptions leave a function: what it raises, less what it catches itself."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from groundrules.rules.facts.errors import caught, exception_kinds, is_below
from groundrules.rules.meaning.names import Names
from groundrules.rules.meaning.values import ClassValue, External, FunctionValue, Instance, Value
from groundrules.rules.source.statements import blocks, ways
from groundrules.rules.source.tree import Binding, Function

_ALL: tuple[Value, ...] = (External("builtins.BaseException"),)
_CONSTRUCTOR = re.compile(r"(?<=[A-Za-z0-9])\.[a-z_]+$")  # such as `Error.from_data`
_SUPPRESS = External("contextlib.suppress")


@dataclass(frozen=True, eq=False)
class Raised:
    """An exception that leaves a function, by the statement that raises it and its class."""

    statement: ast.Raise
    kind: Value


def raised_by(names: Names, function: Function) -> Iterator[Raised]:
    """Yield the exceptions that leave a function, but for those it caught and only raises again."""
    around = tuple(
        kind
        for decorator in function.node.decorator_list
        for kind in _mapped(names, names.evaluate(decorator, function.outer))
    )
    yield from _raised(names, function, function.node.body, around)


def _raised(
    names: Names, function: Function, body: list[ast.stmt], caught_here: tuple[Value, ...]
) -> Iterator[Raised]:
    for statement in body:
        match statement:
            case ast.Raise(exc=ast.expr() as given):
                kind = _kind(names, function, given)
                if kind is not None and not is_below(names, kind, caught_here):
                    yield Raised(statement, kind)
            case ast.Try() | ast.TryStar():
                inside = [
                    kind
                    for handler in statement.handlers
                    for kind in exception_kinds(names, handler, function.scope)
                ]
                yield from _raised(names, function, statement.body, (*caught_here, *inside))
                for block in blocks(statement)[1:]:
                    yield from _raised(names, function, block, caught_here)
            case ast.With() | ast.AsyncWith():
                inside = [
                    kind
                    for item in statement.items
                    for kind in _managed(names, function, item.context_expr)
                ]
                yield from _raised(names, function, statement.body, (*caught_here, *inside))
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                continue
            case ast.If() | ast.Match():
                for block in ways(statement):
                    yield from _raised(names, function, block, caught_here)
            case _:
                for block in blocks(statement):
                    yield from _raised(names, function, block, caught_here)


def _kind(names: Names, function: Function, given: ast.expr) -> Value | None:
    """Return the class of what is raised; None for what was caught, or cannot be known."""
    if isinstance(given, ast.Name):
        bindings = function.scope.bindings.get(given.id, [])
        if any(_is_caught(each) for each in bindings):
            return None
    match names.evaluate(given, function.scope):
        case ClassValue() as kind:
            return kind
        case External(name) | Instance(of=External(name)):
            return External(_CONSTRUCTOR.sub("", name))
        case Instance(of=kind):
            return kind
    return None


def _is_caught(binding: Binding) -> bool:
    return isinstance(binding.node, (ast.ExceptHandler, ast.arg))


def _managed(names: Names, function: Function, node: ast.expr) -> tuple[Value, ...]:
    """Return what a context manager keeps from leaving a `with`."""
    if not isinstance(node, ast.Call):
        held = names.evaluate(node, function.scope)
        return _ALL if isinstance(held, Instance) and isinstance(held.of, ClassValue) else ()
    called = names.evaluate(node.func, function.scope)
    if called == _SUPPRESS:
        kinds = (names.evaluate(each, function.scope) for each in node.args)
        return tuple(kind for kind in kinds if kind is not None)
    return tuple(_mapped(names, called))


def _mapped(names: Names, called: Value | None) -> tuple[Value, ...]:
    """Return what the project's own decorator or context manager catches."""
    match called:
        case FunctionValue(function=function):
            inner = [each for each in function.module.functions if _stands_in(each, function)]
            return tuple(kind for each in inner for kind in caught(names, each))
        case ClassValue(cls):
            return (
                _ALL
                if "__exit__" in cls.scope.bindings or "__aexit__" in cls.scope.bindings
                else ()
            )
    return ()


def _stands_in(inner: Function, outer: Function) -> bool:
    found: Function | None = inner
    while found is not None and found is not outer:
        found = found.outer.function
    return found is outer
