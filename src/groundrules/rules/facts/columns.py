"""Says which columns a mapped class has, its own, inherited ones and those of its table."""

import ast
from collections.abc import Iterator

from groundrules.rules.facts.mapped import MAPPED, How, Model
from groundrules.rules.facts.session_kinds import sqlalchemy_name
from groundrules.rules.meaning.annotations import Annotations
from groundrules.rules.meaning.names import Names
from groundrules.rules.meaning.values import (
    Attribute,
    ClassValue,
    External,
    Instance,
    Result,
    Value,
)
from groundrules.rules.source.tree import Binding, CallSite, Class, Scope

_COLUMNS = frozenset({"mapped_column", "Column"})
_DECLARED = frozenset({"declared_attr", "cascading", "directive"})
_PLAIN = ("builtins.", "datetime.", "time.", "sqlalchemy.func.", "sqlalchemy.sql.func.")
_COLUMN_TYPES = frozenset({"DateTime", "TIMESTAMP", "Date", "Time", "Integer", "BigInteger"})
_REFLECTING = frozenset({"autoload_with", "autoload"})


class Columns:
    """The columns of a project's mapped classes."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._annotations = Annotations(names)

    def lacking(self, model: Model, wanted: tuple[str, ...]) -> list[str]:
        """Return those of some names that a model surely has no column for."""
        table = self._table_columns(model)
        if table is None or not model.lineage.complete:
            return []
        missing = [each for each in wanted if each not in table and not self._has(model, each)]
        return [] if missing and self._is_changed(model) else missing

    def _has(self, model: Model, name: str) -> bool:
        for cls in model.lineage.classes:
            bindings = [*cls.scope.bindings.get(name, ()), *_assigned(cls, name)]
            if bindings and cls is model.cls and self._is_none(bindings[-1]):
                return False
            if any(self._is_mapped(each, model.how) for each in bindings):
                return True
        return any(name in self._explicit_names(cls) for cls in model.lineage.classes)

    def _is_mapped(self, binding: Binding, how: How) -> bool:
        scope = binding.scope
        if isinstance(binding.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            values = (self._names.evaluate(each, scope) for each in binding.node.decorator_list)
            return any(value is None or sqlalchemy_name(value) in _DECLARED for value in values)
        if binding.value is not None and not self._is_plain(binding.value, scope):
            return True
        if binding.annotation is None:
            return False
        kinds = list(self._annotations.classes(binding.annotation, scope))
        if any(_is(kind, "ClassVar") for kind in kinds):
            return False
        if how is How.SQLMODEL or not kinds:
            return True
        return any(sqlalchemy_name(kind) in MAPPED for kind in kinds)

    def _is_plain(self, node: ast.expr, scope: Scope) -> bool:
        """Whether a value is surely none that SQLAlchemy maps, such as a time."""
        if isinstance(node, (ast.Constant, ast.Lambda)):
            return True
        value = self._names.evaluate(node, scope)
        while isinstance(value, Attribute | Result | Instance):
            value = value.of
        if not isinstance(value, External):
            return False
        return value.name.startswith(_PLAIN) or sqlalchemy_name(value) in _COLUMN_TYPES

    def _is_none(self, binding: Binding) -> bool:
        return isinstance(binding.value, ast.Constant) and binding.value.value is None

    def _explicit_names(self, cls: Class) -> Iterator[str]:
        """Yield the names that the class's columns are given, whatever its attributes are called."""
        for held in cls.scope.bindings.values():
            for binding in held:
                if isinstance(binding.value, ast.Call):
                    yield from self._column_name(binding.value, cls.scope)

    def _column_name(self, node: ast.expr, scope: Scope) -> Iterator[str]:
        match self._names.evaluate(node, scope):
            case Instance(of=of, call=ast.Call() as call, scope=Scope() as where):
                named = [each.value for each in call.keywords if each.arg == "name"]
                for given in (*call.args[:1], *named):
                    name = self._names.constant(given, where)
                    if sqlalchemy_name(of) in _COLUMNS and isinstance(name, str):
                        yield name

    def _table_columns(self, model: Model) -> set[str] | None:
        """Return the columns of the model's table; None if it has one that cannot be read."""
        for node, scope in _tables(model):
            match self._names.evaluate(node, scope):
                case Instance(of=of, call=ast.Call() as call, scope=Scope() as where):
                    if sqlalchemy_name(of) != "Table":
                        return None
                    return self._columns_of(call, where)
                case _:
                    return None
        return set()

    def _columns_of(self, table: ast.Call, scope: Scope) -> set[str] | None:
        if any(each.arg is None or each.arg in _REFLECTING for each in table.keywords):
            return None
        found = set[str]()
        for given in table.args[2:]:
            value = self._names.evaluate(given, scope)
            if not isinstance(value, Instance) or sqlalchemy_name(value.of) is None:
                return None
            found.update(self._column_name(given, scope))
        return found

    def _is_changed(self, model: Model) -> bool:
        """Whether a decorator or a hook of the project may add columns to a model."""
        for cls in model.lineage.classes:
            if "__init_subclass__" in cls.scope.bindings or self._has_metaclass(cls):
                return True
        if any(self._is_set(site, model) for site in model.cls.module.calls):
            return True
        decorators = model.cls.node.decorator_list
        return any(
            not self._is_harmless(self._names.evaluate(each, model.cls.outer))
            for each in decorators
        )

    def _is_set(self, site: CallSite, model: Model) -> bool:
        """Whether a call of `setattr` gives a class of the model an attribute."""
        func, given = site.node.func, site.node.args
        if not isinstance(func, ast.Name) or func.id != "setattr" or not given:
            return False
        value = self._names.evaluate(given[0], site.scope)
        return isinstance(value, ClassValue) and value.cls in model.lineage.classes

    def _has_metaclass(self, cls: Class) -> bool:
        given = (each.value for each in cls.node.keywords if each.arg == "metaclass")
        return any(sqlalchemy_name(self._names.evaluate(each, cls.outer)) is None for each in given)

    def _is_harmless(self, value: Value | None) -> bool:
        of = getattr(value, "of", value)
        if isinstance(of, External):
            return of.name.startswith(("dataclasses.", "functools.", "typing.", "sqlalchemy."))
        return sqlalchemy_name(getattr(of, "of", None)) == "registry" or (
            getattr(of, "name", "") in {"mapped", "mapped_as_dataclass", "registry"}
        )


def _assigned(cls: Class, name: str) -> list[Binding]:
    """Return what is assigned to an attribute of a class after its body."""
    return cls.outer.bindings.get(f"{cls.name}.{name}", [])


def _tables(model: Model) -> Iterator[tuple[ast.expr, Scope]]:
    if model.call is not None and model.scope is not None:
        named = [each.value for each in model.call.keywords if each.arg == "local_table"]
        for given in (*model.call.args[1:2], *named):
            yield given, model.scope
    for cls in model.lineage.classes:
        for binding in cls.scope.bindings.get("__table__", ()):
            if binding.value is not None:
                yield binding.value, cls.scope


def _is(value: Value, name: str) -> bool:
    return isinstance(value, External) and value.name.rpartition(".")[2] == name
