"""One registration of a handler, and what it says: its path, its methods and its options."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from groundrules.rules.meaning.names import Names
from groundrules.rules.meaning.origins import origin
from groundrules.rules.meaning.values import Frames
from groundrules.rules.source.syntax import elements
from groundrules.rules.source.tree import Function, Scope

_MOST = 100  # options of one route
METHODS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "trace"})


@dataclass(frozen=True)
class Route:
    """One registration of a handler.

    :param verb: the name it was registered by, such as `get`, `api_route` or `Route`.
    :param call: the call that registers it, with its path and options; it stands in `scope`.
    :param options: what it is given by name, each with its scope, also by `**` from a literal dict.
    :param is_whole: whether these are all options, as none are in a dict that is not known.
    """

    handler: Function
    verb: str
    call: ast.Call
    scope: Scope
    frames: Frames
    options: Mapping[str, tuple[ast.expr, Scope]]
    is_whole: bool

    def option(self, name: str) -> tuple[ast.expr | None, Scope]:
        """Return the expression given for an option, such as `status_code`, if it is, and its scope."""
        return self.options.get(name, (None, self.scope))


def options_of(
    names: Names, call: ast.Call, scope: Scope
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
    names: Names, node: ast.expr | None, scope: Scope
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


def path_of(names: Names, route: Route) -> str | None:
    """Return the path a route is registered with, without prefixes; None if unknown."""
    given, scope = (route.call.args[0], route.scope) if route.call.args else route.option("path")
    path = names.constant(given, scope, route.frames)
    return path if isinstance(path, str) else None


def methods_of(names: Names, route: Route) -> frozenset[str] | None:
    """Return the HTTP methods of a route in capitals; None where they cannot be known."""
    if route.verb in METHODS:
        return frozenset({route.verb.upper()})
    given, where = route.option("methods")
    if given is None:
        return frozenset({"GET"}) if route.is_whole else None
    held, scope = names.literal(given, where)
    values = [names.constant(each, scope, route.frames) for each in elements(held)]
    named = frozenset(value.upper() for value in values if isinstance(value, str))
    return named if named and len(named) == len(values) else None
