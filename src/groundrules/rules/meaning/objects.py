"""Says of which class of the project an expression surely gives an instance, or what is that class itself."""

import ast
from collections.abc import Iterable
from functools import cached_property

from groundrules.rules.meaning.declared import DeclaredTypes, is_none
from groundrules.rules.meaning.definitions import Definitions, class_of, function_of
from groundrules.rules.meaning.expressions import ENTERING
from groundrules.rules.meaning.lineages import Lineages
from groundrules.rules.source.tree import Binding, Class, Function, Scope

_DEPTH = 20  # expressions within expressions, and aliases of types followed
_SELF = frozenset({"typing.Self", "typing_extensions.Self"})
_CASTS = frozenset({"typing.cast", "typing_extensions.cast"})
_CALLABLES = frozenset({"Callable", "type", "Type"})
_CONTAINERS = frozenset({"list", "tuple", "set", "frozenset", "deque", "List", "Tuple", "Set"})
_CONTAINERS |= {"Sequence", "MutableSequence", "Iterable", "Iterator", "Collection"}
_PROPERTIES = frozenset({"builtins.property", "functools.cached_property"})
# decorators that leave what a function returns as it is
_SAME = frozenset({"functools.cache", "functools.lru_cache"})
_SAME |= {"builtins.classmethod", "builtins.staticmethod"}
_MANAGERS = frozenset({"contextlib.asynccontextmanager", "contextlib.contextmanager"})
_YIELDING = ("Iterator", "Generator", "Iterable")
_Attribute = tuple[Class, str]


