"""Every call of a project by what it calls, each looked at once for all rules."""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property

from groundrules.rules.meaning.names import Names
from groundrules.rules.meaning.values import (
    Attribute,
    ClassValue,
    External,
    FunctionValue,
    Instance,
    Value,
)
from groundrules.rules.source.tree import CallSite, Function


class Calls:
    """What the calls of a project call."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._callees: dict[CallSite, FunctionValue | None] = {}

    def to(self, names: Iterable[str]) -> Iterator[CallSite]:
        """Yield the calls of classes that are imported from outside under one of the full `names`.

        `fastapi.Response.__init__` stands for calls of the constructor by that name.
        """
        for name in names:
            yield from self._by_name.get(name, ())

    def name(self, site: CallSite) -> str | None:
        """Return the full name of what a call calls outside the project, None if it is inside."""
        return full_name(self._names.called(site))

    def functions(self, function: Function) -> Iterator[FunctionValue]:
        """Yield the project's functions, methods and constructors that a function calls itself."""
        for site in function.calls:
            called = self.callee(site)
            if called is not None:
                yield called

    def reached(self, functions: Iterable[Function]) -> frozenset[Function]:
        """Return the functions and all of the project that they call, directly or not."""
        found = set(functions)
        todo = list(found)
        while todo:
            for called in self.functions(todo.pop()):
                if called.function not in found:
                    found.add(called.function)
                    todo.append(called.function)
        return frozenset(found)

    def callee(self, site: CallSite) -> FunctionValue | None:
        """Return the project's function, method or constructor that a call runs."""
        if site not in self._callees:
            self._callees[site] = run_by(self._names, self._names.called(site))
        return self._callees[site]

    @property
    def constructing(self) -> list[tuple[CallSite, ClassValue]]:
        """The calls of the project's classes."""
        return self._index[1]

    @property
    def _by_name(self) -> dict[str, list[CallSite]]:
        return self._index[0]

    @cached_property
    def _index(self) -> tuple[dict[str, list[CallSite]], list[tuple[CallSite, ClassValue]]]:
        named: dict[str, list[CallSite]] = defaultdict(list)
        constructing = list[tuple[CallSite, ClassValue]]()
        for module in self._names.modules.values():
            for site in module.calls:
                if isinstance(site.node.func, ast.Attribute) and site.node.func.attr[:1].islower():
                    continue  # a method: classes have other names, and most calls are of methods
                called = self._names.called(site)
                name = full_name(called)
                if name is not None:
                    named[name].append(site)
                elif isinstance(called, ClassValue):
                    constructing.append((site, called))
        return named, constructing


def run_by(names: Names, value: Value | None) -> FunctionValue | None:
    """Return the project's function, method or constructor that runs when a value is called."""
    if isinstance(value, FunctionValue):
        return value
    if isinstance(value, ClassValue):
        found = names.attribute(Instance(value), "__init__")
    elif isinstance(value, Instance) and isinstance(value.of, ClassValue):
        found = names.attribute(value, "__call__")
    else:
        return None
    return found if isinstance(found, FunctionValue) else None


def full_name(value: Value | None) -> str | None:
    """Return the full name of something outside the project, such as `bcrypt.hashpw`."""
    if isinstance(value, External):
        return value.name
    if isinstance(value, Attribute) and isinstance(value.of, Instance):
        maker = value.of.of
        return f"{maker.name}.{value.name}" if isinstance(maker, External) else None
    return None
