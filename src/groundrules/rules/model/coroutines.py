"""Says whether anybody can await a coroutine where the call that makes it stands."""

import ast
from enum import Enum
from functools import cached_property

from groundrules.rules.model.names import Names
from groundrules.rules.model.tree import CallSite, Function
from groundrules.rules.model.values import External

_OWN = frozenset({"send", "throw", "close"})  # a coroutine's own methods
_AWAITABLE = frozenset({"Awaitable", "Coroutine", "Any", "Generator", "Future", "Task", "object"})
# functions that take a coroutine for something else
_NOT_AWAITING = frozenset(
    External(f"builtins.{name}")
    for name in (
        *("print", "len", "list", "set", "dict", "str", "repr", "bool", "int", "float"),
        *("sum", "min", "max", "sorted", "any", "all", "iter", "next", "enumerate", "reversed"),
    )
)


class Fate(Enum):
    """What becomes of a coroutine."""

    LOST = "nobody awaits it"
    MADE_LATER = "it is made in a lambda, which others call"
    KEPT = "it is awaited, or goes where somebody can await it"


class Coroutines:
    """What becomes of the coroutines that one function makes, or a module outside of functions."""

    def __init__(self, names: Names, around: ast.AST, function: Function | None) -> None:
        self._names = names
        self._around = around
        self._function = function

    def fate(self, site: CallSite) -> Fate:
        """Return what becomes of the coroutine that a call makes."""
        if self._in_lambda(site.node):
            return Fate.MADE_LATER
        return Fate.LOST if self._is_lost(site.node, site, set()) else Fate.KEPT

    @cached_property
    def _parents(self) -> dict[ast.AST, ast.AST]:
        return {
            child: parent
            for parent in ast.walk(self._around)
            for child in ast.iter_child_nodes(parent)
        }

    def _in_lambda(self, node: ast.AST) -> bool:
        here = self._parents.get(node)
        while here is not None and here is not self._around:
            if isinstance(here, ast.Lambda):
                return True
            here = self._parents.get(here)
        return False

    def _is_lost(self, node: ast.expr, site: CallSite, seen: set[str]) -> bool:
        parent = self._parents.get(node)
        match parent:
            case ast.Expr() | ast.Compare() | ast.UnaryOp() | ast.BinOp() | ast.FormattedValue():
                return True
            case ast.For() | ast.AsyncFor() | ast.withitem() | ast.comprehension():
                return True
            case ast.Attribute(attr=name):
                return name not in _OWN
            case ast.Subscript(value=value):
                return value is node
            case ast.If() | ast.While() | ast.Assert() | ast.IfExp() if parent.test is node:
                return True
            case ast.IfExp() | ast.BoolOp():
                return self._is_lost(parent, site, seen)
            case ast.NamedExpr(target=target):
                return self._is_lost(parent, site, seen) and self._unused(target, site, seen)
            case (
                ast.Assign(targets=[ast.Name() as target])
                | ast.AnnAssign(target=ast.Name() as target)
            ):
                return self._unused(target, site, seen)
            case ast.Call(func=func) if func is not node:
                return self._names.evaluate(func, site.scope) in _NOT_AWAITING
            case ast.Return():
                return self._is_declared_otherwise()
        return False

    def _unused(self, target: ast.Name, site: CallSite, seen: set[str]) -> bool:
        """Whether no use of a variable lets anybody await what it holds."""
        name = target.id
        if name in seen:
            return True
        seen.add(name)
        home = site.scope.elsewhere.get(name)
        if home is not None or self._function is None:
            return False
        end = self._given_anew(target)
        return all(
            self._is_lost(each, site, seen)
            for each in self._parents
            if isinstance(each, ast.Name) and each.id == name and isinstance(each.ctx, ast.Load)
            if end is None or (target.lineno <= each.lineno <= end)
        )

    def _given_anew(self, target: ast.Name) -> int | None:
        """Return the last line of the next statement beside this one that assigns the variable."""
        statement = self._parents[target]
        block = self._parents.get(statement)
        for _, beside in ast.iter_fields(block) if block else ():
            if not isinstance(beside, list) or statement not in beside:
                continue
            for later in beside[beside.index(statement) + 1 :]:
                match later:
                    case ast.Assign(targets=[ast.Name(id=target.id)], end_lineno=end):
                        return end
        return None

    def _is_declared_otherwise(self) -> bool:
        """Whether the function says that it returns something that nobody would await."""
        if self._function is None or self._function.node.returns is None:
            return False
        returns = self._function.node.returns
        if isinstance(returns, ast.Constant) and returns.value is None:
            return True
        kind = self._names.type_of(returns, self._function.outer)
        if kind is None:
            return False
        return not isinstance(kind, External) or kind.name.rpartition(".")[2] not in _AWAITABLE
