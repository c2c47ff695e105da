"""Follows a name, over modules, to the expression it was given."""

import ast

from groundrules.rules.meaning.names import Names
from groundrules.rules.meaning.values import ModuleValue
from groundrules.rules.source.tree import Binding, Module, Scope

_STEPS = 20


def origin(
    names: Names, node: ast.expr | None, scope: Scope, *, first: bool = False
) -> tuple[ast.expr | None, Scope]:
    """Return the expression that a name stands for, with its scope; others as they are.

    Names that a loop or unpacking binds stay as they are, and those that are bound more than once,
    unless the `first` of their values is wanted.
    """
    for _ in range(_STEPS):
        if isinstance(node, (ast.Await, ast.NamedExpr)):
            node = node.value
            continue
        if not isinstance(node, (ast.Name, ast.Attribute)):
            return node, scope
        binding = _binding(names, node, scope, first=first)
        if binding is None or binding.value is None:
            return node, scope
        if binding.element or binding.unpacked is not None or binding.value is node:
            return node, scope
        node, scope = binding.value, binding.scope
    return node, scope


def _binding(
    names: Names, node: ast.Name | ast.Attribute, scope: Scope, *, first: bool
) -> Binding | None:
    """Return the binding that a name, local, global or imported, comes from."""
    if isinstance(node, ast.Name):
        found = scope.visible(node.id)
    else:
        owner = names.evaluate(node.value, scope)
        found = _member(names, owner.module, node.attr) if isinstance(owner, ModuleValue) else []
    for _ in range(_STEPS):
        if not found or (len(found) > 1 and not first):
            return None
        binding = found[0]
        if not isinstance(binding.node, ast.ImportFrom):
            return binding
        original = next(
            each.name for each in binding.node.names if (each.asname or each.name) == binding.name
        )
        source = binding.scope.module.source_of(binding.node)
        module = names.modules.get(source) if source else None
        if module is None:
            return None
        found = _member(names, module, original)
    return None


def _member(names: Names, module: Module, name: str, steps: int = _STEPS) -> list[Binding]:
    if name in module.scope.bindings or not steps:
        return module.scope.bindings.get(name, [])
    for star in reversed(module.scope.stars):
        source = module.source_of(star)
        starred = names.modules.get(source) if source else None
        found = _member(names, starred, name, steps - 1) if starred else []
        if found:
            return found
    return []
