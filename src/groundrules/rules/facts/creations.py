"""Whether a function creates something: whether it returns the row that it has just added."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from groundrules.rules.facts.effects import added_rows
from groundrules.rules.facts.rows import Rows, given_to
from groundrules.rules.facts.sessions import Sessions
from groundrules.rules.meaning.calls import Calls
from groundrules.rules.meaning.circles import Circles
from groundrules.rules.meaning.names import Names
from groundrules.rules.meaning.origins import origin
from groundrules.rules.meaning.values import Attribute, ClassValue, External, FunctionValue
from groundrules.rules.source.tree import CallSite, Function

_VALIDATING = frozenset({"model_validate", "from_orm", "validate_python"})
_DEPTH = 10
_NOTHING = frozenset[str]()


@dataclass(frozen=True)
class _Known:
    """What is asked of a function: whether each of its returns is added (`every`), or one.

    :param new: its parameters that hold new rows, as in `Followed`.
    """

    every: bool
    new: frozenset[str] = frozenset()


class Creations:
    """The functions of a project that return what they add."""

    def __init__(
        self, names: Names, calls: Calls, sessions: Sessions, rows: Rows, circles: Circles
    ) -> None:
        self._names = names
        self._calls = calls
        self._sessions = sessions
        self._rows = rows
        self._circles = circles
        self._sites: dict[Function, dict[ast.Call, CallSite]] = {}

    def returns_added(self, function: Function) -> bool:
        """Whether what a function returns is, each time, a row that it has just added.

        Of functions that do nothing but call each other every return is, and none.
        """
        return all(self._asked(function, _Known(every)) for every in (True, False))

    def _asked(self, function: Function, known: _Known) -> bool:
        return self._circles.ask(self._returns_added, (function, known), start=known.every)

    def _returns_added(self, key: tuple[Function, _Known]) -> bool:
        function, known = key
        returned = _returned(function)
        added = (self._is_added(each, function, known, 0) for each in returned)
        return bool(returned) and all(added) if known.every else any(added)

    def _is_added(self, node: ast.expr, function: Function, known: _Known, depth: int) -> bool:
        if depth > _DEPTH:
            return False
        inner = self._inner(node, function)
        if inner is not None and self._is_added(inner, function, known, depth + 1):
            return True
        match node:
            case ast.Name(id=name):
                return self._name_is_added(name, function, known, depth)
            case ast.Call():
                return self._call_is_added(node, function, known, depth)
        return False

    def _inner(self, node: ast.expr, function: Function) -> ast.expr | None:
        """Return what an expression waits for, converts, or shows in an envelope."""
        match node:
            case ast.Await(value=value):
                return value
            case ast.Dict(keys=keys, values=values):
                names = [self._names.constant(key, function.scope) for key in keys]
                return _enveloped(dict(zip(names, values, strict=True)), values)
            case ast.Call(func=func, args=args):
                called = self._names.evaluate(func, function.scope)
                if isinstance(called, FunctionValue):
                    shown = self._circles.ask(self._shown_by, called.function, start=_NOTHING)
                    given = given_to(called, node)
                    found = [given[each] for each in shown if each in given]
                    return found[0] if len(found) == 1 else None
                if isinstance(func, ast.Attribute) and func.attr in _VALIDATING and args:
                    return args[0]
                if called == External("typing.cast") and len(args) == 2:
                    return args[1]
                if isinstance(called, ClassValue) and not self._rows.is_mapped(called):
                    named = {each.arg: each.value for each in node.keywords}
                    return _enveloped(named, [*args, *named.values()])
        return None

    def _shown_by(self, function: Function) -> frozenset[str]:
        """Return the parameters that each return of a function shows."""
        shown = [self._parameter(each, function) for each in _returned(function)]
        first = next(iter(shown), None)
        return frozenset({first}) if first and set(shown) == {first} else _NOTHING

    def _parameter(self, node: ast.expr, function: Function) -> str | None:
        current: ast.expr | None = node
        for _ in range(_DEPTH):
            if isinstance(current, ast.Name):
                bindings = function.scope.bindings.get(current.id, [])
                if len(bindings) != 1:
                    return None
                if isinstance(bindings[0].node, ast.arg):
                    return current.id
                current = bindings[0].value if bindings[0].is_whole else None
            elif current is not None:
                current = self._inner(current, function)
        return None

    def _call_is_added(self, node: ast.Call, function: Function, known: _Known, depth: int) -> bool:
        scope = function.scope
        site = self._site(function, node)
        called = self._names.called(site) if site else None
        if isinstance(called, FunctionValue):
            new = self._rows.new_for(called, node, scope, function, known.new)
            return self._asked(called.function, _Known(known.every, new))
        if isinstance(node.func, ast.Attribute):
            if self._sessions.is_session(node.func.value, scope) and node.args:
                return self._rows.statement(node.args[0], scope) == ("add", False)
            if isinstance(called, Attribute):
                owner, _ = origin(self._names, node.func.value, scope)
                return isinstance(owner, ast.Call) and self._call_is_added(
                    owner, function, known, depth + 1
                )
        return False

    def _name_is_added(self, name: str, function: Function, known: _Known, depth: int) -> bool:
        node = ast.Name(name, ast.Load(), lineno=0, col_offset=0)
        bindings = function.scope.bindings.get(name, [])
        if name in known.new or (
            bindings and self._rows.holds_new(node, function.scope, function, known.new)
        ):
            return self._is_saved(name, function, known.new)
        given = [each.value for each in bindings if each.value is not None]
        return (
            bool(given)
            and len(given) == len(bindings)
            and all(self._is_added(each, function, known, depth + 1) for each in given)
        )

    def _is_saved(self, name: str, function: Function, new: frozenset[str], depth: int = 0) -> bool:
        """Whether a function hands the object of that name to a session, itself or by a call."""
        for site in function.calls:
            func = site.node.func
            if isinstance(func, ast.Attribute) and func.attr in ("add", "add_all"):
                added = any(_is_named(each, name) for each in added_rows(site.node))
                if added and self._sessions.is_session(func.value, site.scope):
                    return True
            called = self._calls.callee(site)
            if called is None or depth > _DEPTH:
                continue
            given = given_to(called, site.node)
            inner = self._rows.new_for(called, site.node, site.scope, function, new)
            for parameter, each in given.items():
                if _is_named(each, name) and self._is_saved(
                    parameter, called.function, inner, depth + 1
                ):
                    return True
        return False

    def _site(self, function: Function, node: ast.Call) -> CallSite | None:
        if function not in self._sites:
            self._sites[function] = {site.node: site for site in function.calls}
        return self._sites[function].get(node)


def _returned(function: Function) -> list[ast.expr]:
    return [each for each in function.returns if not _is_none(each)]


def _enveloped(named: Mapping[Any, ast.expr], values: list[ast.expr]) -> ast.expr | None:
    """Return the object whose `id` is among some values, or the only one beside literals."""
    match named.get("id"):
        case ast.Attribute(value=value, attr="id"):
            return value
    held = [each for each in values if not isinstance(each, ast.Constant)]
    return held[0] if len(held) == 1 else None


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_named(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
