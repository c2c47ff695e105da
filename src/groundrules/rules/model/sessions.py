"""What is a session of the database, or a connection: by its type, or by where it comes from."""

import ast

from groundrules.rules.model.calls import run_by
from groundrules.rules.model.dependencies import Dependencies, is_dependency
from groundrules.rules.model.names import Names
from groundrules.rules.model.syntax import elements, parsed_annotation
from groundrules.rules.model.tree import Binding, Function, Scope
from groundrules.rules.model.values import (
    Attribute,
    External,
    FunctionValue,
    Instance,
    Result,
    Value,
)

_PLACES = (
    "sqlalchemy",
    "sqlalchemy.engine",
    *("sqlalchemy.orm", "sqlalchemy.orm.session", "sqlalchemy.orm.scoping"),
    *("sqlalchemy.ext.asyncio", "sqlalchemy.ext.asyncio.session"),
    *("sqlalchemy.ext.asyncio.engine", "sqlalchemy.ext.asyncio.scoping"),
    *("sqlmodel", "sqlmodel.ext.asyncio.session"),
)


def _full(names: str) -> frozenset[str]:
    return frozenset(f"{place}.{name}" for place in _PLACES for name in names.split())


SESSIONS = _full("AsyncSession Session async_scoped_session scoped_session")
CONNECTIONS = _full("AsyncConnection Connection")
MAKERS = _full("async_sessionmaker sessionmaker async_scoped_session scoped_session")
ENGINES = _full("AsyncEngine Engine create_async_engine create_engine")
_OPEN = SESSIONS | CONNECTIONS
_MAKING = MAKERS | ENGINES
_OPENING = frozenset({"begin", "connect", "begin_nested", "connection"})


class Sessions:
    """The sessions of a whole project."""

    def __init__(self, names: Names, dependencies: Dependencies) -> None:
        self._names = names
        self._dependencies = dependencies
        self._yielding: dict[Function, bool] = {}
        self._giving: dict[Function, bool] = {}

    def is_session(self, node: ast.expr, scope: Scope) -> bool:
        """Whether an expression is a session or a connection."""
        if isinstance(node, ast.Await):
            return self.is_session(node.value, scope)
        value = self._names.evaluate(node, scope)
        if self.is_open(value):
            return True
        if isinstance(node, ast.Call):
            called = run_by(self._names, self._names.evaluate(node.func, scope))
            return called is not None and self.yields_session(called.function)
        if isinstance(node, ast.Name) and (value is None or is_dependency(value)):
            return any(self._is_bound(each) for each in scope.visible(node.id))
        return False

    def is_open(self, value: Value | None) -> bool:
        """Whether a value is a session or a connection, by its type or by what made it."""
        if isinstance(value, Instance):
            return self._names.is_a(value.of, _OPEN)
        return isinstance(value, Result) and self.opens(value.of)

    def opens(self, called: Value | None) -> bool:
        """Whether calling a value opens a session, a connection or a transaction."""
        if isinstance(called, External):
            return called.name in SESSIONS
        if isinstance(called, Instance):
            return self._names.is_a(called.of, MAKERS)
        if not isinstance(called, Attribute) or called.name not in _OPENING:
            return False
        of = called.of
        return self.is_open(of) or (isinstance(of, Instance) and self._names.is_a(of.of, _MAKING))

    def yields_session(self, function: Function) -> bool:
        """Whether a function is a generator that hands out a session."""
        if function not in self._yielding:
            self._yielding[function] = False
            self._yielding[function] = self._yields(function)
        return self._yielding[function]

    def gives_session(self, function: Function) -> bool:
        """Whether a function yields a session or returns one."""
        if function not in self._giving:
            self._giving[function] = False
            returned = (self.is_session(each, function.scope) for each in function.returns)
            self._giving[function] = self.yields_session(function) or any(returned)
        return self._giving[function]

    def _yields(self, function: Function) -> bool:
        yielded = (self.is_session(each, function.scope) for each in function.yields)
        return self._by_annotation(function) or any(yielded)

    def _by_annotation(self, function: Function) -> bool:
        returned = function.node.returns
        if isinstance(returned, ast.Constant) and isinstance(returned.value, str):
            returned = parsed_annotation(returned.value, returned)
        if not isinstance(returned, ast.Subscript):
            return False
        base = self._names.evaluate(returned.value, function.outer)
        if not isinstance(base, External) or not base.name.endswith(("Iterator", "Generator")):
            return False
        given = (elements(returned.slice) or [returned.slice])[0]
        kind = self._names.type_of(given, function.outer)
        return self._names.is_a(kind, _OPEN)

    def _is_bound(self, binding: Binding) -> bool:
        function = binding.scope.owner
        if isinstance(binding.node, ast.arg) and isinstance(function, Function):
            dependency = self._dependencies.argument(function, binding.node)
            run = run_by(self._names, dependency.on) if dependency else None
            return run is not None and self.gives_session(run.function)
        if binding.value is None or binding.unpacked is not None:
            return False
        given = binding.value
        if not isinstance(given, ast.Call):
            return False
        value = self._names.evaluate(given.func, binding.scope)
        return isinstance(value, FunctionValue) and self.gives_session(value.function)
