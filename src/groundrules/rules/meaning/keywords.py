"""Says what a call is given by name, dictionaries that it unpacks included."""

import ast
from typing import TYPE_CHECKING

from groundrules.rules.meaning.origins import origin
from groundrules.rules.source.tree import Scope

if TYPE_CHECKING:
    from groundrules.rules.meaning.names import Names

_MOST = 100  # arguments of one call


def keywords_of(
    names: "Names", call: ast.Call, scope: Scope
) -> tuple[dict[str, tuple[ast.expr, Scope]], bool]:
    """Return what a call is given by name, each with its scope, and whether that is surely all."""
    found = dict[str, tuple[ast.expr, Scope]]()
    todo = [(each.arg, each.value, scope) for each in call.keywords]
    for name, value, where in todo:
        if name is not None:
            found.setdefault(name, (value, where))
            continue
        held, home = origin(names, value, where)
        inside = _entries(names, held, home)
        if inside is None or len(todo) > _MOST:
            return found, False
        todo += [(key, each, home) for key, each in inside]
    return found, True


def _entries(
    names: "Names", node: ast.expr | None, scope: Scope
) -> list[tuple[str | None, ast.expr]] | None:
    """Return what a dict holds, the last first, and under None other dicts; None if it is unknown."""
    match node:
        case ast.Dict(keys=keys, values=values):
            found = list[tuple[str | None, ast.expr]]()
            for key, value in zip(reversed(keys), reversed(values), strict=True):
                name = None if key is None else names.constant(key, scope)
                if not (key is None or isinstance(name, str)):
                    return None
                found.append((None if key is None else str(name), value))
            return found
        case ast.BinOp(op=ast.BitOr(), left=left, right=right):
            return [(None, right), (None, left)]
        case ast.Call(func=ast.Name(id="dict"), args=args, keywords=keywords) if len(args) < 2:
            taken = [(None, each) for each in args]
            return [*((each.arg, each.value) for each in reversed(keywords)), *taken]
    return None
