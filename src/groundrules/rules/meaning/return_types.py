"""Says whether what an annotation allows can be awaited."""

import ast
import re
from collections.abc import Iterator

from groundrules.rules.meaning.definitions import Definitions
from groundrules.rules.meaning.names import Names
from groundrules.rules.meaning.values import ClassValue, External
from groundrules.rules.source.syntax import operands, parsed_annotation
from groundrules.rules.source.tree import Class, Scope

_AWAITABLE = re.compile(r"Await|Coro|Generator|Future|Task|Async|Deferred|Protocol|^Any$|^object$")
_CONTAINERS = ("builtins.", "collections.", "typing.")
_UNIONS = frozenset({"typing.Union", "typing.Optional"})


def allows_no_awaitable(
    names: Names, definitions: Definitions, annotation: ast.expr | None, scope: Scope
) -> bool:
    """Whether an annotation surely allows only what nobody would await."""
    choices = _choices(definitions, annotation, scope)
    return annotation is not None and all(
        _is_no_awaitable(names, definitions, each, scope) for each in choices
    )


def holds_no_awaitable(
    names: Names, definitions: Definitions, annotation: ast.expr | None, scope: Scope
) -> bool:
    """Whether an annotation surely allows only containers of what nobody would await."""
    choices = list(_choices(definitions, annotation, scope))
    return any(isinstance(each, ast.Subscript) for each in choices) and all(
        _holds_none(names, definitions, each, scope) for each in choices
    )


def _holds_none(
    names: Names, definitions: Definitions, node: ast.expr | None, scope: Scope
) -> bool:
    if not isinstance(node, ast.Subscript):
        return isinstance(node, ast.Constant) and node.value is None
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    container = definitions.outside(node, scope) or ""
    return container.startswith(_CONTAINERS) and all(
        isinstance(each, ast.Constant) or allows_no_awaitable(names, definitions, each, scope)
        for each in parts
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
