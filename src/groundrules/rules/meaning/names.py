"""Says what an expression stands for, across modules; None where the source does not tell."""

import ast
import builtins
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Set
from functools import cached_property
from typing import Any

from groundrules.rules.meaning.callers import given_for
from groundrules.rules.meaning.containers import element_type
from groundrules.rules.meaning.expressions import EVALUATE, SPECIAL, call_special
from groundrules.rules.meaning.heritage import climb, member_of_class
from groundrules.rules.meaning.imports import imported, imported_from, module_named
from groundrules.rules.meaning.outcomes import outcome, outcome_of_call
from groundrules.rules.meaning.values import (
    Attribute,
    ClassValue,
    Constant,
    External,
    Frames,
    FunctionValue,
    Instance,
    ModuleValue,
    Result,
    Value,
    is_something,
)
from groundrules.rules.source.syntax import (
    default_of,
    elements,
    nearest_first,
    operands,
    parsed_annotation,
    settles,
)
from groundrules.rules.source.tree import Binding, CallSite, Class, Function, Module, Scope

_DEPTH = 40
_INFERRING = 2  # calls looked at to learn what a call looked at gives: more takes for ever
_BUILTINS = {name: External(f"builtins.{name}") for name in dir(builtins)}
_FIELDS = frozenset({"dataclasses.field", "attrs.field", "fastapi.Depends", "fastapi.Security"})
_TYPES = frozenset({"builtins.type", "typing.Type"})
_TYPE_VARS = frozenset({"typing.TypeVar", "typing_extensions.TypeVar"})
_DEFINITIONS = frozenset({ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef})


