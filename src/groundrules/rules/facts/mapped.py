"""Finds the classes that SQLAlchemy maps to tables, and the declarative bases they descend from."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

from groundrules.rules.facts.session_kinds import sqlalchemy_name
from groundrules.rules.meaning.names import Names
from groundrules.rules.meaning.values import (
    Attribute,
    ClassValue,
    Constant,
    External,
    Instance,
    Result,
    Value,
)
from groundrules.rules.source.syntax import parsed_annotation, written
from groundrules.rules.source.tree import Binding, Class, Module, Scope

_BASES = frozenset({"DeclarativeBase", "DeclarativeBaseNoMeta"})
_MADE_BASES = frozenset({"declarative_base", "automap_base"})
_MAPPING_DECORATORS = frozenset({"mapped", "mapped_as_dataclass"})
MAPPED = frozenset({"Mapped", "DynamicMapped", "WriteOnlyMapped"})
# classes from outside that bring no columns and no table
_PLAIN = frozenset(
    {
        *_BASES,
        *("MappedAsDataclass", "AsyncAttrs", "DeferredReflection", "ConcreteBase"),
        *("AbstractConcreteBase", "SQLModel"),
    }
)
_PLAIN_MODULES = ("builtins.", "typing.", "typing_extensions.", "abc.", "collections.abc.")


class How(Enum):
    """The way a class is mapped."""

    DECLARATIVE = "a declarative base"
    SQLMODEL = "SQLModel"
    DECORATED = "a decorator of a registry"
    IMPERATIVE = "`map_imperatively`"


@dataclass(frozen=True, eq=False)
class Base:
    """A declarative base.

    :param origin: the class that is one, or the call that makes one.
    """

    name: str
    module: Module
    origin: "Class | ast.Call"


@dataclass(frozen=True, eq=False)
class Lineage:
    """A class of the project with all that it descends from.

    :param classes: itself first, then its ancestors in the project, nearest first.
    :param bases: the declarative bases among them.
    :param outside: the names that SQLAlchemy and SQLModel give the ancestors from outside.
    :param complete: whether every ancestor that may bring columns is known.
    """

    classes: list[Class] = field(default_factory=list)
    bases: list[Base] = field(default_factory=list)
    outside: set[str] = field(default_factory=set)
    complete: bool = True


@dataclass(frozen=True, eq=False)
class Model:
    """A mapped class.

    :param call: the call that maps it, if it is mapped imperatively; it stands in `scope`.
    """

    cls: Class
    how: How
    lineage: Lineage
    call: ast.Call | None = None
    scope: Scope | None = None


class Mapped:
    """The mapped classes of a project."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._lineages: dict[Class, Lineage] = {}
        self._bases: dict[Class | ast.Call, Base] = {}

    @cached_property
    def models(self) -> list[Model]:
        """Every mapped class that is not abstract, each once."""
        found = dict[Class, Model]()
        for module in self._names.modules.values():
            for cls in module.classes:
                how = self._how(cls)
                if how is not None:
                    found[cls] = Model(cls, how, self.lineage(cls))
            for model in self._imperative(module):
                found.setdefault(model.cls, model)
        return list(found.values())

    @cached_property
    def bases(self) -> list[Base]:
        """Every declarative base that a mapped class descends from, each once."""
        return list(dict.fromkeys(base for model in self.models for base in model.lineage.bases))

    @cached_property
    def mapping_classes(self) -> list[Class]:
        """The mapped classes, with the bases, mixins and abstract classes of the project."""
        found = dict[Class, None]()
        for module in self._names.modules.values():
            for cls in module.classes:
                if self._is_abstract(cls) or self._is_base(cls):
                    found.update(dict.fromkeys(self.lineage(cls).classes))
        for model in self.models:
            found.update(dict.fromkeys(model.lineage.classes))
        return list(found)

    def lineage(self, cls: Class) -> Lineage:
        """Return what a class descends from."""
        if cls not in self._lineages:
            found = Lineage()
            self._lineages[cls] = found
            object.__setattr__(found, "complete", self._climb(cls, found))
        return self._lineages[cls]

    def _climb(self, cls: Class, into: Lineage) -> bool:
        todo, complete = [cls], True
        while todo:
            current = todo.pop(0)
            if current in into.classes:
                continue
            into.classes.append(current)
            if self._is_base(current):
                into.bases.append(self._base(current.name, current.module, current))
            for node in current.node.bases:
                value = self._names.evaluate(node, current.outer)
                match value:
                    case ClassValue(parent):
                        todo.append(parent)
                    case External(name):
                        into.outside.add(sqlalchemy_name(value) or name)
                        complete = complete and _is_plain(value)
                    case Instance(call=ast.Call() as call) | Result(call=call) if _makes_base(
                        value
                    ):
                        into.bases.append(self._base(written(node), current.module, call))
                        own = self._class_of_made(call, value)
                        complete = complete and own is not None
                        todo += [own] if isinstance(own, Class) else []
                    case _:
                        complete = False
        return complete

    def _class_of_made(self, call: ast.Call, value: Value) -> Class | bool | None:
        """Return the `cls=` that a base is made with: True if there is none, None if unknown."""
        given = next((each.value for each in call.keywords if each.arg == "cls"), None)
        scope = value.scope if isinstance(value, (Instance, Result)) else None
        if given is None or scope is None:
            return True
        held = self._names.evaluate(given, scope)
        return held.cls if isinstance(held, ClassValue) else None

    def _base(self, name: str, module: Module, origin: Class | ast.Call) -> Base:
        return self._bases.setdefault(origin, Base(name, module, origin))

    def _is_base(self, cls: Class) -> bool:
        """Whether a class is a declarative base itself."""
        for node in cls.node.bases:
            if sqlalchemy_name(self._names.evaluate(node, cls.outer)) in _BASES:
                return True
        for keyword in cls.node.keywords:
            value = self._names.evaluate(keyword.value, cls.outer)
            if keyword.arg == "metaclass" and sqlalchemy_name(value) == "DeclarativeMeta":
                return True
        return any(_decorates_base(value) for value in self._decorators(cls))

    def _is_abstract(self, cls: Class) -> bool:
        bindings = cls.scope.bindings.get("__abstract__", ())
        return any(self._names.bound(each) == Constant(True) for each in bindings)

    def _how(self, cls: Class) -> How | None:
        if not cls.node.bases and not cls.node.decorator_list:
            return None
        if cls.node in cls.module.for_types:
            return None
        if any(_decorates_model(value) for value in self._decorators(cls)):
            return How.DECORATED
        lineage = self.lineage(cls)
        if "SQLModel" in lineage.outside:
            return How.SQLMODEL if self._is_table(cls) else None
        if self._is_abstract(cls) or self._is_base(cls):
            return None
        direct = (self._names.evaluate(node, cls.outer) for node in cls.node.bases)
        if any(sqlalchemy_name(value) == "AbstractConcreteBase" for value in direct):
            return None
        if lineage.bases or (not lineage.complete and self._looks_mapped(cls)):
            return How.DECLARATIVE
        return None

    def _is_table(self, cls: Class) -> bool:
        given = (each.value for each in cls.node.keywords if each.arg == "table")
        return any(self._names.constant(each, cls.outer) is True for each in given)

    def _looks_mapped(self, cls: Class) -> bool:
        """Whether a class with an unknown base has a column of its own, and names its table.

        Bases of some libraries name the tables: what descends from one of them is a model, unless other
        classes of the project go on from it.
        """
        is_named = bool({"__tablename__", "__table__"} & cls.scope.bindings.keys())
        if not is_named and (not self._has_telling_base(cls) or cls in self._inherited):
            return False
        bindings = [each for held in cls.scope.bindings.values() for each in held]
        return any(self._is_column(each) for each in bindings)

    def _is_column(self, binding: Binding) -> bool:
        annotation = binding.annotation
        if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
            annotation = parsed_annotation(annotation.value, annotation)
        if isinstance(annotation, ast.Subscript):
            kind = self._names.evaluate(annotation.value, binding.scope)
            if sqlalchemy_name(kind) in MAPPED:
                return True
        value = self._names.evaluate(binding.value, binding.scope)
        made_by = sqlalchemy_name(value.of) if isinstance(value, Instance) else None
        return made_by in {"mapped_column", "Column", "Table"}

    def _has_telling_base(self, cls: Class) -> bool:
        """Whether a class descends from one from outside that is called a base."""
        bases = (self._names.evaluate(node, cls.outer) for node in cls.node.bases)
        return any(
            isinstance(each, External)
            and not each.name.startswith(("sqlalchemy.", *_PLAIN_MODULES))
            and each.name.endswith(("Base", "BaseModel"))
            and not each.name.startswith("pydantic")
            for each in bases
        )

    @cached_property
    def _inherited(self) -> frozenset[Class]:
        """The classes that others of the project inherit from."""
        return frozenset(
            each.cls
            for module in self._names.modules.values()
            for cls in module.classes
            for each in self._names.bases(cls)
            if isinstance(each, ClassValue)
        )

    def _decorators(self, cls: Class) -> Iterator[Value | None]:
        for node in cls.node.decorator_list:
            yield self._names.evaluate(node, cls.outer)

    def _imperative(self, module: Module) -> Iterator[Model]:
        for site in module.called.get("map_imperatively", ()):
            if isinstance(site.node.func, ast.Attribute):
                named = [each.value for each in site.node.keywords if each.arg == "class_"]
                for given in (*site.node.args[:1], *named):
                    value = self._names.evaluate(given, site.scope)
                    if isinstance(value, ClassValue):
                        lineage = self.lineage(value.cls)
                        yield Model(value.cls, How.IMPERATIVE, lineage, site.node, site.scope)


def _is_plain(value: External) -> bool:
    return sqlalchemy_name(value) in _PLAIN or value.name.startswith(_PLAIN_MODULES)


def _makes_base(value: Value) -> bool:
    match value:
        case Instance(of=of):
            return sqlalchemy_name(of) in _MADE_BASES
        case Result(of=Attribute(of=of, name="generate_base")):
            return _is_registry(of)
    return False


def _is_registry(value: Value | None) -> bool:
    match value:
        case Instance(of=of):
            return sqlalchemy_name(of) == "registry"
        case Attribute(name="registry"):
            return True
    return False


def _decorates_base(value: Value | None) -> bool:
    match value:
        case Instance(of=of):
            return sqlalchemy_name(of) == "as_declarative"
        case Result(of=Attribute(of=of, name="as_declarative_base")):
            return _is_registry(of)
    return False


def _decorates_model(value: Value | None) -> bool:
    match value:
        case Attribute(of=of, name=name) | Result(of=Attribute(of=of, name=name)):
            return name in _MAPPING_DECORATORS and _is_registry(of)
        case Instance(of=of):
            return sqlalchemy_name(of) == "mapped_as_dataclass"
    return False
