"""Says what a class inherits: its ancestors, and the members it has from them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from groundrules.rules.meaning.outcomes import outcome
from groundrules.rules.meaning.values import (
    ClassValue,
    External,
    FunctionValue,
    Instance,
    Value,
    is_something,
)
from groundrules.rules.source.tree import Class, Scope

if TYPE_CHECKING:
    from groundrules.rules.meaning.names import Names


def climb(names: "Names", of: ClassValue) -> Iterator[External | ClassValue]:
    """Yield a class and all classes it descends from, each once, the nearest first."""
    todo: list[Value | None] = [of]
    seen = set[object]()
    while todo:
        value = todo.pop(0)
        if not isinstance(value, (External, ClassValue)) or value in seen:
            continue
        seen.add(value)
        yield value
        if isinstance(value, ClassValue):
            todo.extend(names.bases(value.cls))


def member_of_class(names: "Names", cls: Class, name: str, instance: Value | None) -> Value | None:
    """Return what a class, or an instance of it, has under a name; None if no class of the project says."""
    for each in names.ancestors(ClassValue(cls)):
        if not isinstance(each, ClassValue):
            continue
        bindings = each.cls.scope.bindings.get(name, ())
        if instance is not None:
            bindings = [*bindings, *each.cls.attributes.get(name, ())]
        for binding in reversed(bindings):
            value = names.bound(binding)
            if isinstance(value, FunctionValue) and value.function.owner is each.cls:
                return _method(names, value, instance, cls)
            if is_something(value):
                return value
    return None


def instance_of_base(names: "Names", scope: Scope) -> Value | None:
    """Return what `super()` is in a scope."""
    method = scope.function
    if method is None or method.owner is None:
        return None
    known = (base for base in names.bases(method.owner) if base is not None)
    base = next(known, None)
    return Instance(base) if base else None


def _method(
    names: "Names", value: FunctionValue, instance: Value | None, cls: Class
) -> Value | None:
    """Return what a method is that was reached through a class, or through an instance of it."""
    function = value.function
    if names.has_decorator(function, "builtins.classmethod"):
        return FunctionValue(function, (), ClassValue(cls))
    if instance is None:
        return value
    for kind in ("builtins.property", "functools.cached_property"):
        if names.has_decorator(function, kind):
            return outcome(names, value, {})
    static = names.has_decorator(function, "builtins.staticmethod")
    return FunctionValue(function, (), None if static else instance)
