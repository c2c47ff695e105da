"""Follows imports to what they bring: a module of the project, what it binds, or something from outside."""

import ast
import builtins
from typing import TYPE_CHECKING

from groundrules.rules.meaning.values import External, ModuleValue, Value
from groundrules.rules.source.tree import Binding

if TYPE_CHECKING:
    from groundrules.rules.meaning.names import Names

_BUILTINS = frozenset(dir(builtins))


def imported(names: "Names", node: ast.Import | ast.ImportFrom, binding: Binding) -> Value | None:
    """Return what an import gives the name it binds."""
    name = binding.name
    if isinstance(node, ast.ImportFrom):
        for alias in node.names:
            if (alias.asname or alias.name) == name:
                return imported_from(names, binding.scope.module.source_of(node), alias.name)
        return None
    for alias in node.names:
        if alias.asname == name:
            return module_named(names, alias.name) or External(alias.name)
        if alias.asname is None and alias.name.partition(".")[0] == name:
            return module_named(names, name) or External(name)
    return None


def imported_from(
    names: "Names", source: str | None, name: str, *, star: bool = False
) -> Value | None:
    """Return what `from source import name` brings; `star` if the name was not asked for."""
    if source is None:
        return None
    module = names.modules.get(source)
    if module is not None:
        return None if star and name.startswith("_") else names.member(module, name)
    full = f"{source}.{name}"
    if full in names.modules:
        return None if star else module_named(names, full)
    if source.partition(".")[0] in names.packages:
        return None
    if star and name in _BUILTINS:
        return None
    return External(full) if source else None


def module_named(names: "Names", name: str) -> ModuleValue | None:
    """Return the module of the project with that dotted name."""
    module = names.modules.get(name)
    return ModuleValue(module) if module else None
