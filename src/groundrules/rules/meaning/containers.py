"""Says what the elements of a list, an iterator, a tuple or a mapping are, by annotations and literals."""

import ast
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from groundrules.rules.meaning.values import (
    ClassValue,
    External,
    FunctionValue,
    Instance,
    ModuleValue,
    Value,
)
from groundrules.rules.source.syntax import operands, parsed_annotation
from groundrules.rules.source.tree import Binding, Function, Scope

if TYPE_CHECKING:
    from groundrules.rules.meaning.names import Names

_MODULES = ("builtins.", "typing.", "typing_extensions.", "collections.")
_OF_ONE = frozenset(
    {
        *("list", "set", "frozenset", "deque", "List", "Set", "FrozenSet", "Deque"),
        *("Sequence", "MutableSequence", "Iterable", "Iterator", "Collection", "AbstractSet"),
        *("Generator", "AsyncIterable", "AsyncIterator", "AsyncGenerator", "Reversible"),
        *("MutableSet", "ValuesView", "KeysView"),
    }
)
_OF_PAIRS = frozenset(
    {"dict", "Dict", "Mapping", "MutableMapping", "OrderedDict", "defaultdict", "DefaultDict"}
)
_TUPLES = frozenset({"tuple", "Tuple"})
_TRANSPARENT = frozenset({"Annotated", "Final", "ClassVar", "Required", "NotRequired"})
_UNIONS = frozenset({"Optional", "Union"})
_SAME = frozenset({"reversed", "sorted", "list", "tuple", "set", "frozenset", "iter", "deque"})
_TAKING = frozenset({"pop", "popleft", "get", "setdefault"})
_CALLABLES = (External("collections.abc.Callable"), External("typing.Callable"))
_AWAITABLES = tuple(
    External(f"{module}.{name}")
    for module in ("collections.abc", "typing")
    for name in ("Awaitable", "Coroutine")
)
_DEPTH = 20


@dataclass(frozen=True)
class Shape:
    """What is known of an object: its type, or the expression that makes it, standing in `scope`.

    :param pairs: whether it goes through pairs of a number or key, and what the rest says.
    """

    node: ast.expr
    scope: Scope
    is_type: bool
    pairs: str = ""


def element_type(names: "Names", binding: Binding) -> Value | None:
    """Return the type of what a loop or unpacking binds to a name; None if nothing tells."""
    shape = _of(names, binding.value, binding.scope, 0)
    if binding.element:
        shape = _element(names, shape, 0)
    for position in () if binding.unpacked is None else (*binding.within, binding.unpacked):
        shape = _item(names, shape, position, 0)
    return _kind(names, shape)


def item_type(names: "Names", node: ast.expr, index: ast.expr, scope: Scope) -> Value | None:
    """Return the type of what `node[index]` gives; None if nothing tells."""
    position = index.value if isinstance(index, ast.Constant) else None
    return _kind(names, _item(names, _of(names, node, scope, 0), position, 0))


def given_type(names: "Names", node: ast.expr, scope: Scope) -> Value | None:
    """Return the type of what a call takes out of a container, as `found.pop()` does."""
    return _kind(names, _of(names, node, scope, 0))


def first_argument(names: "Names", annotation: ast.Subscript, scope: Scope) -> Value | None:
    """Return the type that stands first in the brackets of an annotation."""
    return names.type_of(_parts(annotation)[0], scope)


def takes_out(called: Value, node: ast.Call) -> bool:
    """Whether a call may be of a method that takes an element out of a container, or of a `Callable`."""
    if isinstance(called, Instance):
        return called.of in _CALLABLES
    return isinstance(node.func, ast.Attribute) and node.func.attr in _TAKING


def _kind(names: "Names", shape: Shape | None) -> Value | None:
    if shape is None or shape.pairs:
        return None
    if shape.is_type:
        return names.type_of(shape.node, shape.scope)
    value = names.evaluate(shape.node, shape.scope)
    of = value.of if isinstance(value, Instance) else None
    return of if isinstance(of, (External, ClassValue)) else None


