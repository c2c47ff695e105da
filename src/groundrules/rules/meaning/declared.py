"""Says which class of the project an annotation surely names."""

import ast

from groundrules.rules.meaning.definitions import Definitions
from groundrules.rules.source.syntax import operands, parsed_annotation
from groundrules.rules.source.tree import Binding, Class, Scope

_DEPTH = 20  # aliases of types followed
_FIRST = frozenset({"typing.Optional", "typing.Annotated", "typing_extensions.Annotated"})
_FIRST |= {"typing.ClassVar", "typing.Final"}
_TYPE_VARS = frozenset({"typing.TypeVar", "typing_extensions.TypeVar"})


class DeclaredTypes:
    """The classes that a project's annotations name."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions

    def of(self, node: ast.expr | None, scope: Scope, depth: int = 0) -> Class | None:
        """Return the only class that an annotation names, `None` apart."""
        if depth > _DEPTH:
            return None
        depth += 1
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node = parsed_annotation(node.value, node)
        match node:
            case ast.BinOp(op=ast.BitOr()):
                parts = [each for each in operands(node, ast.BitOr) if not is_none(each)]
                return self.of(parts[0], scope, depth) if len(parts) == 1 else None
            case ast.Subscript(slice=inner) if self._definitions.outside(node, scope) in _FIRST:
                first = inner.elts[0] if isinstance(inner, ast.Tuple) else inner
                return self.of(first, scope, depth)
            case None:
                return None
        found = self._definitions.find(node, scope)
        match found:
            case Binding(value=ast.Subscript() | ast.Name() | ast.Attribute() as alias):
                return self.of(alias, found.scope, depth)
            case Binding(value=ast.Call(func=func, keywords=keywords)):
                if self._definitions.outside(func, found.scope) not in _TYPE_VARS:
                    return None
                bounds = [each.value for each in keywords if each.arg == "bound"]
                return self.of(bounds[0], found.scope, depth) if bounds else None
        return self._definitions.cls(node, scope)

    def argument(
        self, node: ast.expr, scope: Scope, generics: frozenset[str], position: int
    ) -> Class | None:
        """Return the class that one of some generic types names at a position in its brackets."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node = parsed_annotation(node.value, node) or node
        name = self._definitions.outside(node, scope) or ""
        if not isinstance(node, ast.Subscript) or name.rpartition(".")[2] not in generics:
            return None
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return self.of(parts[position], scope)


def is_none(node: ast.expr | None) -> bool:
    """Whether an expression is the literal `None`."""
    return isinstance(node, ast.Constant) and node.value is None
