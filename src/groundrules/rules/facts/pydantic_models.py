"""Says which classes and values are Pydantic's."""

import ast

from groundrules.rules.meaning.names import Names
from groundrules.rules.meaning.values import (
    Attribute,
    ClassValue,
    External,
    Instance,
    Result,
    Value,
)
from groundrules.rules.source.tree import Class

SETTINGS = frozenset(
    {
        "pydantic_settings.BaseSettings",
        "pydantic_settings.main.BaseSettings",
        "pydantic.BaseSettings",
        "pydantic.env_settings.BaseSettings",
        "pydantic.v1.BaseSettings",
    }
)
SQLMODEL = frozenset({"sqlmodel.SQLModel", "sqlmodel.main.SQLModel"})
MODELS = (
    frozenset(
        {
            "pydantic.BaseModel",
            "pydantic.main.BaseModel",
            "pydantic.RootModel",
            "pydantic.root_model.RootModel",
            "pydantic.generics.GenericModel",
            "pydantic.v1.BaseModel",
            "pydantic.v1.main.BaseModel",
            "pydantic.v1.generics.GenericModel",
        }
    )
    | SETTINGS
    | SQLMODEL
)
# class methods that give an instance, and methods that give another one
_MAKERS = frozenset(
    {
        *("model_validate", "model_validate_json", "model_validate_strings", "model_construct"),
        *("from_orm", "parse_obj", "parse_raw", "parse_file", "construct"),
    }
)
_TAKING = frozenset({"model_validate", "__get_pydantic_core_schema__", "__init__"})
_COPIERS = frozenset({"model_copy", "copy"})
_PLAIN = ("builtins.", "typing.", "typing_extensions.", "abc.", "enum.", "pydantic")


def is_model(names: Names, value: Value | None) -> bool:
    """Whether a value is a class that descends from Pydantic's `BaseModel`; SQLModel's do."""
    return names.is_a(value, MODELS)


def is_settings(names: Names, value: Value | None) -> bool:
    """Whether a value is a class that descends from Pydantic's `BaseSettings`."""
    return names.is_a(value, SETTINGS)


def model_of(names: Names, value: Value | None) -> External | ClassValue | None:
    """Return the Pydantic class that a value is an instance of; None if it is of none."""
    match value:
        case Instance(of=External() | ClassValue() as cls):
            return cls if is_model(names, cls) else None
        case Result(of=Attribute(of=External() | ClassValue() as cls, name=name)):
            return cls if name in _MAKERS and is_model(names, cls) else None
        case Result(of=Attribute(of=of, name=name)) if name in _COPIERS:
            return model_of(names, of)
    return None


def is_wholly_known(names: Names, value: External | ClassValue) -> bool:
    """Whether every class that a class descends from is of the project, Pydantic or plain Python."""
    for each in names.ancestors(value):
        if isinstance(each, External):
            if each.name not in MODELS and not each.name.startswith(_PLAIN):
                return False
        elif any(base is None for base in names.bases(each.cls)):
            return False
    return True


def only_reads(names: Names, cls: Class) -> bool:
    """Whether `model_validate` of a class surely reads what it is given, and keeps nothing else of it."""
    value = ClassValue(cls)
    if not is_model(names, value) or not is_wholly_known(names, value):
        return False
    for each in names.ancestors(value):
        if isinstance(each, External):
            if each.name.endswith(".RootModel"):
                return False
        elif not _TAKING.isdisjoint(each.cls.scope.bindings) or _validates_whole(each.cls):
            return False
    return True


def _validates_whole(cls: Class) -> bool:
    decorators = (each for method in cls.methods for each in method.node.decorator_list)
    parts = (part for each in decorators for part in ast.walk(each))
    return any(
        getattr(part, "id", getattr(part, "attr", "")) == "model_validator" for part in parts
    )