class Objects:
    """The objects of a project, as far as declarations and assignments leave no choice."""

    def __init__(self, definitions: Definitions, lineages: Lineages) -> None:
        self._definitions = definitions
        self._lineages = lineages
        self._types = DeclaredTypes(definitions)
        self._attributes: dict[_Attribute, Class | None] = {}
        self._open: list[_Attribute] = []
        self._is_cut = False  # a question led back to itself, or too far

    def cls(self, node: ast.expr | None, scope: Scope, depth: int = 0) -> Class | None:
        """Return the class that an expression is, or is an instance of; None if that is not sure."""
        if depth > _DEPTH:
            self._is_cut = True
            return None
        depth += 1
        match node:
            case ast.NamedExpr(value=value):
                return self.cls(value, scope, depth)
            case ast.IfExp(body=body, orelse=orelse):
                return self._only((body, orelse), scope, depth)
            case ast.BoolOp(values=values):
                return self._only(values, scope, depth)
            case ast.Await(value=ast.Call(func=ast.Attribute(attr=name), args=[given])) if (
                name in ENTERING
            ):
                return self._entered(given, ENTERING[name], scope, depth)
            case ast.Await(value=ast.Call() as call):
                return self._called(call, scope, depth, awaited=True)
            case ast.Call():
                return self._called(node, scope, depth, awaited=False)
            case ast.Name() | ast.Attribute():
                found = self._definitions.find(node, scope)
                if isinstance(found, Binding):
                    return self._bound(found, depth)
                if found is None and isinstance(node, ast.Attribute):
                    owner = self.cls(node.value, scope, depth)
                    return self._attribute(owner, node.attr, depth) if owner else None
        return None

    def instance(self, node: ast.expr, scope: Scope) -> Class | None:
        """Return the class that a name or a call gives an instance of, and never the class itself."""
        found = self._definitions.find(node, scope) if isinstance(node, ast.Name) else None
        if isinstance(found, Binding):
            is_made = bool(found.entered) or isinstance(found.value, ast.Call)
            is_declared = found.annotation is not None
            return self.cls(node, scope) if is_made or is_declared else None
        return self.cls(node, scope) if isinstance(node, ast.Call) else None

    def method(self, cls: Class, name: str, *, above: bool = False) -> Function | None:
        """Return the only function that a class has under a name; with `above`, that its bases have."""
        for each in self._lineages.of(cls).classes[1 if above else 0 :]:
            bindings = each.scope.bindings.get(name)
            if bindings:
                return function_of(bindings[0]) if len(bindings) == 1 else None
        return None

    def _only(self, nodes: Iterable[ast.expr], scope: Scope, depth: int) -> Class | None:
        """Return the class that all of some expressions are of, `None` apart."""
        return _one(self.cls(each, scope, depth) for each in nodes if not is_none(each))

    def _bound(self, found: Binding, depth: int) -> Class | None:
        """Return the class of what a binding gives its name."""
        home, owner = found.scope, found.scope.owner
        if isinstance(found.node, ast.arg):
            if not isinstance(owner, Function):
                return None
            if _is_self(owner, found.node):
                return owner.owner
            given = owner.node.args
            is_one = found.node not in (given.vararg, given.kwarg)
            return self._types.of(found.annotation, owner.outer) if is_one else None
        if found.unpacked is not None:
            return None
        if found.element:
            return self._element(found.value, home, depth)
        if found.annotation is not None:
            return self._types.of(found.annotation, home)
        if found.entered:
            return self._entered(found.value, found.entered, home, depth)
        if found.value is not None:
            return self.cls(found.value, home, depth)
        return class_of(found)

    def _called(self, node: ast.Call, scope: Scope, depth: int, *, awaited: bool) -> Class | None:
        """Return the class of what a call gives."""
        cls = self._definitions.cls(node.func, scope)
        if cls is not None:
            return None if awaited else cls
        if self._definitions.outside(node.func, scope) in _CASTS and node.args:
            return self._types.of(node.args[0], scope)
        function, owner = self._definitions.function(node.func, scope), None
        if function is None and isinstance(node.func, ast.Attribute):
            owner = self.cls(node.func.value, scope, depth)
            function = self.method(owner, node.func.attr) if owner else None
        if function is None and not awaited:
            declared = self._declared(node.func, scope, depth)
            return self._types.argument(*declared, _CALLABLES, -1) if declared else None
        if function is None or function.is_async != awaited or function.yields:
            return None
        return self._returned(function, owner) if self._decorators(function) <= _SAME else None

    def _element(self, node: ast.expr | None, scope: Scope, depth: int) -> Class | None:
        """Return the class of what a loop goes through."""
        match node:
            case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
                return self._only(parts, scope, depth)
            case ast.Name() | ast.Attribute():
                declared = self._declared(node, scope, depth)
                return self._types.argument(*declared, _CONTAINERS, 0) if declared else None
        return None

    def _declared(self, node: ast.expr, scope: Scope, depth: int) -> tuple[ast.expr, Scope] | None:
        """Return the annotation of a name or attribute, with its scope."""
        found = self._definitions.find(node, scope)
        if isinstance(found, Binding):
            return _annotation(found)
        if not isinstance(node, ast.Attribute):
            return None
        owner = self.cls(node.value, scope, depth)
        for each in self._lineages.of(owner).classes if owner else ():
            held = [*each.scope.bindings.get(node.attr, ()), *each.attributes.get(node.attr, ())]
            annotated = [_annotation(found) or _given(found) for found in held]
            if held:
                return annotated[0] if len(held) == 1 else None
        return None

    def _returned(self, function: Function, owner: Class | None) -> Class | None:
        """Return the class that a function declares to return, or a method that returns its `self`."""
        declared = function.node.returns
        if declared is not None:
            is_self = self._definitions.outside(declared, function.outer) in _SELF
            return owner if is_self else self._types.of(declared, function.outer)
        first = [each.arg for each in function.positional[:1]]
        returned = [each.id if isinstance(each, ast.Name) else "" for each in function.returns]
        return owner if returned and set(returned) == set(first) else None

    def _entered(self, node: ast.expr | None, by: str, scope: Scope, depth: int) -> Class | None:
        """Return the class of what `with` binds for an expression."""
        if isinstance(node, ast.Call):
            function = self._definitions.function(node.func, scope)
            if function is not None and self._decorators(function) & _MANAGERS:
                return self._yielded(function)
        cls = self.cls(node, scope, depth)
        if cls is None:
            return None
        if any(by in each.scope.bindings for each in self._lineages.of(cls).classes):
            method = self.method(cls, by)
            return self._returned(method, cls) if method else None
        return cls

    def _yielded(self, function: Function) -> Class | None:
        declared = function.node.returns
        if not isinstance(declared, ast.Subscript):
            return None
        name = self._definitions.outside(declared, function.outer) or ""
        parts = declared.slice.elts if isinstance(declared.slice, ast.Tuple) else [declared.slice]
        return self._types.of(parts[0], function.outer) if name.endswith(_YIELDING) else None

    def _attribute(self, cls: Class, name: str, depth: int) -> Class | None:
        """Return the class of an attribute: as declared, or as everything that is assigned to it is."""
        asked = cls, name
        if asked in self._attributes:
            return self._attributes[asked]
        if asked in self._open:
            self._is_cut = True
            return None
        self._open.append(asked)
        found = self._find_attribute(cls, name, depth)
        self._open.pop()
        if not self._open or not self._is_cut:
            self._attributes[asked] = found
        self._is_cut = self._is_cut and bool(self._open)
        return found

    def _find_attribute(self, cls: Class, name: str, depth: int) -> Class | None:
        lineage = self._lineages.of(cls)
        for each in lineage.classes:
            held = [*each.scope.bindings.get(name, ()), *each.attributes.get(name, ())]
            functions = [function for found in held if (function := function_of(found))]
            if functions:
                (first, *others) = functions
                is_property = bool(self._decorators(first) & _PROPERTIES)
                return self._returned(first, cls) if is_property and not others else None
            declared = [found for found in held if found.annotation is not None]
            if declared:
                return _one(self._types.of(found.annotation, found.scope) for found in declared)
        if not lineage.is_whole or name in self._reassigned:
            return None
        related = {each: None for below in self._lineages.below(cls) for each in below.classes}
        assigned = [
            found
            for each in related
            for found in (*each.scope.bindings.get(name, ()), *each.attributes.get(name, ()))
            if not is_none(found.value)
        ]
        return _one(self._bound(found, depth) for found in assigned)

    @cached_property
    def _reassigned(self) -> frozenset[str]:
        """The attributes that are assigned to anything but `self` or a `state`."""
        modules = self._definitions.modules.values()
        return frozenset(name for module in modules for name in module.reassigned)

    def _decorators(self, function: Function) -> set[str | None]:
        return self._definitions.decorators(function)


def _annotation(found: Binding) -> tuple[ast.expr, Scope] | None:
    owner = found.scope.owner
    is_argument = isinstance(found.node, ast.arg) and isinstance(owner, Function)
    where = owner.outer if is_argument and owner else found.scope
    return (found.annotation, where) if found.annotation is not None else None


def _given(found: Binding) -> tuple[ast.expr, Scope] | None:
    """Return the annotation of the parameter that is assigned to an attribute."""
    if not isinstance(found.value, ast.Name):
        return None
    bindings = found.scope.visible(found.value.id)
    return _annotation(bindings[0]) if len(bindings) == 1 else None


def _one(found: Iterable[Class | None]) -> Class | None:
    """Return the only class among some, None if there are others or one is unknown."""
    classes = set(found)
    return classes.pop() if len(classes) == 1 else None


def _is_self(function: Function, argument: ast.arg) -> bool:
    if function.owner is None or argument.arg not in ("self", "cls"):
        return False
    decorators = function.node.decorator_list
    is_static = any(isinstance(each, ast.Name) and each.id == "staticmethod" for each in decorators)
    return argument in function.positional[:1] and not is_static
