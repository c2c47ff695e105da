"""Says which function a call surely calls, by the names and the declared types in the source."""

import ast
from dataclasses import dataclass

from groundrules.rules.meaning.definitions import Definitions, class_of, function_of
from groundrules.rules.source.syntax import operands, parsed_annotation
from groundrules.rules.source.tree import Binding, CallSite, Class, Function, Scope

_DEPTH = 20  # aliases of types followed
_FIRST = frozenset({"typing.Optional", "typing.Annotated", "typing_extensions.Annotated"})
_ENTERED = ("__enter__", "__aenter__")


@dataclass(frozen=True)
class Callee:
    """A function and the name it is called by, and for a method the class that it was reached through."""

    function: Function
    name: str
    cls: Class | None = None


@dataclass(frozen=True)
class Lineage:
    """A class and the classes of the project that it descends from, the nearest first.

    :param outside: the full names of the others.
    :param is_whole: whether these are all.
    """

    classes: tuple[Class, ...]
    outside: frozenset[str]
    is_whole: bool


class Callees:
    """The functions of a project that its calls call."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self._lineages: dict[Class, Lineage] = {}

    def of(self, site: CallSite) -> Callee | None:
        """Return what a call calls, a method as the class has it that the source names.

        An object may be of a class below that one, and anything may be patched: see `Replaced`.
        """
        func, scope = site.node.func, site.scope
        function = self._definitions.function(func, scope)
        if function is not None:
            return Callee(function, site.name or function.name)
        if not isinstance(func, ast.Attribute):
            return None
        owner = self._above(func.value, scope)
        cls = owner or self._reached(func.value, scope)
        return self._method(cls, func.attr, above=owner is not None) if cls else None

    def lineage(self, cls: Class) -> Lineage:
        """Return what a class descends from."""
        if cls not in self._lineages:
            self._lineages[cls] = self._climb(cls)
        return self._lineages[cls]

    def _climb(self, cls: Class) -> Lineage:
        classes, outside, is_whole = [cls], set[str](), True
        for each in classes:
            for base in each.node.bases:
                known = self._definitions.cls(base, each.outer)
                name = self._definitions.outside(base, each.outer)
                if known is not None:
                    classes += [] if known in classes else [known]
                elif name is not None:
                    outside.add(name)
                else:
                    is_whole = False
        return Lineage(tuple(classes), frozenset(outside), is_whole)

    def _method(self, cls: Class, name: str, *, above: bool) -> Callee | None:
        for each in self.lineage(cls).classes[1 if above else 0 :]:
            bindings = each.scope.bindings.get(name)
            if bindings:
                function = function_of(bindings[0]) if len(bindings) == 1 else None
                return Callee(function, name, cls) if function else None
        return None

    def _above(self, node: ast.expr, scope: Scope) -> Class | None:
        """Return the class whose bases `super()` means."""
        match node:
            case ast.Call(func=ast.Name(id="super"), args=[], keywords=[]):
                method = scope.function
                return method.owner if method else None
        return None

    def _reached(self, node: ast.expr, scope: Scope) -> Class | None:
        """Return the class that an expression is, or is an instance of."""
        if isinstance(node, ast.Call):
            return self._definitions.cls(node.func, scope)
        found = self._definitions.find(node, scope)
        if not isinstance(found, Binding):
            return None
        home, owner = found.scope, found.scope.owner
        if isinstance(found.node, ast.arg):
            if not isinstance(owner, Function):
                return None
            if _is_self(owner, found.node):
                return owner.owner
            given = owner.node.args
            is_one = found.node not in (given.vararg, given.kwarg)
            return self._type(found.annotation, owner.outer) if is_one else None
        if found.element or found.unpacked is not None:
            return None
        if found.annotation is not None:
            return self._type(found.annotation, home)
        if isinstance(found.value, ast.Call):
            cls = self._definitions.cls(found.value.func, home)
            return None if cls is None or self._is_entered(cls) else cls
        return class_of(found)

    def _is_entered(self, cls: Class) -> bool:
        """Whether `with` may bind something else than the instance that it was given."""
        classes = self.lineage(cls).classes
        return any(name in each.scope.bindings for each in classes for name in _ENTERED)

    def _type(self, node: ast.expr | None, scope: Scope, depth: int = 0) -> Class | None:
        """Return the only class that an annotation names, `None` apart."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node = parsed_annotation(node.value, node)
        match node:
            case ast.BinOp(op=ast.BitOr()):
                parts = [each for each in operands(node, ast.BitOr) if not _is_none(each)]
                return self._type(parts[0], scope, depth) if len(parts) == 1 else None
            case ast.Subscript(slice=inner) if self._definitions.outside(node, scope) in _FIRST:
                first = inner.elts[0] if isinstance(inner, ast.Tuple) else inner
                return self._type(first, scope, depth)
            case None:
                return None
        found = self._definitions.find(node, scope)
        if isinstance(found, Binding) and isinstance(found.value, ast.Subscript):
            return self._type(found.value, found.scope, depth + 1) if depth < _DEPTH else None
        return self._definitions.cls(node, scope)


def _is_self(function: Function, argument: ast.arg) -> bool:
    if function.owner is None or argument.arg not in ("self", "cls"):
        return False
    decorators = function.node.decorator_list
    is_static = any(isinstance(each, ast.Name) and each.id == "staticmethod" for each in decorators)
    return argument in function.positional[:1] and not is_static


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
