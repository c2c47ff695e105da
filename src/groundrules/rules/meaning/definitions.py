"""Follows names that are bound once to their definitions; says nothing of any other name.

`Names` says what a name most likely stands for. Here it is that for sure, or nothing.
"""

import ast
import builtins

from groundrules.rules.meaning.names import Names
from groundrules.rules.source.tree import Binding, Class, Function, Module, Scope

Definition = Binding | Module | str | None  # the last is the full name of something from outside

_DEPTH = 20  # imports followed, and dots in a name
_BUILTINS = frozenset(dir(builtins))


class Definitions:
    """Where a project's names are surely defined."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self.modules = names.modules

    def find(self, node: ast.expr, scope: Scope, depth: int = 0) -> Definition:
        """Return what a name or dotted name stands for in a scope, behind all imports of it."""
        if isinstance(node, ast.Attribute):
            base = self.find(node.value, scope, depth + 1) if depth < _DEPTH else None
            if isinstance(base, Module):
                return self._member(base, node.attr, 0)
            return f"{base}.{node.attr}" if isinstance(base, str) else None
        if not isinstance(node, ast.Name):
            return None
        bindings = scope.visible(node.id)
        if not bindings and node.id in _BUILTINS and not scope.module.scope.stars:
            return f"builtins.{node.id}"
        return self._behind(bindings, 0)

    def function(self, node: ast.expr, scope: Scope) -> Function | None:
        """Return the function of the project that a name stands for."""
        return function_of(self.find(node, scope))

    def cls(self, node: ast.expr, scope: Scope) -> Class | None:
        """Return the class of the project that a name stands for, its parameters left out."""
        inner = node.value if isinstance(node, ast.Subscript) else node
        return class_of(self.find(inner, scope))

    def outside(self, node: ast.expr, scope: Scope) -> str | None:
        """Return the full name of what a name stands for, if that is not in the project."""
        inner = node.value if isinstance(node, ast.Subscript) else node
        found = self.find(inner, scope)
        return found if isinstance(found, str) else None

    def decorators(self, defined: Function | Class) -> set[str | None]:
        """Return the full names of what a definition is decorated with; None for the project's own."""
        called = (
            each.func if isinstance(each, ast.Call) else each
            for each in defined.node.decorator_list
        )
        return {self.outside(each, defined.outer) for each in called}

    def _behind(self, bindings: list[Binding], depth: int) -> Definition:
        if len(bindings) != 1 or depth > _DEPTH:
            return None
        (binding,) = bindings
        home, name, node = binding.scope, binding.name, binding.node
        is_hidden = any(star.lineno > binding.place[0] for star in home.stars)
        if is_hidden or home.is_class or (home.parent is None and name in _BUILTINS):
            return None
        if isinstance(node, ast.ImportFrom):
            source = home.module.source_of(node)
            imported = next(each.name for each in node.names if name in (each.asname, each.name))
            return self._imported(source, imported, depth) if source else None
        if isinstance(node, ast.Import):
            whole = [each.name for each in node.names if each.asname == name]
            return self._module(whole[0] if whole else name)
        return binding

    def _imported(self, source: str, name: str, depth: int) -> Definition:
        module = self._module(source)
        if isinstance(module, Module):
            return self._member(module, name, depth)
        return None if module is None else f"{module}.{name}"

    def _module(self, name: str) -> Module | str | None:
        inside = name.partition(".")[0] in self._names.packages
        return self._names.modules.get(name) or (None if inside else name)

    def _member(self, module: Module, name: str, depth: int) -> Definition:
        below = self._names.modules.get(f"{module.name}.{name}")
        bindings = module.scope.bindings.get(name, [])
        if below is None:
            return self._behind(bindings, depth + 1)
        imports = (each.node for each in bindings)
        is_below = (
            isinstance(node, ast.ImportFrom) and module.source_of(node) == module.name
            for node in imports
        )
        return below if all(is_below) else None


def function_of(found: Definition) -> Function | None:
    """Return the function that was found to be defined."""
    defined = found.scope.module.defined.get(found.node) if isinstance(found, Binding) else None
    return defined if isinstance(defined, Function) else None


def class_of(found: Definition) -> Class | None:
    """Return the class that was found to be defined."""
    defined = found.scope.module.defined.get(found.node) if isinstance(found, Binding) else None
    return defined if isinstance(defined, Class) else None
