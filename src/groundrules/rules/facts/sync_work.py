"""Finds the functions that SQLAlchemy itself runs with a sync session on an async connection."""

import ast
from collections import defaultdict
from functools import cached_property

from groundrules.rules.facts.session_kinds import sqlalchemy_name
from groundrules.rules.meaning.callers import given_for
from groundrules.rules.meaning.names import Names
from groundrules.rules.meaning.values import ClassValue, External, FunctionValue, Value
from groundrules.rules.source.tree import CallSite, Class, Function, Scope

# where functions of SQLAlchemy take the function that they will call
_HANDING = {"listen": 2, "greenlet_spawn": 0}


class SyncWork:
    """What is handed to `run_sync` or listens to SQLAlchemy's events, and what only that calls."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._open: set[object] = set()

    def covers(self, scope: Scope, node: ast.expr | None = None) -> bool:
        """Whether the code of a scope runs so, or `node` is part of a lambda that does."""
        if node is not None and node in self._lambdas:
            return True
        here: Scope | None = scope
        while here is not None:
            if here.owner is not None and self._is_covered(here.owner):
                return True
            here = here.parent
        return False

    def hands_on(self, function: Function, argument: str) -> bool:
        """Whether a function hands an argument to `run_sync`."""
        return (function, argument) in self._handed_on

    def _is_covered(self, owner: Function | Class) -> bool:
        if owner in self._handed or owner in self._open:
            return True
        if not self._handed and not self._lambdas:
            return False
        if not self._sites[owner] or owner in self._passed_on:
            return False
        self._open.add(owner)
        try:
            return all(self.covers(site.scope, site.node) for site in self._sites[owner])
        finally:
            self._open.discard(owner)

    @cached_property
    def _sites(self) -> dict[Function | Class, list[CallSite]]:
        """The calls of the project's functions and classes."""
        found = defaultdict[Function | Class, list[CallSite]](list)
        for site in self._calls:
            called = _defined(self._names.called(site))
            if called is None:
                continue
            found[called].append(site)
            if isinstance(called, Class):
                for method in called.methods:
                    if method.name == "__init__":
                        found[method].append(site)
        return found

    @cached_property
    def _passed_on(self) -> set[Function | Class]:
        """The functions and classes that something gets hold of other than by calling them."""
        handers = {function for function, _ in self._handed_on}
        handing = {*self._handing, *(site.node for each in handers for site in self._sites[each])}
        found = set[Function | Class]()
        for site in self._calls:
            if site.node in handing:
                continue
            for given in (*site.node.args, *(each.value for each in site.node.keywords)):
                target = self._target(given, site.scope) if _is_reference(given) else None
                if target is not None:
                    found.add(target)
        return found

    def _target(self, node: ast.expr, scope: Scope) -> Function | Class | None:
        return _defined(self._names.evaluate(node, scope))

    @cached_property
    def _calls(self) -> list[CallSite]:
        return [site for module in self._names.modules.values() for site in module.calls]

    @cached_property
    def _handing(self) -> dict[ast.Call, tuple[ast.expr, Scope]]:
        """The calls that hand a function over, with that function."""
        found = {}
        sites = (each for name in ("run_sync", *_HANDING) for each in self._names.calls_of(name))
        for site in sites:
            node = site.node
            if isinstance(node.func, ast.Attribute) and node.func.attr == "run_sync":
                receiver = self._names.evaluate(node.func.value, site.scope)
                named = [each.value for each in node.keywords if each.arg == "fn"]
                given = next(iter((*node.args, *named)), None)
                if given is not None and not isinstance(receiver, External):  # `anyio.to_thread` is
                    found[node] = given, site.scope
                continue
            place = _HANDING.get(sqlalchemy_name(self._names.called(site)) or "")
            if place is not None and len(node.args) > place:
                found[node] = node.args[place], site.scope
        return found

    @cached_property
    def _handed_on(self) -> set[tuple[Function, str]]:
        """The arguments of the project's functions that these hand over, with those functions."""
        found = set()
        for node, scope in self._handing.values():
            function = scope.function
            if function is None or not isinstance(node, ast.Name):
                continue
            if any(argument.arg == node.id for argument in function.arguments):
                found.add((function, node.id))
        return found

    @cached_property
    def _handed(self) -> set[Function | Class]:
        given = list(self._handing.values())
        for function, name in self._handed_on:
            given += given_for(self._names, function, name)
        targets = (self._target(node, scope) for node, scope in given)
        found = {each for each in targets if each is not None}
        for module in self._names.modules.values():
            for function in module.functions:
                decorators = function.node.decorator_list
                if any(self._listens(each, function.outer) for each in decorators):
                    found.add(function)
        return found

    def _listens(self, decorator: ast.expr, scope: Scope) -> bool:
        if not isinstance(decorator, ast.Call):
            return False
        called = self._names.evaluate(decorator.func, scope)
        return sqlalchemy_name(called) == "listens_for"

    @cached_property
    def _lambdas(self) -> set[ast.AST]:
        """All that stands in lambdas that are handed over."""
        handed = (node for node, _ in self._handing.values() if isinstance(node, ast.Lambda))
        return {part for each in handed for part in ast.walk(each)}


def _defined(value: Value | None) -> Function | Class | None:
    match value:
        case FunctionValue(function=function):
            return function
        case ClassValue(cls):
            return cls
    return None


def _is_reference(node: ast.expr) -> bool:
    return isinstance(node, (ast.Name, ast.Attribute, ast.Call))
