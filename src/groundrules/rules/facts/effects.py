"""What a function does to the rows of the database, followed through the functions it calls."""

import ast
from dataclasses import dataclass

from groundrules.rules.facts.rows import Rows
from groundrules.rules.facts.sessions import Sessions
from groundrules.rules.meaning.calls import Calls
from groundrules.rules.meaning.circles import Circles
from groundrules.rules.meaning.names import Names
from groundrules.rules.meaning.values import (
    ClassValue,
    External,
    FunctionValue,
    Instance,
)
from groundrules.rules.source.tree import CallSite, Function, Scope

_EXECUTING = frozenset({"execute", "scalar", "scalars", "stream", "stream_scalars", "exec"})
_UNCLEAR = frozenset({"merge", "run_sync", "sync_session", "bulk_save_objects"})


@dataclass(frozen=True)
class Effects:
    """What a function surely does.

    :param adds: it adds rows that it makes; `saves`, rows of which it is not known whether they are new.
    :param changes: it changes rows; unless it `flushes` or `commits`, perhaps nobody ever sees that.
    :param rolls_back: it undoes what it did, and not only after an exception.
    :param unknown: it may do more than is known here.
    """

    adds: bool = False
    saves: bool = False
    changes: bool = False
    deletes: bool = False
    flushes: bool = False
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
_ADDS = Effects(adds=True)
_SAVES = Effects(saves=True)
_CHANGES = Effects(changes=True)
_DELETES = Effects(deletes=True)
_FLUSHES = Effects(flushes=True)
_COMMITS = Effects(commits=True)
_ROLLS_BACK = Effects(rolls_back=True)
_UNKNOWN = Effects(unknown=True)
_WRITES = {
    "add": _ADDS,
    "change": Effects(changes=True, commits=True),
    "delete": _DELETES,
}
_Key = tuple[Function, frozenset[str]]


class Followed:
    """The effects of a project's functions.

    What is known of a parameter is whether it holds a new row: `new` names those that do.
    """

    def __init__(
        self, names: Names, calls: Calls, sessions: Sessions, rows: Rows, circles: Circles
    ) -> None:
        self._names = names
        self._calls = calls
        self._sessions = sessions
        self._rows = rows
        self._circles = circles

    def effects(self, function: Function, new: frozenset[str] = frozenset()) -> Effects:
        """Return what a function and the functions it calls do."""
        return self._circles.ask(self._of, (function, new), start=_NONE)

    def _of(self, key: _Key) -> Effects:
        function, new = key
        found = self._assigns(function, new)
        for site in function.calls:
            found |= self._of_call(site, function, new)
        return found

    def _of_call(self, site: CallSite, function: Function, new: frozenset[str]) -> Effects:
        node, scope = site.node, site.scope
        run = self._calls.callee(site)
        if run is not None:
            return self.effects(run.function, self._rows.new_for(run, node, scope, function, new))
        called = self._names.called(site)
        if isinstance(called, External) and called.name == "builtins.setattr" and node.args:
            return self._assigned(node.args[0], function, new)
        func = node.func
        if isinstance(func, ast.Attribute) and self._sessions.is_session(func.value, scope):
            return self._on_session(func.attr, node, scope, function, new)
        if called is None:
            given = (*node.args, *(each.value for each in node.keywords))
            if any(self._sessions.is_session(each, scope) for each in given):
                return _UNKNOWN
        return _NONE

    def _on_session(
        self, name: str, node: ast.Call, scope: Scope, function: Function, new: frozenset[str]
    ) -> Effects:
        if name in ("add", "add_all"):
            is_new = all(
                self._rows.holds_new(each, scope, function, new) for each in added_rows(node)
            )
            return _ADDS if is_new else _SAVES
        if name == "delete":
            return _DELETES
        if name == "flush":
            return _FLUSHES
        if name in ("commit", "begin"):
            return _COMMITS
        if name == "rollback":
            return _NONE if _is_in_except(node, function) else _ROLLS_BACK
        if name == "run_sync" and node.args:
            return _UNKNOWN | self._of_sync(node.args[0], scope, function, new)
        if name in _UNCLEAR:
            return _UNKNOWN
        if name in _EXECUTING and node.args:
            written = self._rows.statement(node.args[0], scope)
            if written:
                kind, resolves = written
                return _WRITES[kind] | (_UNKNOWN if resolves else _NONE)
        return _NONE

    def _of_sync(
        self, run: ast.expr, scope: Scope, function: Function, new: frozenset[str]
    ) -> Effects:
        """Return what a function does that `run_sync` hands a session."""
        called = self._names.evaluate(run, scope)
        found = self.effects(called.function) if isinstance(called, FunctionValue) else _NONE
        match run:
            case ast.Lambda(args=ast.arguments(args=[ast.arg(arg=session), *_]), body=body):
                inside = set(ast.walk(body))
                for site in function.calls:
                    match site.node.func:
                        case ast.Attribute(value=ast.Name(id=name), attr=attr) if (
                            site.node in inside and name == session
                        ):
                            found |= self._on_session(attr, site.node, site.scope, function, new)
        return found

    def _assigns(self, function: Function, new: frozenset[str]) -> Effects:
        found = _NONE
        for target in function.assigned:
            if target.attr in self._rows.attributes:
                found |= self._assigned(target.value, function, new)
        return found

    def _assigned(self, owner: ast.expr, function: Function, new: frozenset[str]) -> Effects:
        """Return what it does to assign an attribute of an object."""
        if function.name in ("__init__", "__post_init__"):
            return _NONE
        value = self._names.evaluate(owner, function.scope)
        if self._rows.is_row(owner, function.scope):
            made = self._rows.holds_new(owner, function.scope, function, new)
            return _NONE if made else _CHANGES
        if isinstance(value, Instance) and isinstance(value.of, (External, ClassValue)):
            return _NONE
        return _UNKNOWN


def _is_in_except(node: ast.Call, function: Function) -> bool:
    """Whether a call stands where an exception was caught."""
    return any(
        isinstance(each, ast.ExceptHandler)
        and each.lineno <= node.lineno <= (each.end_lineno or each.lineno)
        for each in ast.walk(function.node)
    )


def added_rows(node: ast.Call) -> list[ast.expr]:
    """Return what a call of `add` or `add_all` hands to the session."""
    given = [*node.args, *(each.value for each in node.keywords)]
    if len(given) == 1 and isinstance(given[0], (ast.List, ast.Tuple)):
        return given[0].elts
    return given