class Names:
    """The names of a whole project.

    :param modules: the project's modules by dotted name.
    """

    def __init__(self, modules: Mapping[str, Module]) -> None:
        self.modules = modules
        self.packages = frozenset(name.partition(".")[0] for name in modules if "." in name)
        self._known: dict[Binding, Value | None] = {}
        self._evaluated: dict[ast.expr, tuple[Scope, Value | None]] = {}
        self._ancestors: dict[Class, list[External | ClassValue]] = {}
        self._outside: dict[Class, frozenset[str]] = {}
        self.passing: dict[object, Value | None] = {}  # what holds while one question is answered
        self.open: set[object] = set()
        self.depth = 0
        self._inferring = 0

    @cached_property
    def calls_named(self) -> dict[str | None, list[CallSite]]:
        """Every call of the project by the last name of what is called."""
        found: dict[str | None, list[CallSite]] = defaultdict(list)
        for module in self.modules.values():
            for name, sites in module.called.items():
                found[name] += sites
        return found

    def calls_of(self, name: str) -> list[CallSite]:
        """Return the calls whose last name it is, or that of a variable or import that stands for it."""
        named = {name}
        for module in self.modules.values():
            if name in module.attributes:
                named |= {
                    binding.name
                    for scope in module.scopes
                    for held in scope.bindings.values()
                    for binding in held
                    if isinstance(binding.value, ast.Attribute) and binding.value.attr == name
                }
            for node in module.imports:
                named |= {each.asname for each in node.names if each.asname and each.name == name}
        return [site for each in sorted(named) for site in self.calls_named.get(each, ())]

    def evaluate(self, node: ast.expr | None, scope: Scope, frames: Frames = ()) -> Value | None:
        """Return what `node`, standing in `scope`, is; None where that cannot be known."""
        if node is None or self.depth > _DEPTH:
            return None
        if not frames:
            known = self._evaluated.get(node)
            if known is not None and known[0] is scope:
                return known[1]
        evaluate = _EVALUATE.get(node.__class__)
        if evaluate is None:
            return None
        self.depth += 1
        try:
            value = evaluate(self, node, scope, frames)
        finally:
            self.depth -= 1
            if not self.depth and self.passing:
                self.passing.clear()
        if not frames and (value is not None or not self.open):
            self._evaluated[node] = scope, value
        return value

    def called(self, site: CallSite) -> Value | None:
        """Return what a call calls; None where that cannot be known."""
        known = self._evaluated.get(site.node.func)
        if known is not None:
            return known[1]
        if site in self.passing:
            return self.passing[site]
        value = self.evaluate(site.node.func, site.scope)
        if value is None and self.open and self.depth:
            self.passing[site] = value
        return value

    def constant(self, node: ast.expr | None, scope: Scope, frames: Frames = ()) -> object:
        """Return the literal that `node` is or is named for, None if it is none."""
        if isinstance(node, ast.Constant):
            return node.value
        value = self.evaluate(node, scope, frames)
        return value.value if isinstance(value, Constant) else None

    def literal(self, node: ast.expr | None, scope: Scope) -> tuple[ast.expr | None, Scope]:
        """Return the expression that a name was assigned, with its scope; others as they are."""
        if isinstance(node, ast.Name):
            for binding in reversed(scope.visible(node.id)):
                if binding.value is not None and binding.is_whole:
                    return binding.value, binding.scope
        return node, scope

    def type_of(self, node: ast.expr | None, scope: Scope, frames: Frames = ()) -> Value | None:
        """Return the class that an annotation names: of `X | None` and `Annotated[X, …]` it is X."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node = parsed_annotation(node.value, node)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            kinds = (self.type_of(each, scope, frames) for each in operands(node, ast.BitOr))
            return next((kind for kind in kinds if kind is not None), None)
        value = self.evaluate(node, scope, frames)
        if isinstance(value, Constant) and isinstance(value.value, str) and node is not None:
            alias = parsed_annotation(value.value, node)
            value = None if isinstance(alias, ast.Constant) else self.evaluate(alias, scope, frames)
        if isinstance(value, Instance) and _is_one_of(value.of, _TYPE_VARS) and value.call:
            named = (each.value for each in value.call.keywords if each.arg == "bound")
            bound = next(named, None)
            return self.type_of(bound, value.scope, value.frames) if value.scope else None
        return value if isinstance(value, (External, ClassValue)) else None

    def attribute(self, of: Value | None, name: str) -> Value | None:
        """Return what the attribute `name` of a value is."""
        if isinstance(of, External):
            return External(f"{of.name}.{name}")
        if isinstance(of, ModuleValue):
            return self.member(of.module, name)
        if isinstance(of, ClassValue):
            return member_of_class(self, of.cls, name, None) or Attribute(of, name)
        if isinstance(of, Instance) and isinstance(of.of, ClassValue):
            return member_of_class(self, of.of.cls, name, of) or Attribute(of, name)
        if isinstance(of, (Attribute, Instance, Result)):
            return Attribute(of, name)
        return None

    def call(
        self, of: Value | None, node: ast.Call, scope: Scope, frames: Frames = ()
    ) -> Value | None:
        """Return what calling a value with the arguments of `node` gives."""
        if isinstance(of, External) and of.name in SPECIAL:
            return call_special(self, of, node, scope, frames)
        if isinstance(of, (External, ClassValue)):
            return Instance(of, node, scope, frames)
        if isinstance(of, FunctionValue):
            return outcome_of_call(self, of, node, scope, frames)
        if isinstance(of, (Attribute, Instance, Result)):
            return Result(of, node, scope, frames)
        return None

    def entered(self, value: Value | None, by: str) -> Value | None:
        """Return what `with` binds for a value: itself, unless a class of the project says otherwise.

        :param by: the method that enters it, `__enter__` or `__aenter__`.
        """
        if isinstance(value, Instance) and isinstance(value.of, ClassValue):
            enter = self.attribute(value, by)
            if isinstance(enter, FunctionValue):
                given: dict[str, Value] = {
                    each.arg: value for each in enter.function.positional[:1]
                }
                return outcome(self, enter, given) or value
        return value

    def bases(self, cls: Class) -> list[Value | None]:
        """Return what each base class of `cls` is."""
        return [self.evaluate(base, cls.outer) for base in cls.node.bases]

    def ancestors(self, of: Value | None) -> Iterable[External | ClassValue]:
        """Return a class and all classes it descends from, each once, as far as they are known."""
        if not isinstance(of, ClassValue):
            return (of,) if isinstance(of, External) else ()
        known = self._ancestors.get(of.cls)
        if known is None:
            known = list(climb(self, of))
            if not self.open:
                self._ancestors[of.cls] = known
        return known

    def is_a(self, of: Value | None, names: Set[str]) -> bool:
        """Whether a class is, or descends from, an external class with one of the full `names`."""
        if isinstance(of, External):
            return of.name in names
        if not isinstance(of, ClassValue):
            return False
        outside = self._outside.get(of.cls)
        if outside is None:
            ancestors = self.ancestors(of)
            outside = frozenset(each.name for each in ancestors if isinstance(each, External))
            if not self.open:
                self._outside[of.cls] = outside
        return not outside.isdisjoint(names)

    def has_decorator(self, function: Function, name: str) -> bool:
        """Whether a function bears the external decorator with that full name."""
        return any(
            isinstance(value, External) and value.name == name
            for each in function.node.decorator_list
            if (value := self.evaluate(each, function.outer)) is not None
        )

    def member(self, module: Module, name: str) -> Value | None:
        """Return what the name `name` of a module is: bound in it, or a module below it."""
        key = (module.name, name)
        found = None
        if key not in self.open:
            self.open.add(key)
            try:
                found = self._in_scope(module.scope, name, None, ())
            finally:
                self.open.discard(key)
        return found or module_named(self, f"{module.name}.{name}" if module.name else name)

    def _name(self, node: ast.Name, scope: Scope, frames: Frames) -> Value | None:
        name = node.id
        for home in scope.around(name):
            bindings = home.bindings.get(name)
            if bindings is not None and len(bindings) == 1 and not frames:
                known = self._known.get(bindings[0])
                if known is not None and known.__class__ is not Constant:
                    return known
            if bindings is not None or home.stars or frames:
                position = (node.lineno, node.col_offset) if home is scope else None
                value = self._in_scope(home, name, position, frames)
                if bindings is not None or value is not None:
                    return value
        return _BUILTINS.get(name)

    def _in_scope(
        self, scope: Scope, name: str, position: tuple[int, int] | None, frames: Frames
    ) -> Value | None:
        for frame in reversed(frames) if frames else ():
            if frame.scope is scope and name in frame.values:
                return frame.values[name]
        for binding in nearest_first(scope.bindings.get(name, ()), position):
            value = self.bound(binding, frames)
            if is_something(value):
                return value
            if value is None and position is not None and settles(binding, position):
                return None
        for star in reversed(scope.stars):
            value = imported_from(self, scope.module.source_of(star), name, star=True)
            if value is not None:
                return value
        return None

    def bound(self, binding: Binding, frames: Frames = ()) -> Value | None:
        """Return what one binding gives its name."""
        if frames and binding.scope.function is None:
            frames = ()
        if not frames:
            if binding in self._known:
                return self._known[binding]
            if binding in self.passing:
                return self.passing[binding]
        if binding in self.open:
            return None
        self.open.add(binding)
        try:
            value = self._bound(binding, frames)
        finally:
            self.open.discard(binding)
        if not frames and (value is not None or not self.open):
            self._known[binding] = value
        elif not frames and self.depth:
            self.passing[binding] = value
        return value

    def _bound(self, binding: Binding, frames: Frames) -> Value | None:
        node = binding.node
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            return imported(self, node, binding)
        if node.__class__ in _DEFINITIONS:
            defined = binding.scope.module.defined[node]
            return (
                FunctionValue(defined, frames)
                if isinstance(defined, Function)
                else ClassValue(defined)
            )
        if isinstance(node, ast.arg):
            return self._argument(binding, frames)
        return self._assigned(binding, frames)

    def _assigned(self, binding: Binding, frames: Frames) -> Value | None:
        scope = binding.scope
        if binding.unpacked is not None and not binding.element:
            known = self._unpacked(binding, binding.unpacked, frames)
            kind = None if known else element_type(self, binding)
            return Instance(kind) if kind else known
        if binding.unpacked is None:
            sources = elements(binding.value) if binding.element else (binding.value,)
            for source in sources:
                value = self.evaluate(source, scope, frames)
                if binding.entered:
                    value = self.entered(value, binding.entered)
                is_field = isinstance(value, Instance) and _is_one_of(value.of, _FIELDS)
                if is_something(value) and not is_field:
                    return value
        if not binding.element:
            return self._declared(binding.annotation, scope, frames)
        kind = element_type(self, binding)
        return Instance(kind) if kind else None

    def _declared(self, annotation: ast.expr | None, scope: Scope, frames: Frames) -> Value | None:
        """Return what has an annotation: an instance of the class, or the class for `type[…]`."""
        if annotation is None:
            return None
        kind = self.type_of(annotation, scope, frames)
        if _is_one_of(kind, _TYPES):
            if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
                annotation = parsed_annotation(annotation.value, annotation)
            if isinstance(annotation, ast.Subscript):
                return self.type_of(annotation.slice, scope, frames)
        return Instance(kind) if kind else None

    def _unpacked(self, binding: Binding, position: int, frames: Frames) -> Value | None:
        """Return what a tuple that a function of the project returns holds at a position."""
        if not isinstance(binding.value, ast.Call) or binding.within:
            return None
        called = self.evaluate(binding.value.func, binding.scope, frames)
        if not isinstance(called, FunctionValue):
            return None
        for returned in called.function.returns:
            parts = elements(returned)
            if position < len(parts):
                return self.evaluate(parts[position], called.function.scope, called.frames)
        return None

    def _argument(self, binding: Binding, frames: Frames) -> Value | None:
        function = binding.scope.owner
        if not isinstance(function, Function):
            return None
        position = function.positional
        if function.owner and position and position[0].arg == binding.name:
            if self.has_decorator(function, "builtins.classmethod") or function.name == "__new__":
                return ClassValue(function.owner)
            if not self.has_decorator(function, "builtins.staticmethod"):
                return Instance(ClassValue(function.owner))
        declared = self._declared(binding.annotation, function.outer, frames)
        if declared is not None:
            return declared
        if self._inferring < _INFERRING:
            self._inferring += 1
            try:
                for given, scope in given_for(self, function, binding.name):
                    value = self.evaluate(given, scope)
                    if value is not None:
                        return value
            finally:
                self._inferring -= 1
        return self.evaluate(default_of(function, binding.name), function.outer, frames)

    def _attribute(self, node: ast.Attribute, scope: Scope, frames: Frames) -> Value | None:
        found = self.attribute(self.evaluate(node.value, scope, frames), node.attr)
        if isinstance(node.value, ast.Name) and (found is None or isinstance(found, Attribute)):
            return self._assigned_attribute(node.value.id, node.attr, scope, frames) or found
        return found

    def _assigned_attribute(
        self, owner: str, attr: str, scope: Scope, frames: Frames
    ) -> Value | None:
        """Return what `owner.attr = …` assigned, for an object that is no `self`."""
        for home in scope.around(owner):
            if owner in home.bindings:
                return self._in_scope(home, f"{owner}.{attr}", None, frames)
        return None


def _is_one_of(value: Value | None, names: frozenset[str]) -> bool:
    return isinstance(value, External) and value.name in names


_EVALUATE: dict[type[ast.expr], Callable[[Names, Any, Scope, Frames], Value | None]] = {
    **EVALUATE,
    ast.Name: Names._name,
    ast.Attribute: Names._attribute,
}
