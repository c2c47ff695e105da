"""What is a row of the database: the object of a mapped class, new or loaded."""

import ast
from functools import cached_property

from groundrules.rules.facts.mapped import Mapped
from groundrules.rules.facts.queries import of_table
from groundrules.rules.facts.sessions import Sessions
from groundrules.rules.meaning.names import Names
from groundrules.rules.meaning.origins import origin
from groundrules.rules.meaning.values import (
    Attribute,
    ClassValue,
    External,
    FunctionValue,
    Instance,
    Result,
    Value,
)
from groundrules.rules.source.syntax import match_arguments
from groundrules.rules.source.tree import Class, Function, Scope

_TYPES = (External("builtins.type"), External("typing.Type"))
WRITING = {"insert": "add", "update": "change", "delete": "delete"}


def given_to(called: FunctionValue, node: ast.Call) -> dict[str, ast.expr]:
    """Return what a call gives for each parameter, the object before the dot for the first one."""
    given = match_arguments(called.function, node, bound=called.bound is not None)
    if called.bound is not None and isinstance(node.func, ast.Attribute):
        for first in called.function.positional[:1]:
            given.setdefault(first.arg, node.func.value)
    return given


class Rows:
    """Tells the rows of a project from other objects."""

    def __init__(self, names: Names, sessions: Sessions, mapping: Mapped) -> None:
        self._names = names
        self._sessions = sessions
        self._mapping = mapping

    @cached_property
    def attributes(self) -> frozenset[str]:
        """The names of all that mapped classes declare; what else a row is given is not stored."""
        return frozenset(name for cls in self._mapped for name in cls.scope.bindings)

    def is_row(self, node: ast.expr, scope: Scope) -> bool:
        """Whether an expression is surely the object of a mapped class."""
        return self._is_row(self._names.evaluate(node, scope))

    def is_new(self, node: ast.expr | None, scope: Scope) -> bool:
        """Whether an expression makes a new row."""
        node, scope = origin(self._names, node, scope)
        if not isinstance(node, ast.Call):
            return False
        called = self._names.evaluate(node.func, scope)
        if isinstance(called, ClassValue):
            return self.is_mapped(called)
        if isinstance(called, Instance):
            return called.of in _TYPES  # `self.model(…)`, where `model: type[T]`
        if isinstance(called, FunctionValue) and called.function.owner:
            return self._makes(called)
        if isinstance(called, Attribute) and isinstance(called.of, ClassValue):
            return called.name == "model_validate" and self.is_mapped(called.of)
        return False

    def holds_new(
        self, node: ast.expr, scope: Scope, function: Function, new: frozenset[str]
    ) -> bool:
        """Whether an expression in a function holds a new row; `new` names its parameters that do."""
        if isinstance(node, ast.Name) and node.id in new:
            return True
        if isinstance(node, ast.Name):
            bindings = function.scope.bindings.get(node.id, [])
            given = [each for each in bindings if each.value is not None]
            return (
                bool(given)
                and len(given) == len(bindings)
                and all(self.is_new(each.value, each.scope) for each in given)
            )
        if isinstance(node, (ast.ListComp, ast.GeneratorExp)):
            return self.is_new(node.elt, scope)
        return self.is_new(node, scope)

    def new_for(
        self,
        called: FunctionValue,
        node: ast.Call,
        scope: Scope,
        function: Function,
        new: frozenset[str],
    ) -> frozenset[str]:
        """Return the parameters for which a call in a function gives new rows."""
        given = given_to(called, node)
        return frozenset(
            name for name, each in given.items() if self.holds_new(each, scope, function, new)
        )

    def is_mapped(self, kind: Value | None) -> bool:
        """Whether a class is mapped to a table, or is one that mapped classes descend from."""
        return isinstance(kind, ClassValue) and kind.cls in self._mapped

    @cached_property
    def _mapped(self) -> frozenset[Class]:
        return frozenset(self._mapping.mapping_classes)

    def statement(self, node: ast.expr, scope: Scope) -> tuple[str, bool] | None:
        """Return what a statement does (add, change, delete), and whether it resolves conflicts."""
        value, conflict = self._names.evaluate(node, scope), False
        while isinstance(value, (Result, Attribute)):
            if isinstance(value, Attribute):
                conflict = conflict or value.name.startswith("on_conflict")
                kind = WRITING.get(of_table(value) or "")
                if kind:
                    return kind, conflict
            value = value.of
        if not isinstance(value, Instance) or not isinstance(value.of, External):
            return None
        package, _, name = value.of.name.rpartition(".")
        if name == "text":
            return self._text(node, scope)
        kind = WRITING.get(name) if package.startswith(("sqlalchemy", "sqlmodel")) else None
        return (kind, conflict) if kind else None

    def _text(self, node: ast.expr, scope: Scope) -> tuple[str, bool] | None:
        made, scope = origin(self._names, node, scope, first=True)
        while isinstance(made, ast.Call) and isinstance(made.func, ast.Attribute):
            if isinstance(self._names.evaluate(made.func, scope), External):
                break
            made = made.func.value
        if not isinstance(made, ast.Call) or not made.args:
            return None
        text = self._names.constant(made.args[0], scope)
        if not isinstance(text, str) or not text.split():
            return None
        kind = WRITING.get(text.split()[0].lower())
        return (kind, "on conflict" in text.lower()) if kind else None

    def _is_row(self, value: Value | None) -> bool:
        match value:
            case Instance(of=ClassValue() as kind):
                return self.is_mapped(kind)
            case Result(of=Attribute(of=owner), call=call, scope=scope, frames=frames):
                if self._sessions.is_open(owner):
                    return any(
                        self.is_mapped(self._names.evaluate(each, scope, frames))
                        or self._selects(each, scope)
                        for each in call.args[:1]
                    )
                return isinstance(owner, Result) and self._is_row(owner)
        return False

    def _selects(self, node: ast.expr, scope: Scope) -> bool:
        """Whether what a session is asked for is a mapped class, or a `select` of one."""
        current: ast.expr | None = node
        for _ in range(20):
            current, scope = origin(self._names, current, scope, first=True)
            if current is None or self.is_mapped(self._names.evaluate(current, scope)):
                return current is not None
            if not isinstance(current, ast.Call):
                return False
            called = self._names.evaluate(current.func, scope)
            if isinstance(current.func, ast.Attribute) and not isinstance(called, External):
                current = current.func.value
            elif len(current.args) == 1:
                current = current.args[0]
            else:
                return False
        return False

    def _makes(self, called: FunctionValue) -> bool:
        """Whether a method of a mapped class returns a new object of it."""
        owner = called.function.owner
        if owner is None or not self.is_mapped(ClassValue(owner)):
            return False
        return any(
            isinstance(each, ast.Call)
            and self._names.evaluate(each.func, called.function.scope) == ClassValue(owner)
            for each in called.function.returns
        )
