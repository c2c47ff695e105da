"""Status codes: by number, by name, by a constant of the project."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

from groundrules.rules.meaning.callers import given_for
from groundrules.rules.meaning.names import Names
from groundrules.rules.meaning.origins import origin
from groundrules.rules.meaning.values import Constant, External, Frames, Instance, Value
from groundrules.rules.source.syntax import default_of
from groundrules.rules.source.tree import Function, Scope

_NAMED = re.compile(r"(?:fastapi|starlette)\.status\.HTTP_(\d{3})_\w+")
_ENUMS = ("http.HTTPStatus.", "http.client.", "httpx.codes.", "httpx2.codes.")
_ENUMERATIONS = frozenset({"http.HTTPStatus", "enum.Enum", "enum.IntEnum"})
_NUMBERS = _ENUMERATIONS | {"builtins.int"}
_STEPS = 5
_SITES = 5000  # calls of one name, to be sure that none of them gives a wrong code


@dataclass(frozen=True)
class Code:
    """A status code and the expression that gives it."""

    number: int
    node: ast.expr
    scope: Scope


def codes(
    names: Names, node: ast.expr | None, scope: Scope, frames: Frames = (), steps: int = _STEPS
) -> list[Code]:
    """Return every status code that an expression can be, as far as the source tells.

    A parameter's codes are those that the project's calls give for it, and its default.
    """
    if node is None or not steps:
        return []
    if isinstance(node, ast.IfExp):
        several = list[Code]()
        while isinstance(node, ast.IfExp):
            several += codes(names, node.body, scope, frames, steps - 1)
            node = node.orelse
        return [*several, *codes(names, node, scope, frames, steps - 1)]
    value = names.evaluate(node, scope, frames)
    number = _number(value)
    if isinstance(node, ast.Name) and not (frames and number is not None):
        found = list(_assigned(names, node, scope, steps - 1))
        if found:
            return found
    if number is None and isinstance(node, ast.Attribute) and node.attr == "value":
        return codes(names, node.value, scope, frames, steps - 1)
    if isinstance(value, Instance):
        match value.call:
            case ast.Call(args=[given], keywords=[]) if names.is_a(value.of, _NUMBERS):
                found = codes(names, given, value.scope or scope, value.frames, steps - 1)
                return [Code(each.number, node, scope) for each in found]
    if isinstance(node, ast.Subscript):
        key = names.constant(node.slice, scope, frames)
        if names.is_a(value, _ENUMERATIONS) and isinstance(key, str):
            member = _number(names.attribute(value, key))
            return [] if member is None else [Code(member, node, scope)]
    if number is None and isinstance(node, ast.Subscript):
        return [Code(each.number, node, scope) for each in _looked_up(names, node, scope, steps)]
    return [] if number is None else [Code(number, node, scope)]


def _looked_up(names: Names, node: ast.Subscript, scope: Scope, steps: int) -> list[Code]:
    """Return the codes of a mapping at a key that is known."""
    held, where = origin(names, node.value, scope)
    key = names.constant(node.slice, scope)
    if not isinstance(held, ast.Dict) or key is None:
        return []
    for held_key, value in zip(held.keys, held.values, strict=True):
        if held_key is not None and names.constant(held_key, where) == key:
            return codes(names, value, where, (), steps - 1)
    return []


def _assigned(names: Names, node: ast.Name, scope: Scope, steps: int) -> Iterator[Code]:
    """Yield the codes that a local name is assigned, or that calls give for a parameter."""
    home = scope.function
    if home is None:
        return
    for binding in home.scope.bindings.get(node.id, ()):
        if isinstance(binding.node, ast.arg):
            yield from _parameter(names, home, node.id, steps)
        elif binding.value is not None and not binding.element and binding.unpacked is None:
            for code in codes(names, binding.value, binding.scope, (), steps):
                yield Code(code.number, node, scope)


def _parameter(names: Names, function: Function, name: str, steps: int) -> Iterator[Code]:
    for given, where in given_for(names, function, name, _SITES):
        yield from codes(names, given, where, (), steps)
    default = default_of(function, name)
    yield from codes(names, default, function.outer, (), steps)


def _number(value: Value | None) -> int | None:
    match value:
        case Constant(int(number)) if not isinstance(number, bool):
            return number
        case External(name):
            return _named(name.removesuffix(".value"))
    return None


def _named(name: str) -> int | None:
    match = _NAMED.fullmatch(name)
    if match:
        return int(match[1])
    for prefix in _ENUMS:
        if name.startswith(prefix):
            member = HTTPStatus.__members__.get(name.removeprefix(prefix).upper())
            return member.value if member else None
    return None