def _of(names: "Names", node: ast.expr | None, scope: Scope, depth: int) -> Shape | None:
    """Return what is known of an expression."""
    if depth > _DEPTH:
        return None
    depth += 1
    match node:
        case ast.Name():
            bindings = scope.visible(node.id)
            return _bound(names, bindings[-1], depth) if bindings else None
        case ast.Await(value=value) | ast.NamedExpr(value=value):
            return _of(names, value, scope, depth)
        case ast.BoolOp(values=choices):
            return _first(names, choices, scope, depth)
        case ast.IfExp(body=body, orelse=orelse):
            return _first(names, [body, orelse], scope, depth)
        case ast.Subscript(value=owner, slice=ast.Slice()):
            return _of(names, owner, scope, depth)
        case ast.Subscript(value=owner, slice=index):
            position = index.value if isinstance(index, ast.Constant) else None
            return _item(names, _of(names, owner, scope, depth), position, depth)
        case ast.Call():
            return _called(names, node, scope, depth)
        case ast.Attribute(value=owner, attr=attr):
            held = names.evaluate(owner, scope)
            if isinstance(held, Instance):
                return _attribute(names, held.of, attr)
            if isinstance(held, ClassValue):
                return _attribute(names, held, attr)
            if isinstance(held, ModuleValue):
                found = held.module.scope.bindings.get(attr)
                return _bound(names, found[-1], depth) if found else None
        case ast.List() | ast.Tuple() | ast.Set() | ast.ListComp() | ast.SetComp():
            return Shape(node, scope, is_type=False)
        case ast.GeneratorExp() | ast.Dict() | ast.DictComp():
            return Shape(node, scope, is_type=False)
    return None


def _first(names: "Names", nodes: list[ast.expr], scope: Scope, depth: int) -> Shape | None:
    """Return what is known of the first expression that tells something of elements."""
    for each in nodes:
        found = _of(names, each, scope, depth)
        if found is not None and not (isinstance(found.node, ast.List) and not found.node.elts):
            return found
    return None


def _called(names: "Names", node: ast.Call, scope: Scope, depth: int) -> Shape | None:
    match node:
        case ast.Call(func=ast.Name(id=name), args=[inner, *_]) if name in _SAME:
            return _of(names, inner, scope, depth)
        case ast.Call(func=ast.Name(id="enumerate"), args=[inner, *_]):
            return _pairs(_of(names, inner, scope, depth), "numbered")
        case ast.Call(func=ast.Name(id="zip")):
            return Shape(node, scope, is_type=False)
        case ast.Call(func=ast.Name(id="next"), args=[inner, *_]):
            return _element(names, _of(names, inner, scope, depth), depth)
        case ast.Call(func=ast.Attribute(value=owner, attr="items" | "values" | "keys" as view)):
            return _pairs(_of(names, owner, scope, depth), view)
        case ast.Call(func=ast.Attribute(value=owner, attr="copy"), args=[]):
            return _of(names, owner, scope, depth)
    called = names.evaluate(node.func, scope)
    if isinstance(called, FunctionValue):
        returns, outer = called.function.node.returns, called.function.outer
        return Shape(returns, outer, is_type=True) if returns else None
    if isinstance(called, Instance) and called.of in _CALLABLES:
        return _returned(names, _of(names, node.func, scope, depth), depth)
    if isinstance(node.func, ast.Attribute) and node.func.attr in _TAKING:
        return _item(names, _of(names, node.func.value, scope, depth), None, depth)
    return Shape(node, scope, is_type=False) if isinstance(called, ClassValue) else None


def _returned(names: "Names", shape: Shape | None, depth: int) -> Shape | None:
    """Return what calling a `Callable[[…], X]` gives."""
    if shape is None or not shape.is_type:
        return None
    annotation, where = _container(names, shape.node, shape.scope, depth)
    parts = _parts(annotation) if isinstance(annotation, ast.Subscript) else []
    if len(parts) != 2:
        return None
    given = parts[1]
    if isinstance(given, ast.Subscript) and names.type_of(given, where) in _AWAITABLES:
        given = _parts(given)[-1]
    return Shape(given, where, is_type=True)


def _pairs(shape: Shape | None, kind: str) -> Shape | None:
    return replace(shape, pairs=kind) if shape is not None and not shape.pairs else None


