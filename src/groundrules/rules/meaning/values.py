"""What an expression can stand for, as far as the source tells.

Nothing of this ever changes; it is not frozen because that makes it several times slower to make.
"""

import ast
from dataclasses import dataclass
from typing import Union

from groundrules.rules.source.tree import Class, Function, Module, Scope


@dataclass(slots=True, unsafe_hash=True)
class External:
    """Something that is imported from outside the project, by its full dotted name."""

    name: str


@dataclass(slots=True, unsafe_hash=True)
class Constant:
    """A literal: a string, a number, True, False or None."""

    value: object


@dataclass(slots=True, unsafe_hash=True)
class ModuleValue:
    """A module of the project."""

    module: Module


@dataclass(slots=True, unsafe_hash=True)
class ClassValue:
    """A class of the project."""

    cls: Class


@dataclass(slots=True, eq=False)
class FunctionValue:
    """A function of the project, with what is known of the arguments of the functions around it.

    :param bound: the object it is a method of, when it was reached through one.
    """

    function: Function
    frames: "Frames" = ()
    bound: "Value | None" = None


@dataclass(slots=True, eq=False)
class Instance:
    """What calling a class gives, or anything outside the project that is called.

    :param call: the call that made it, standing in `scope`; None if only its type is known.
    """

    of: "Value"
    call: ast.Call | None = None
    scope: Scope | None = None
    frames: "Frames" = ()


@dataclass(slots=True, eq=False)
class Attribute:
    """An attribute of an object that the project does not define itself, such as `router.get`."""

    of: "Value"
    name: str


@dataclass(slots=True, eq=False)
class Result:
    """What a call of an `Attribute` gives, such as `router.get("/")`; it keeps the call."""

    of: "Value"
    call: ast.Call
    scope: Scope
    frames: "Frames" = ()


@dataclass(slots=True, eq=False)
class Frame:
    """The values of a function's arguments in one call of it."""

    scope: Scope
    values: "dict[str, Value]"


Frames = tuple[Frame, ...]
Value = Union[  # noqa: UP007  # the names are not defined yet when this runs as `|`
    External,
    Constant,
    ModuleValue,
    ClassValue,
    FunctionValue,
    Instance,
    Attribute,
    Result,
]


def is_something(value: Value | None) -> bool:
    """Whether a value is known, and is not None."""
    return value is not None and not (isinstance(value, Constant) and value.value is None)
