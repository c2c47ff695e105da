"""Says whether anybody can await a coroutine where the call that makes it stands."""

import ast
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from enum import Enum
from functools import cached_property

from groundrules.rules.facts.takers import DROPPING, PASSING, sends, takes_otherwise
from groundrules.rules.meaning.callees import Callees
from groundrules.rules.meaning.definitions import Definitions
from groundrules.rules.meaning.names import Names
from groundrules.rules.meaning.return_types import allows_no_awaitable, holds_no_awaitable
from groundrules.rules.source.tree import CallSite, Function, Module, Scope

_OWN = frozenset({"send", "throw", "close", "__await__"})  # a coroutine's own methods
_LOOKING_UP = frozenset({"locals", "vars", "eval", "exec"})  # variables by their names
_LATER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.GeneratorExp)
_UNPLACED = (
    ast.JoinedStr,
)  # before Python 3.12, what stands in one has the place of something else
_VARIABLES = 20  # that a coroutine may go through, for it to be followed
_Place = tuple[int, int]  # line and column
_IsLost = Callable[[ast.expr, Scope, set[str]], bool]
_Allows = Callable[[Names, Definitions, ast.expr | None, Scope], bool]
_LOOPS = (ast.For, ast.AsyncFor, ast.While)


class Fate(Enum):
    """What becomes of a coroutine."""

    LOST = "nobody awaits it"
    MADE_LATER = "it is made in a lambda, which others call"
    KEPT = "it is awaited, or goes where somebody can await it"


Loses = Callable[[Function, str, bool, bool], bool]


