"""Whether a function creates something: whether it returns the row that it has just added."""

import ast

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


class Creations:
    """The functions of a project that return what they add; `new` is as in `Followed`."""

    def __init__(
        self, names: Names, calls: Calls, sessions: Sessions, rows: Rows, circles: Circles
    ) -> None:
        self._names = names
        self._calls = calls
        self._sessions = sessions
        self._rows = rows
        self._circles = circles
        self._sites: dict[Function, dict[ast.Call, CallSite]] = {}

    def returns_added(self, function: Function, new: frozenset[str] = frozenset()) -> bool:
        """Whether what a function returns is, each time, a row that it has just added."""
        return self._circles.ask(self._returns_added, (function, new), start=True)

    def _returns_added(self, key: tuple[Function, frozenset[str]]) -> bool:
        function, new = key
        returned = [each for each in function.returns if not _is_none(each)]
        return bool(returned) and all(self._is_added(each, function, new, 0) for each in returned)

    def _is_added(
        self, node: ast.expr, function: Function, new: frozenset[str], depth: int
    ) -> bool:
        if depth > _DEPTH:
            return False
        scope = function.scope
        match node:
            case ast.Await(value=value):
                return self._is_added(value, function, new, depth + 1)
            case ast.Name(id=name):
                return self._name_is_added(name, function, new, depth)
            case ast.Call():
                return self._call_is_added(node, function, new, depth)
            case ast.Dict(keys=keys, values=values):
                names = [self._names.constant(key, scope) for key in keys]
                given = dict(zip(names, values, strict=True))
                return self._is_shown(given.get("id"), function, new, depth)
        return False

    def _call_is_added(
        self, node: ast.Call, function: Function, new: frozenset[str], depth: int
    ) -> bool:
        scope = function.scope
        site = self._site(function, node)
        called = self._names.called(site) if site else None
        if isinstance(called, FunctionValue):
            inner = self._rows.new_for(called, node, scope, function, new)
            return self.returns_added(called.function, inner)
        given = {each.arg: each.value for each in node.keywords}
        if isinstance(node.func, ast.Attribute):
            if node.func.attr in _VALIDATING and node.args:
                return self._is_added(node.args[0], function, new, depth + 1)
            if self._sessions.is_session(node.func.value, scope) and node.args:
                return self._rows.statement(node.args[0], scope) == ("add", False)
            if isinstance(called, Attribute):
                owner, _ = origin(self._names, node.func.value, scope)
                return isinstance(owner, ast.Call) and self._call_is_added(
                    owner, function, new, depth + 1
                )
        if called == External("typing.cast") and len(node.args) == 2:
            return self._is_added(node.args[1], function, new, depth + 1)
        if isinstance(called, ClassValue):
            return self._is_shown(given.get("id"), function, new, depth)
        return False

    def _is_shown(
        self, node: ast.expr | None, function: Function, new: frozenset[str], depth: int
    ) -> bool:
        """Whether an expression is the `id` of a row that has just been added."""
        if not isinstance(node, ast.Attribute) or node.attr != "id":
            return False
        return self._is_added(node.value, function, new, depth + 1)

    def _name_is_added(
        self, name: str, function: Function, new: frozenset[str], depth: int
    ) -> bool:
        node = ast.Name(name, ast.Load(), lineno=0, col_offset=0)
        bindings = function.scope.bindings.get(name, [])
        if name in new or (bindings and self._rows.holds_new(node, function.scope, function, new)):
            return self._is_saved(name, function, new)
        given = [each.value for each in bindings if each.value is not None]
        return (
            bool(given)
            and len(given) == len(bindings)
            and all(self._is_added(each, function, new, depth + 1) for each in given)
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


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_named(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
