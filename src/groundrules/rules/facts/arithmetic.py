"""Tells arithmetic from the other things that operators do: joining texts, lists and paths."""

import ast
from typing import Literal

from groundrules.rules.meaning.names import Names
from groundrules.rules.meaning.values import (
    Attribute,
    ClassValue,
    Constant,
    External,
    Instance,
    Value,
)
from groundrules.rules.source.tree import Scope

Kind = Literal["number", "other"]
_DEPTH = 40
_SURELY = (ast.Sub, ast.Mult, ast.FloorDiv, ast.Pow, ast.MatMult)
_PERHAPS = (ast.Add, ast.Div, ast.Mod)
_OTHER_NODES = (
    *(ast.JoinedStr, ast.List, ast.Tuple, ast.Dict, ast.Set),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)
_NUMBERS = frozenset(
    f"builtins.{name}" for name in ("int", "float", "complex", "len", "abs", "sum", "round")
)
_NUMBER_PACKAGES = ("datetime.", "decimal.", "fractions.", "time.", "math.", "statistics.")
_OTHERS = frozenset(
    f"builtins.{name}"
    for name in (
        *("str", "bytes", "bytearray", "repr", "format", "chr", "list", "tuple", "dict", "set"),
        *("frozenset", "sorted", "range"),
    )
)
_TEXT_METHODS = frozenset(
    {
        *("strip", "lstrip", "rstrip", "lower", "upper", "title", "capitalize", "casefold"),
        *("replace", "format", "join", "encode", "decode", "split", "removeprefix", "hex"),
        *("removesuffix", "isoformat", "strftime", "keys", "items", "values", "model_dump"),
    }
)


def is_arithmetic(names: Names, node: ast.BinOp | ast.AugAssign, scope: Scope) -> bool:
    """Whether an operation surely computes with numbers or times.

    What consists of literals only, such as `60 * 60`, is a literal too.
    """
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            pass
        case ast.AugAssign(target=left, op=op, value=right):
            pass
    if _is_literal(left) and _is_literal(right):
        return False
    kinds = {_kind(names, left, scope), _kind(names, right, scope)}
    if "other" in kinds:
        return False
    return isinstance(op, _SURELY) or (isinstance(op, _PERHAPS) and "number" in kinds)


def _is_literal(node: ast.expr, depth: int = 0) -> bool:
    if depth > _DEPTH:
        return False
    match node:
        case ast.Constant():
            return True
        case ast.UnaryOp(operand=operand):
            return _is_literal(operand, depth + 1)
        case ast.BinOp(left=left, right=right):
            return _is_literal(left, depth + 1) and _is_literal(right, depth + 1)
    return False


def _kind(names: Names, node: ast.expr, scope: Scope, depth: int = 0) -> Kind | None:
    depth += 1
    if depth > _DEPTH:
        return None
    match node:
        case ast.UnaryOp(operand=operand) | ast.Await(value=operand):
            return _kind(names, operand, scope, depth)
        case ast.IfExp(body=body, orelse=orelse):
            return _kind(names, body, scope, depth) or _kind(names, orelse, scope, depth)
        case ast.BoolOp(values=values):
            found = [_kind(names, each, scope, depth) for each in values]
            return next((each for each in found if each), None)
        case ast.BinOp(left=left, right=right):
            kinds = [_kind(names, each, scope, depth) for each in (left, right)]
            return "other" if "other" in kinds else next((each for each in kinds if each), None)
        case ast.Call(func=ast.Attribute(attr=name)) if name in _TEXT_METHODS:
            return "other"
        case ast.Call(func=func):
            return _by_name(names.evaluate(func, scope)) or _by_value(names.evaluate(node, scope))
    if isinstance(node, _OTHER_NODES):
        return "other"
    if isinstance(node, ast.Attribute):
        column = _column(names, node, scope)
        if column is not None:
            return _by_name(column)
    return _by_value(names.evaluate(node, scope))


def _by_value(value: Value | None) -> Kind | None:
    match value:
        case Constant(bool() | None):
            return None
        case Constant(int() | float() | complex()):
            return "number"
        case Constant():
            return "other"
        case Instance(of=of):
            return _by_name(of)
        case Attribute(of=Instance() as of):  # such as a method of a `Path`
            return "other" if _by_name(of.of) == "other" else None
    return None


def _by_name(value: Value | None) -> Kind | None:
    if not isinstance(value, External):
        return None
    if value.name in _NUMBERS or value.name.startswith(_NUMBER_PACKAGES):
        return "number"
    if value.name in _OTHERS or value.name.startswith(("pathlib.", "typing.", "collections.")):
        return "other"
    return None


def _column(names: Names, node: ast.Attribute, scope: Scope) -> Value | None:
    """Return the type of a mapped column that an attribute is, by its annotation `Mapped[…]`."""
    owner = names.evaluate(node.value, scope)
    if not isinstance(owner, Instance) or not isinstance(owner.of, ClassValue):
        return None
    for each in names.ancestors(owner.of):
        bindings = (
            each.cls.scope.bindings.get(node.attr, ()) if isinstance(each, ClassValue) else ()
        )
        for binding in bindings:
            if isinstance(binding.annotation, ast.Subscript):
                return names.type_of(binding.annotation.slice, binding.scope)
    return None
