"""Says what type the elements of a list, an iterator or a mapping have, by annotations."""

import ast
from typing import TYPE_CHECKING

from groundrules.rules.model.syntax import parsed_annotation
from groundrules.rules.model.tree import Binding, Function, Scope
from groundrules.rules.model.values import ClassValue, External, FunctionValue, Instance, Value

if TYPE_CHECKING:
    from groundrules.rules.model.names import Names

_MODULES = ("builtins.", "typing.", "typing_extensions.", "collections.")
_OF_ONE = frozenset(
    {
        *(
            "list",
            "set",
            "frozenset",
            "tuple",
            "deque",
            "List",
            "Set",
            "FrozenSet",
            "Tuple",
            "Deque",
        ),
        *("Sequence", "MutableSequence", "Iterable", "Iterator", "Collection", "AbstractSet"),
        *("Generator", "AsyncIterable", "AsyncIterator", "AsyncGenerator"),
    }
)
_OF_PAIRS = frozenset({"dict", "Dict", "Mapping", "MutableMapping", "OrderedDict", "defaultdict"})


def element_type(
    names: "Names", node: ast.expr | None, scope: Scope, unpacked: int | None = None
) -> Value | None:
    """Return the type of what a loop over `node` goes through; None if no annotation tells.

    :param unpacked: the position in what the loop unpacks, as in `for key, value in held.items()`.
    """
    match node:
        case ast.Call(func=ast.Name(id="enumerate"), args=[inner, *_]) if unpacked == 1:
            return element_type(names, inner, scope)
        case ast.Call(func=ast.Attribute(value=owner, attr="items"), args=[]) if unpacked == 1:
            return _argument(names, owner, scope, _OF_PAIRS, 1)
        case _ if unpacked is not None:
            return None
        case ast.Call(func=ast.Attribute(value=owner, attr="values"), args=[]):
            return _argument(names, owner, scope, _OF_PAIRS, 1)
        case ast.Call(func=ast.Name(id="reversed" | "sorted" | "list" | "tuple"), args=[inner, *_]):
            return element_type(names, inner, scope)
        case ast.Subscript(value=owner, slice=ast.Slice()):
            return element_type(names, owner, scope)
    return _argument(names, node, scope, _OF_ONE, 0)


def item_type(names: "Names", node: ast.expr, scope: Scope) -> Value | None:
    """Return the type of what `node[…]` gives; None if no annotation tells."""
    of_pairs = _argument(names, node, scope, _OF_PAIRS, 1)
    return of_pairs or _argument(names, node, scope, _OF_ONE, 0)


def _argument(
    names: "Names", node: ast.expr | None, scope: Scope, kinds: frozenset[str], wanted: int
) -> Value | None:
    found = _annotation(names, node, scope)
    annotation, where = _without_none(*found) if found else (None, scope)
    if not isinstance(annotation, ast.Subscript):
        return None
    base = names.evaluate(annotation.value, where)
    if not isinstance(base, External) or not base.name.startswith(_MODULES):
        return None
    if base.name.rpartition(".")[2] not in kinds:
        return None
    parts = _parts(annotation)
    return names.type_of(parts[wanted], where) if wanted < len(parts) else None


def first_argument(names: "Names", annotation: ast.Subscript, scope: Scope) -> Value | None:
    """Return the type that stands first in the brackets of an annotation."""
    return names.type_of(_parts(annotation)[0], scope)


def _parts(annotation: ast.Subscript) -> list[ast.expr]:
    index = annotation.slice
    return index.elts if isinstance(index, ast.Tuple) and index.elts else [index]


def _annotation(
    names: "Names", node: ast.expr | None, scope: Scope
) -> tuple[ast.expr | None, Scope] | None:
    match node:
        case ast.Name(id=name):
            here: Scope | None = scope
            while here is not None:
                if name in here.bindings:
                    return _bound(names, here.bindings[name][-1])
                here = here.parent
        case ast.Await(value=value):
            return _annotation(names, value, scope)
        case ast.Call(func=func):
            called = names.evaluate(func, scope)
            if isinstance(called, FunctionValue):
                return called.function.node.returns, called.function.outer
        case ast.Attribute(value=owner, attr=attr):
            held = names.evaluate(owner, scope)
            if isinstance(held, Instance):
                return _attribute(names, held.of, attr)
    return None


def _bound(names: "Names", binding: Binding) -> tuple[ast.expr | None, Scope] | None:
    if binding.annotation is not None:
        owner = binding.scope.owner
        is_argument = isinstance(binding.node, ast.arg) and isinstance(owner, Function)
        return binding.annotation, owner.outer if is_argument and owner else binding.scope
    if binding.element or binding.unpacked is not None or isinstance(binding.value, ast.Name):
        return None
    return _annotation(names, binding.value, binding.scope)


def _attribute(names: "Names", kind: Value, attr: str) -> tuple[ast.expr | None, Scope] | None:
    for each in names.ancestors(kind):
        if isinstance(each, ClassValue):
            held = each.cls.scope.bindings.get(attr, ()), each.cls.attributes.get(attr, ())
            for binding in (*held[0], *held[1]):
                if binding.annotation is not None:
                    return binding.annotation, binding.scope
    return None


def _without_none(node: ast.expr | None, scope: Scope) -> tuple[ast.expr | None, Scope]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        node = parsed_annotation(node.value, node)
    if isinstance(node, ast.BinOp):
        sides = [node.left, node.right]
        node = next((side for side in sides if isinstance(side, ast.Subscript)), None)
    return node, scope
