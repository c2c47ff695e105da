"""One registration of a handler, and what it says: its path, its methods and its options."""

import ast
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
    """

    handler: Function
    verb: str
    call: ast.Call
    scope: Scope
    frames: Frames = ()

    def option(self, name: str) -> ast.expr | None:
        """Return the expression given for an option, such as `status_code`; None if not given."""
        return next((each.value for each in self.call.keywords if each.arg == name), None)


def path_of(names: Names, route: Route) -> str | None:
    """Return the path a route is registered with, without prefixes; None if unknown."""
    given = route.call.args[0] if route.call.args else route.option("path")
    path = names.constant(given, route.scope, route.frames)
    return path if isinstance(path, str) else None


def methods_of(names: Names, route: Route) -> frozenset[str] | None:
    """Return the HTTP methods of a route in capitals; None where they cannot be known."""
    if route.verb in METHODS:
        return frozenset({route.verb.upper()})
    given = route.option("methods")
    if given is None:
        return frozenset({"GET"})
    held, scope = names.literal(given, route.scope)
    values = [names.constant(each, scope, route.frames) for each in elements(held)]
    named = frozenset(value.upper() for value in values if isinstance(value, str))
    return named if named and len(named) == len(values) else None
