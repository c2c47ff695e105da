"""What handlers depend on: `Depends` and `Security`, wherever they are written."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeGuard

from groundrules.rules.meaning.calls import Calls, run_by
from groundrules.rules.meaning.names import Names
from groundrules.rules.meaning.origins import origin
from groundrules.rules.meaning.values import External, Instance, Value
from groundrules.rules.source.syntax import default_of, elements, parsed_annotation
from groundrules.rules.source.tree import Function, Scope

DEPENDS = frozenset(
    f"fastapi.{module}{name}"
    for module in ("", "params.", "param_functions.")
    for name in ("Depends", "Security")
)
_ANNOTATED = frozenset({"typing.Annotated", "typing_extensions.Annotated"})


@dataclass(frozen=True, eq=False)
class Dependency:
    """One `Depends(…)`.

    :param on: what it depends on, None where that cannot be known.
    """

    call: ast.Call
    scope: Scope
    on: Value | None


def is_dependency(value: Value | None) -> TypeGuard[Instance]:
    """Whether a value is what `Depends(…)` or `Security(…)` gives."""
    of = value.of if isinstance(value, Instance) else None
    return isinstance(of, External) and of.name in DEPENDS


class Dependencies:
    """The dependencies of a whole project, whose routes have these handlers."""

    def __init__(self, names: Names, calls: Calls, handlers: list[Function]) -> None:
        self._handlers = handlers
        self._names = names
        self._calls = calls
        self._of: dict[Function, list[Dependency]] = {}

    @cached_property
    def all(self) -> list[Dependency]:
        """Every dependency that is declared, those in string annotations included, each once."""
        found = [
            self._made(site.node, site.scope, None) for site in self._calls.to(sorted(DEPENDS))
        ]
        known = {each.call for each in found}
        for function in self._with_strings:
            found += [each for each in self.of(function) if each.call not in known]
        return found

    @cached_property
    def functions(self) -> list[Function]:
        """The project's functions, methods and constructors that something depends on."""
        found = dict[Function, None]()
        for dependency in self.all:
            run = run_by(self._names, dependency.on)
            if run is not None:
                found[run.function] = None
        todo = [*self._handlers, *found]
        while todo:  # a bare `Depends()` takes its class from the annotation
            for dependency in self.of(todo.pop()):
                run = run_by(self._names, dependency.on)
                if run is not None and run.function not in found:
                    found[run.function] = None
                    todo.append(run.function)
        return list(found)

    def of(self, function: Function) -> list[Dependency]:
        """Return the dependencies that a function declares among its arguments."""
        if function not in self._of:
            given = (self.argument(function, each) for each in function.arguments)
            self._of[function] = [each for each in given if each is not None]
        return self._of[function]

    def argument(self, function: Function, argument: ast.arg) -> Dependency | None:
        """Return the dependency that an argument is filled with, None if it is none."""
        annotation, given = argument.annotation, default_of(function, argument.arg)
        if isinstance(given, ast.Call) and self._is_depends(given, function.outer):
            return self._made(given, function.outer, (annotation, function.outer))
        for call, scope, kind in self._annotated(annotation, function.outer):
            return self._made(call, scope, (kind, scope))
        return None

    def _annotated(
        self, node: ast.expr | None, scope: Scope
    ) -> Iterator[tuple[ast.Call, Scope, ast.expr]]:
        """Yield the `Depends` calls in an annotation, with their scope and what they annotate."""
        if node is None:
            return
        node, scope = origin(self._names, node, scope)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node, scope = origin(self._names, parsed_annotation(node.value, node), scope)
        if not isinstance(node, ast.Subscript):
            return
        base = self._names.evaluate(node.value, scope)
        if not isinstance(base, External) or base.name not in _ANNOTATED:
            return
        kind, *rest = elements(node.slice) or [node.slice]
        for each in reversed(rest):
            call, where = origin(self._names, each, scope)
            if isinstance(call, ast.Call) and self._is_depends(call, where):
                yield call, where, kind
        yield from self._annotated(kind, scope)

    def _is_depends(self, call: ast.Call, scope: Scope) -> bool:
        called = self._names.evaluate(call.func, scope)
        return isinstance(called, External) and called.name in DEPENDS

    def _made(
        self, call: ast.Call, scope: Scope, annotation: tuple[ast.expr | None, Scope] | None
    ) -> Dependency:
        given = [each.value for each in call.keywords if each.arg == "dependency"]
        on = next(iter([*call.args, *given]), None)
        if on is not None:
            return Dependency(call, scope, self._names.evaluate(on, scope))
        kind = self._names.type_of(*annotation) if annotation else None
        return Dependency(call, scope, kind)

    @cached_property
    def _with_strings(self) -> list[Function]:
        return [
            function
            for module in self._names.modules.values()
            if module.mentions("Depends", "Security")
            for function in module.functions
            if any(isinstance(each.annotation, ast.Constant) for each in function.arguments)
        ]
