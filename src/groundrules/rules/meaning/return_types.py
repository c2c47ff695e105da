"""Says whether what a function declares to return can be awaited."""

import ast
import re
from collections.abc import Iterator

from groundrules.rules.meaning.definitions import Definitions
from groundrules.rules.meaning.names import Names
from groundrules.rules.meaning.values import ClassValue, External
from groundrules.rules.source.syntax import operands, parsed_annotation
from groundrules.rules.source.tree import Class, Function, Scope

_AWAITABLE = re.compile(r"Await|Coro|Generator|Future|Task|Async|Deferred|Protocol|^Any$|^object$")
_UNIONS = frozenset({"typing.Union", "typing.Optional"})


def returns_no_awaitable(names: Names, definitions: Definitions, function: Function) -> bool:
    """Whether a function surely declares to return only what nobody would await."""
    scope, returns = function.outer, function.node.returns
    choices = _choices(definitions, returns, scope)
    return returns is not None and all(
        _is_no_awaitable(names, definitions, each, scope) for each in choices
    )


def _choices(
    definitions: Definitions, node: ast.expr | None, scope: Scope
) -> Iterator[ast.expr | None]:
    """Yield the types that an annotation allows."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        node = parsed_annotation(node.value, node)
    match node:
        case ast.BinOp(op=ast.BitOr()):
            for each in operands(node, ast.BitOr):
                yield from _choices(definitions, each, scope)
        case ast.Subscript(slice=inner) if definitions.outside(node, scope) in _UNIONS:
            for each in inner.elts if isinstance(inner, ast.Tuple) else (inner,):
                yield from _choices(definitions, each, scope)
        case _:
            yield node


def _is_no_awaitable(
    names: Names, definitions: Definitions, node: ast.expr | None, scope: Scope
) -> bool:
    if node is None or isinstance(node, ast.Constant):
        return node is not None and node.value is None
    name = definitions.outside(node, scope)
    if name is not None:
        return not _AWAITABLE.search(name.rpartition(".")[2])
    cls = definitions.cls(node, scope)
    return cls is not None and not _may_be_awaited(names, cls)


def _may_be_awaited(names: Names, cls: Class) -> bool:
    return any(
        _AWAITABLE.search(each.name.rpartition(".")[2])
        if isinstance(each, External)
        else "__await__" in each.cls.scope.bindings
        for each in names.ancestors(ClassValue(cls))
    )