class Coroutines:
    """What becomes of the coroutines that one function makes, or a module outside of functions.

    :param loses: says whether another function loses what it is given for a parameter, whether that is a
        container and whether what the function returns is sent; see `loses`.
    :param is_sent: whether what the function returns goes into a response, where nobody awaits it.
    """

    def __init__(
        self,
        names: Names,
        definitions: Definitions,
        callees: Callees,
        loses: "Loses",
        around: Function | Module,
        *,
        is_sent: bool = False,
    ) -> None:
        self._names = names
        self._definitions = definitions
        self._callees = callees
        self._loses = loses
        self._is_sent = is_sent
        self._function = around if isinstance(around, Function) else None
        self._around = around.node if isinstance(around, Function) else around.tree
        self._calls = around.calls

    def fate(self, site: CallSite) -> Fate:
        """Return what becomes of the coroutine that a call makes."""
        if self._is_in(site.node, ast.Lambda):
            return Fate.MADE_LATER
        return Fate.LOST if self._is_lost(site.node, site.scope, set()) else Fate.KEPT

    def loses(self, argument: str, *, is_held: bool) -> bool:
        """Whether the function surely awaits nothing of what it is given for a parameter.

        :param is_held: whether that is a container of coroutines.
        """
        function = self._function
        if function is None or function.yields or not _LOOKING_UP.isdisjoint(self._uses):
            return False
        is_lost, uses = self._is_dropped if is_held else self._is_lost, self._uses[argument]
        is_one = len(function.scope.bindings[argument]) == 1 and bool(uses)
        return is_one and all(is_lost(each, function.scope, {argument}) for each in uses)

    @cached_property
    def _sites(self) -> dict[ast.AST, CallSite]:
        """The function's own calls."""
        return {each.node: each for each in self._calls}

    @cached_property
    def _uses(self) -> dict[str, list[ast.Name]]:
        """The names in it, those in functions inside of it too, as they are written."""
        found = defaultdict[str, list[ast.Name]](list)
        for each in self._parents:
            if isinstance(each, ast.Name):
                found[each.id].append(each)
        return found

    @cached_property
    def _parents(self) -> dict[ast.AST, ast.AST]:
        return {
            child: parent
            for parent in ast.walk(self._around)
            for child in ast.iter_child_nodes(parent)
        }

    def _above(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yield what is around a node, the nearest first, and the function or module last."""
        while node is not self._around:
            node = self._parents[node]
            yield node

    def _is_lost(self, node: ast.expr, scope: Scope, seen: set[str]) -> bool:
        parent = self._parents.get(node)
        match parent:
            case ast.Expr() | ast.Compare() | ast.UnaryOp() | ast.BinOp() | ast.FormattedValue():
                return True
            case ast.For() | ast.AsyncFor() | ast.withitem() | ast.comprehension() | ast.Starred():
                return True
            case ast.Attribute(attr=name):
                return name not in _OWN
            case ast.Subscript(value=value):
                return value is node
            case ast.If() | ast.While() | ast.Assert() | ast.IfExp() if parent.test is node:
                return True
            case ast.IfExp() | ast.BoolOp():
                return self._is_lost(parent, scope, seen)
            case ast.NamedExpr(target=target):
                unused = self._unused(target, scope, seen, self._is_lost)
                return self._is_lost(parent, scope, seen) and unused
            case (
                ast.Assign(targets=[ast.Name() as target])
                | ast.AnnAssign(target=ast.Name() as target)
            ):
                return self._unused(target, scope, seen, self._is_lost)
            case ast.Assign(targets=targets):
                return any(isinstance(each, ast.Tuple | ast.List) for each in targets)
            case ast.Call(func=func) if func is not node:
                return self._is_taken_otherwise(parent, node)
            case ast.keyword():
                return self._is_taken_otherwise(self._parents[parent], node)
            case ast.Return():
                return self._is_returned_otherwise(parent, allows_no_awaitable)
            case ast.List() | ast.Tuple() | ast.Set() | ast.Dict():
                return self._is_dropped(parent, scope, seen)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                return self._is_dropped(parent, scope, seen)
        return False

    def _is_dropped(self, node: ast.expr, scope: Scope, seen: set[str]) -> bool:
        """Whether nobody awaits what a container holds."""
        parent = self._parents.get(node)
        match parent:
            case ast.Expr() | ast.Compare() | ast.UnaryOp() | ast.FormattedValue():
                return True
            case ast.If() | ast.While() | ast.Assert() | ast.IfExp() if parent.test is node:
                return True
            case (
                ast.Assign(targets=[ast.Name() as target])
                | ast.AnnAssign(target=ast.Name() as target)
            ):
                return self._unused(target, scope, seen, self._is_dropped)
            case (
                ast.For(target=ast.Name() as target)
                | ast.comprehension(target=ast.Name() as target)
            ):
                return self._unused(target, scope, seen, self._is_lost)
            case ast.Call(func=func) if func is not node and parent in self._sites:
                name = self._definitions.outside(func, self._sites[parent].scope)
                passes_on = name in PASSING and self._is_dropped(parent, scope, seen)
                return passes_on or name in DROPPING or self._sends(parent, node, is_held=True)
            case ast.keyword():
                return self._sends(self._parents[parent], node, is_held=True)
            case ast.List() | ast.Tuple() | ast.Set() | ast.Dict():
                return self._is_dropped(parent, scope, seen)
            case ast.Return():
                return self._is_returned_otherwise(parent, holds_no_awaitable)
        return False

    def _is_taken_otherwise(self, call: ast.AST, node: ast.expr) -> bool:
        site = self._sites.get(call)
        if site is None:
            return False
        return self._sends(call, node, is_held=False) or takes_otherwise(
            self._names, self._definitions, self._callees, site, node
        )

    def _sends(self, call: ast.AST, node: ast.expr, *, is_held: bool) -> bool:
        """Whether a call sends its argument, or what holds it, or awaits nothing of it."""
        site = self._sites.get(call)
        if site is None:
            return False
        is_returned = self._is_sent and isinstance(self._parents.get(call), ast.Return)
        if sends(self._names, self._definitions, site, is_returned=is_returned):
            return True
        function, argument = self._callees.taking(site, node) or (None, None)
        if function is None or argument is None or function.owner is not None:
            return False
        return self._loses(function, argument.arg, is_held, is_returned)

    def _is_returned_otherwise(self, statement: ast.Return, allows: _Allows) -> bool:
        """Whether a function returns what nobody awaits, FastAPI included."""
        function = self._function
        if function is None or self._is_in(statement, *_LATER):
            return False
        if self._is_sent or not function.is_async:
            return self._is_sent
        return allows(self._names, self._definitions, function.node.returns, function.outer)

    def _unused(self, target: ast.Name, scope: Scope, seen: set[str], is_lost: _IsLost) -> bool:
        """Whether no use of a variable lets anybody await what it is, or what it holds."""
        name = target.id
        if name in seen:
            return True
        seen.add(name)
        if len(seen) > _VARIABLES or not self._is_local(name, scope):
            return False
        begin, end = self._holding(target)
        return all(
            is_lost(each, scope, seen)
            for each in self._uses[name]
            if isinstance(each.ctx, ast.Load)
            if begin <= _place(each) <= end or self._is_in(each, *_LATER, *_UNPLACED)
        )

    def _is_local(self, name: str, scope: Scope) -> bool:
        """Whether a variable is seen by the function alone, and only where its name is written."""
        here: Scope | None = scope
        while here is not None and not isinstance(here.owner, Function):
            if here.is_class:
                return False
            here = here.parent
        return (
            here is not None and name not in here.elsewhere and _LOOKING_UP.isdisjoint(self._uses)
        )

    def _holding(self, target: ast.Name) -> tuple[_Place, _Place]:
        """Return between which places a variable may hold what it is assigned here."""
        around = list(self._above(target))
        begin, end = (0, 0), (sys.maxsize, 0)
        statement = around[0]
        if not isinstance(statement, ast.Assign | ast.AnnAssign):
            return begin, end
        if not self._is_in(target, *_LOOPS):
            begin = _end(statement)
        if self._function is not None and around[1] is self._around:
            later = (
                self._parents[each]
                for each in self._uses[target.id]
                if isinstance(each.ctx, ast.Store)
            )
            ends = [
                _end(each)
                for each in later
                if isinstance(each, ast.Assign)
                and self._parents[each] is around[1]
                and _end(each) > begin
            ]
            end = min(ends, default=end)
        return begin, end

    def _is_in(self, node: ast.AST, *kinds: type[ast.AST]) -> bool:
        """Whether a node of one of some kinds is around another one, the function itself apart."""
        around = self._above(node)
        return any(isinstance(each, kinds) and each is not self._around for each in around)


def _place(node: ast.expr) -> _Place:
    return node.lineno, node.col_offset


def _end(statement: ast.stmt) -> _Place:
    return statement.end_lineno or 0, statement.end_col_offset or 0
