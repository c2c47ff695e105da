"""Says which function a call surely calls, by the names and the declared types in the source."""

import ast
from dataclasses import dataclass

from groundrules.rules.meaning.definitions import Definitions, function_of
from groundrules.rules.meaning.lineages import Lineages
from groundrules.rules.meaning.objects import Objects
from groundrules.rules.source.syntax import match_arguments
from groundrules.rules.source.tree import Binding, CallSite, Class, Function, Scope

_DEPTH = 20  # names of functions followed
_PARTIAL = frozenset({"functools.partial"})
_METHODS = frozenset({"builtins.staticmethod", "builtins.classmethod"})
_MAKING = ("__init__", "__new__")


@dataclass(frozen=True)
class Callee:
    """A function and the name it is called by, and for a method the class that it was reached through."""

    function: Function
    name: str
    cls: Class | None = None


class Callees:
    """The functions of a project that its calls call."""

    def __init__(self, definitions: Definitions, lineages: Lineages) -> None:
        self._definitions = definitions
        self._lineages = lineages
        self._objects = Objects(definitions, lineages)

    def of(self, site: CallSite) -> Callee | None:
        """Return what a call calls, a method as the class has it that the source names.

        An object may be of a class below that one, and anything may be patched: see `Replaced`.
        """
        return self._callee(site.node.func, site.scope, 0)

    def _callee(self, func: ast.expr, scope: Scope, depth: int) -> Callee | None:
        found = self._definitions.find(func, scope)
        function = function_of(found)
        if function is not None:
            name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
            return Callee(function, name)
        if isinstance(found, Binding) and found.is_whole and depth < _DEPTH:
            match found.value:
                case ast.Name() | ast.Attribute() as alias:
                    return self._callee(alias, found.scope, depth + 1)
                case ast.Call(func=maker, args=[first, *_]) if (
                    self._definitions.outside(maker, found.scope) in _PARTIAL
                ):
                    return self._callee(first, found.scope, depth + 1)
        if not isinstance(func, ast.Attribute):
            return self._called(self._objects.instance(func, scope))
        above = _above(func.value, scope)
        cls = above or self._objects.cls(func.value, scope)
        if cls is None:
            return None
        method = self._objects.method(cls, func.attr, above=above is not None)
        return Callee(method, func.attr, cls) if method else None

    def _called(self, cls: Class | None) -> Callee | None:
        """Return what calling an instance of a class calls."""
        method = self._objects.method(cls, "__call__") if cls else None
        return Callee(method, "__call__", cls) if method else None

    def parameter(self, site: CallSite, given: ast.expr) -> tuple[ast.expr | None, Scope] | None:
        """Return the annotation, with its scope, of what an argument of a call is surely given for.

        None if it is not known what takes it: then there is no telling what becomes of it.
        """
        taking = self.taking(site, given)
        if taking is not None:
            function, argument = taking
            return argument.annotation, function.outer
        cls = self._definitions.cls(site.node.func, site.scope)
        return self._field(cls, site.node, given) if cls else None

    def taking(self, site: CallSite, given: ast.expr) -> tuple[Function, ast.arg] | None:
        """Return the function that surely takes an argument of a call, and its parameter for it."""
        cls = self._definitions.cls(site.node.func, site.scope)
        callee = self.of(site) if cls is None else self._constructor(cls)
        if callee is None:
            return None
        function, decorators = callee.function, self._definitions.decorators(callee.function)
        if not decorators <= _METHODS:
            return None
        bound = function.owner is not None and "builtins.staticmethod" not in decorators
        if bound and cls is None and "builtins.classmethod" not in decorators:
            owner = getattr(site.node.func, "value", None)
            if owner is not None and self._definitions.cls(owner, site.scope) is not None:
                return None  # `Class.method(object, …)`
        matched = match_arguments(function, site.node, bound=bound)
        names = [name for name, each in matched.items() if each is given]
        taking = [each for each in function.arguments if each.arg in names]
        return (function, taking[0]) if len(taking) == 1 else None

    def _constructor(self, cls: Class) -> Callee | None:
        method = self._objects.method(cls, "__init__")
        return Callee(method, "__init__", cls) if method else None

    def _field(
        self, cls: Class, node: ast.Call, given: ast.expr
    ) -> tuple[ast.expr | None, Scope] | None:
        """Return the annotation of what a class without a constructor of its own is given by name."""
        lineage = self._lineages.of(cls)
        if any(name in each.scope.bindings for each in lineage.classes for name in _MAKING):
            return None
        name = next((each.arg for each in node.keywords if each.value is given), None)
        for each in lineage.classes:
            for binding in each.scope.bindings.get(name or "", ()):
                return binding.annotation, binding.scope
        return None


def _above(node: ast.expr, scope: Scope) -> Class | None:
    """Return the class whose bases `super()` means."""
    match node:
        case ast.Call(func=ast.Name(id="super"), args=[], keywords=[]):
            method = scope.function
            return method.owner if method else None
    return None