def _bound(names: "Names", binding: Binding, depth: int) -> Shape | None:
    if binding.annotation is not None:
        owner = binding.scope.owner
        is_argument = isinstance(binding.node, ast.arg) and isinstance(owner, Function)
        where = owner.outer if is_argument and owner else binding.scope
        return Shape(binding.annotation, where, is_type=True)
    if isinstance(binding.node, ast.ImportFrom):
        return _imported(names, binding, depth)
    shape = _of(names, binding.value, binding.scope, depth)
    if binding.element:
        shape = _element(names, shape, depth)
    for position in () if binding.unpacked is None else (*binding.within, binding.unpacked):
        shape = _item(names, shape, position, depth)
    return shape


def _imported(names: "Names", binding: Binding, depth: int) -> Shape | None:
    node, scope = binding.node, binding.scope
    if not isinstance(node, ast.ImportFrom) or depth > _DEPTH:
        return None
    module = names.modules.get(scope.module.source_of(node) or "")
    original = next(each.name for each in node.names if (each.asname or each.name) == binding.name)
    found = module.scope.bindings.get(original) if module else None
    return _bound(names, found[-1], depth + 1) if found else None


def _attribute(names: "Names", kind: Value, attr: str) -> Shape | None:
    for each in names.ancestors(kind):
        if isinstance(each, ClassValue):
            held = each.cls.scope.bindings.get(attr, ()), each.cls.attributes.get(attr, ())
            for binding in (*held[0], *held[1]):
                if binding.annotation is not None:
                    return Shape(binding.annotation, binding.scope, is_type=True)
                if isinstance(binding.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    returns = binding.node.returns
                    return Shape(returns, binding.scope, is_type=True) if returns else None
            for binding in (*held[0], *held[1]):
                found = _bound(names, binding, 1) if binding.value is not None else None
                if found is not None:
                    return found
    return None


def _element(names: "Names", shape: Shape | None, depth: int) -> Shape | None:
    """Return what a loop over an object goes through."""
    if shape is None or depth > _DEPTH:
        return None
    if shape.pairs == "values":
        return _item(names, replace(shape, pairs=""), None, depth)
    if shape.pairs == "keys":
        return _element(names, replace(shape, pairs=""), depth)
    if shape.pairs:
        return replace(shape, pairs=f"one {shape.pairs}")
    if shape.is_type:
        return _argument(names, shape, "", depth)
    match shape.node:
        case ast.List(elts=found) | ast.Tuple(elts=found) | ast.Set(elts=found):
            for each in found:
                if not isinstance(each, ast.Starred):
                    known = _of(names, each, shape.scope, depth)
                    return known or Shape(each, shape.scope, is_type=False)
        case ast.ListComp(elt=elt) | ast.SetComp(elt=elt) | ast.GeneratorExp(elt=elt):
            scope = _inside(shape)
            return _of(names, elt, scope, depth) or Shape(elt, scope, is_type=False)
        case ast.Call(func=ast.Name(id="zip")):
            return replace(shape, pairs="zipped")
        case ast.Call(func=func):
            cls = names.evaluate(func, shape.scope)
            return _inherited(names, cls, "", depth) if isinstance(cls, ClassValue) else None
    return None


def _inside(shape: Shape) -> Scope:
    """Return the scope of a comprehension's own names."""
    for scope in shape.scope.module.scopes:
        if scope.comprehension is shape.node:
            return scope
    return shape.scope


def _item(names: "Names", shape: Shape | None, position: object, depth: int) -> Shape | None:
    """Return what stands at a position or key of an object."""
    if shape is None or depth > _DEPTH:
        return None
    match shape.pairs, position:
        case "one numbered", 1:
            return _element(names, replace(shape, pairs=""), depth)
        case "one items", 1:
            return _item(names, replace(shape, pairs=""), None, depth)
        case "one items", 0:
            return _element(names, replace(shape, pairs=""), depth)
        case "zipped", int() if isinstance(shape.node, ast.Call):
            given = shape.node.args[position : position + 1]
            found = _of(names, given[0], shape.scope, depth) if given else None
            return _element(names, found, depth)
        case "", _:
            pass
        case _:
            return None
    if shape.is_type:
        return _argument(names, shape, position, depth)
    match shape.node:
        case ast.Tuple(elts=parts) | ast.List(elts=parts) if isinstance(position, int):
            if -len(parts) <= position < len(parts):
                each = parts[position]
                return _of(names, each, shape.scope, depth) or Shape(each, shape.scope, False)
        case ast.Dict(values=[first, *_]):
            known = _of(names, first, shape.scope, depth)
            return known or Shape(first, shape.scope, is_type=False)
        case ast.DictComp(value=value):
            scope = _inside(shape)
            return _of(names, value, scope, depth) or Shape(value, scope, is_type=False)
        case ast.List() | ast.ListComp():
            return _element(names, shape, depth)
    return None


def _argument(names: "Names", shape: Shape, position: object, depth: int) -> Shape | None:
    """Return what a generic type says of its elements, `""` standing for those of a loop."""
    annotation, where = _container(names, shape.node, shape.scope, depth)
    if not isinstance(annotation, ast.Subscript):
        cls = names.type_of(annotation, where)
        return _inherited(names, cls, position, depth) if isinstance(cls, ClassValue) else None
    base = names.evaluate(annotation.value, where)
    parts = _parts(annotation)
    if isinstance(base, ClassValue):
        return _inherited(names, base, position, depth)
    if not isinstance(base, External) or not base.name.startswith(_MODULES):
        return None
    name, wanted = base.name.rpartition(".")[2], 0
    if name in _TUPLES:
        same = len(parts) == 2 and isinstance(parts[1], ast.Constant)  # `tuple[X, ...]`
        wanted = position if isinstance(position, int) and not same else 0
    elif name in _OF_PAIRS:
        wanted = 0 if position == "" else 1
    elif name not in _OF_ONE:
        return None
    inside = -len(parts) <= wanted < len(parts)
    return Shape(parts[wanted], where, is_type=True) if inside else None


def _inherited(names: "Names", cls: ClassValue, position: object, depth: int) -> Shape | None:
    """Return what a class says of its elements that inherits from a container."""
    for base in cls.cls.node.bases:
        if isinstance(base, ast.Subscript) and depth < _DEPTH:
            shape = Shape(base, cls.cls.outer, is_type=True)
            found = _argument(names, shape, position, depth + 1)
            if found is not None:
                return found
    return None


def _container(
    names: "Names", node: ast.expr | None, scope: Scope, depth: int
) -> tuple[ast.expr | None, Scope]:
    """Return the type behind aliases, strings, `Annotated` and unions with None."""
    for _ in range(_DEPTH):
        match node:
            case ast.Constant(value=str(text)):
                node = parsed_annotation(text, node)
            case ast.BinOp(op=ast.BitOr()):
                node = _likely(operands(node, ast.BitOr))
            case ast.Subscript(value=base):
                name = names.evaluate(base, scope)
                last = name.name.rpartition(".")[2] if isinstance(name, External) else ""
                if last in _UNIONS:
                    node = _likely(_parts(node))
                elif last in _TRANSPARENT:
                    node = _parts(node)[0]
                else:
                    return node, scope
            case ast.Name(id=name) if (found := _alias(names, name, scope)) is not None:
                node, scope = found
            case _:
                return node, scope
    return node, scope


def _likely(parts: list[ast.expr]) -> ast.expr:
    return next((each for each in parts if isinstance(each, ast.Subscript)), parts[0])


def _alias(names: "Names", name: str, scope: Scope) -> tuple[ast.expr, Scope] | None:
    """Return the type that a name is an alias of."""
    for _ in range(_DEPTH):
        bindings = scope.visible(name)
        if len(bindings) != 1:
            return None
        binding = bindings[0]
        if isinstance(binding.node, ast.ImportFrom):
            module = names.modules.get(binding.scope.module.source_of(binding.node) or "")
            if module is None:
                return None
            imported = binding.node.names
            name = next(each.name for each in imported if name in (each.asname, each.name))
            scope = module.scope
            continue
        return (binding.value, binding.scope) if binding.value and binding.is_whole else None
    return None


def _parts(annotation: ast.Subscript) -> list[ast.expr]:
    index = annotation.slice
    return index.elts if isinstance(index, ast.Tuple) and index.elts else [index]
