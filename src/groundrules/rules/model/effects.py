"""What a function does to the rows of the database, followed through the functions it calls."""

import ast
from dataclasses import dataclass

from groundrules.rules.model.calls import Calls
from groundrules.rules.model.names import Names
from groundrules.rules.model.origins import origin
from groundrules.rules.model.rows import Rows
from groundrules.rules.model.sessions import Sessions
from groundrules.rules.model.syntax import match_arguments
from groundrules.rules.model.tree import CallSite, Function, Scope
from groundrules.rules.model.values import (
    Attribute,
    ClassValue,
    External,
    FunctionValue,
    Instance,
)

_EXECUTING = frozenset({"execute", "scalar", "scalars", "stream", "stream_scalars", "exec"})
_VALIDATING = frozenset({"model_validate", "from_orm", "validate_python"})
_UNKNOWN = frozenset({"merge", "run_sync", "sync_session", "bulk_save_objects"})


@dataclass(frozen=True)
class Effects:
    """What a function surely does.

    :param adds: it adds rows that it makes; `saves`, rows of which it is not known whether they are new.
    :param changes: it changes rows; without `commits`, perhaps nobody ever sees that.
    :param unknown: it may do more than is known here.
    """

    adds: bool = False
    saves: bool = False
    changes: bool = False
    deletes: bool = False
    commits: bool = False
    rolls_back: bool = False
    unknown: bool = False

    def __or__(self, other: "Effects") -> "Effects":
        if other is _NONE or self is other:
            return self
        if self is _NONE:
            return other
        return Effects(
            **{name: getattr(self, name) or getattr(other, name) for name in self.__dict__}
        )


_NONE = Effects()
_WRITES = {
    "add": Effects(adds=True),
    "change": Effects(changes=True, commits=True),
    "delete": Effects(deletes=True),
}
_DEPTH = 10
_Key = tuple[Function, frozenset[str]]


class Followed:
    """The effects of a project's functions.

    What is known of a parameter is whether it holds a new row: `new` names those that do.
    """

    def __init__(self, names: Names, calls: Calls, sessions: Sessions) -> None:
        self._names = names
        self._calls = calls
        self._sessions = sessions
        self._rows = Rows(names, sessions)
        self._known: dict[_Key, Effects] = {}
        self._sites: dict[Function, dict[ast.Call, CallSite]] = {}

    def effects(self, function: Function, new: frozenset[str] = frozenset()) -> Effects:
        """Return what a function and the functions it calls do."""
        key = (function, new)
        if key not in self._known:
            self._known[key] = _NONE
            found = self._assigns(function, new)
            for site in function.calls:
                found |= self._of_call(site, function, new)
            self._known[key] = found
        return self._known[key]

    def returns_added(self, function: Function, new: frozenset[str] = frozenset()) -> bool:
        """Whether what a function returns is, each time, a row that it has just added."""
        returned = [each for each in function.returns if not _is_none(each)]
        return bool(returned) and all(self._is_added(each, function, new, 0) for each in returned)

    def _of_call(self, site: CallSite, function: Function, new: frozenset[str]) -> Effects:
        node, scope = site.node, site.scope
        called = self._calls.callee(site)
        if called is not None:
            return self.effects(called.function, self._new_for(called, node, scope, function, new))
        if self._calls.called(site) == External("builtins.setattr") and node.args:
            return self._assigned(node.args[0], function, new)
        func = node.func
        if isinstance(func, ast.Attribute) and self._sessions.is_session(func.value, scope):
            return self._on_session(func.attr, node, scope, function, new)
        given = [*node.args, *(each.value for each in node.keywords)]
        if self._calls.called(site) is None and any(
            self._sessions.is_session(each, scope) for each in given
        ):
            return Effects(unknown=True)
        return _NONE

    def _on_session(
        self, name: str, node: ast.Call, scope: Scope, function: Function, new: frozenset[str]
    ) -> Effects:
        if name in ("add", "add_all"):
            is_new = all(self._holds_new(each, scope, function, new) for each in _rows(node))
            return Effects(adds=True) if is_new else Effects(saves=True)
        if name == "delete":
            return Effects(deletes=True)
        if name in ("commit", "flush", "begin"):
            return Effects(commits=True)
        if name == "rollback":
            return Effects(rolls_back=True)
        if name in _UNKNOWN:
            return Effects(unknown=True)
        if name in _EXECUTING and node.args:
            written = self._rows.statement(node.args[0], scope)
            if written:
                kind, resolves = written
                return _WRITES[kind] | Effects(unknown=resolves)
        return _NONE

    def _holds_new(
        self, node: ast.expr, scope: Scope, function: Function, new: frozenset[str]
    ) -> bool:
        if isinstance(node, ast.Name) and node.id in new:
            return True
        if isinstance(node, ast.Name):
            bindings = function.scope.bindings.get(node.id, [])
            given = [each for each in bindings if each.value is not None]
            return (
                bool(given)
                and len(given) == len(bindings)
                and all(self._rows.is_new(each.value, each.scope) for each in given)
            )
        if isinstance(node, ast.ListComp | ast.GeneratorExp):
            return self._rows.is_new(node.elt, scope)
        return self._rows.is_new(node, scope)

    def _new_for(
        self,
        called: FunctionValue,
        node: ast.Call,
        scope: Scope,
        function: Function,
        new: frozenset[str],
    ) -> frozenset[str]:
        given = match_arguments(called.function, node, bound=called.bound is not None)
        return frozenset(
            name for name, each in given.items() if self._holds_new(each, scope, function, new)
        )

    def _assigns(self, function: Function, new: frozenset[str]) -> Effects:
        found = _NONE
        for target in function.assigned:
            found |= self._assigned(target.value, function, new)
        return found

    def _assigned(self, owner: ast.expr, function: Function, new: frozenset[str]) -> Effects:
        """Return what it does to assign an attribute of an object."""
        if function.name in ("__init__", "__post_init__"):
            return _NONE
        value = self._names.evaluate(owner, function.scope)
        if self._rows.is_row(owner, function.scope):
            made = self._holds_new(owner, function.scope, function, new)
            return _NONE if made else Effects(changes=True)
        if isinstance(value, Instance) and isinstance(value.of, External | ClassValue):
            return _NONE
        return Effects(unknown=True)

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
        called = self._calls.called(site) if site else None
        if isinstance(called, FunctionValue):
            inner = self._new_for(called, node, scope, function, new)
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
        if name in new or (bindings and self._holds_new(node, function.scope, function, new)):
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
                added = any(_is_named(each, name) for each in _rows(site.node))
                if added and self._sessions.is_session(func.value, site.scope):
                    return True
            called = self._calls.callee(site)
            if called is None or depth > _DEPTH:
                continue
            given = match_arguments(called.function, site.node, bound=called.bound is not None)
            inner = self._new_for(called, site.node, site.scope, function, new)
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


def _rows(node: ast.Call) -> list[ast.expr]:
    given = [*node.args, *(each.value for each in node.keywords)]
    if len(given) == 1 and isinstance(given[0], ast.List | ast.Tuple):
        return given[0].elts
    return given


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_named(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
