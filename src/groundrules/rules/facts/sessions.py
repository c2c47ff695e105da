"""What is a session of the database, or a connection: by its type, or by where it comes from."""

import ast

from groundrules.rules.facts.dependencies import Dependencies, is_dependency
from groundrules.rules.facts.session_kinds import class_kind, is_open, opens
from groundrules.rules.meaning.calls import run_by
from groundrules.rules.meaning.circles import Circles
from groundrules.rules.meaning.names import Names
from groundrules.rules.meaning.values import (
    ClassValue,
    External,
    FunctionValue,
    Instance,
    Value,
)
from groundrules.rules.source.syntax import elements, parsed_annotation
from groundrules.rules.source.tree import Binding, Function, Scope

_ENTERING = ("__aenter__", "__enter__")
_DEPTH = 20
_ANYTHING = (External("typing.Any"), External("builtins.object"))


class Sessions:
    """The sessions of a whole project."""

    def __init__(self, names: Names, dependencies: Dependencies, circles: Circles) -> None:
        self._names = names
        self._dependencies = dependencies
        self._circles = circles

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
        if isinstance(node, ast.Name) and (
            value is None or is_dependency(value) or _may_be_anything(value)
        ):
            return any(self._is_bound(each) for each in scope.visible(node.id))
        return False

    def is_open(self, value: Value | None) -> bool:
        """Whether a value is a session or a connection, by its type or by what made it."""
        return is_open(self._names, value)

    def opens(self, called: Value | None) -> bool:
        """Whether calling a value opens a session, a connection or a transaction."""
        return opens(self._names, called) or self.opening(called) is not None

    def opening(self, called: Value | None) -> Function | None:
        """Return the function of the project that opens a session and hands it to who calls a value.

        One that hands on what it was given, or what is kept elsewhere, opens none.
        """
        if isinstance(called, ClassValue):
            methods = (self._names.attribute(Instance(called), name) for name in _ENTERING)
            run = next((each for each in methods if isinstance(each, FunctionValue)), None)
        else:
            run = run_by(self._names, called)
        if run is not None and self._circles.ask(self._opens, run.function, start=False):
            return run.function
        return None

    def yields_session(self, function: Function) -> bool:
        """Whether a function is a generator that hands out a session."""
        return self._circles.ask(self._yields, function, start=False)

    def gives_session(self, function: Function) -> bool:
        """Whether a function yields a session or returns one."""
        return self._circles.ask(self._gives, function, start=False)

    def _gives(self, function: Function) -> bool:
        returned = (self.is_session(each, function.scope) for each in function.returns)
        return self.yields_session(function) or any(returned)

    def _yields(self, function: Function) -> bool:
        yielded = (self.is_session(each, function.scope) for each in function.yields)
        return self._by_annotation(function) or any(yielded)

    def _opens(self, function: Function) -> bool:
        returned = (self._is_opened(each, function.scope) for each in function.returns)
        return self.yields_session(function) or any(returned)

    def _is_opened(self, node: ast.expr, scope: Scope, depth: int = 0) -> bool:
        """Whether an expression is what has been opened in this function."""
        if depth > _DEPTH:
            return False
        depth += 1
        match node:
            case ast.Await(value=value) | ast.NamedExpr(value=value):
                return self._is_opened(value, scope, depth)
            case ast.IfExp(body=body, orelse=orelse):
                return any(self._is_opened(each, scope, depth) for each in (body, orelse))
            case ast.BoolOp(values=values):
                return any(self._is_opened(each, scope, depth) for each in values)
            case ast.Name(id=name):
                bound = (each for each in scope.visible(name) if each.scope.function)
                return any(
                    self._is_opened(each.value, each.scope, depth)
                    for each in bound
                    if each.value is not None and each.is_whole
                )
            case ast.Call(func=func):
                return self.opens(self._names.evaluate(func, scope))
        return False

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
        return class_kind(self._names, kind) is not None

    def _is_bound(self, binding: Binding) -> bool:
        function = binding.scope.owner
        if isinstance(binding.node, ast.arg) and isinstance(function, Function):
            dependency = self._dependencies.argument(function, binding.node)
            run = run_by(self._names, dependency.on) if dependency else None
            return run is not None and self.gives_session(run.function)
        given = binding.value.value if isinstance(binding.value, ast.Await) else binding.value
        if not isinstance(given, ast.Call) or binding.unpacked is not None:
            return False
        value = self._names.evaluate(given.func, binding.scope)
        return isinstance(value, FunctionValue) and self.gives_session(value.function)


def _may_be_anything(value: Value | None) -> bool:
    return isinstance(value, Instance) and value.call is None and value.of in _ANYTHING
