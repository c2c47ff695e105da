"""One registration of a handler, and what it says: its path, its methods and its options."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from groundrules.rules.meaning.names import Names
from groundrules.rules.meaning.values import Frames
from groundrules.rules.source.syntax import elements
from groundrules.rules.source.tree import Function, Scope

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
