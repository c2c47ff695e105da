"""Who calls a function of the project, and what is given for its parameters."""

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from groundrules.rules.meaning.values import ClassValue, FunctionValue
from groundrules.rules.source.syntax import match_arguments
from groundrules.rules.source.tree import CallSite, Function, Scope

if TYPE_CHECKING:
    from groundrules.rules.meaning.names import Names

_SITES = 50  # call sites looked at to learn what a parameter holds


def given_for(
    names: "Names", function: Function, name: str, limit: int = _SITES
) -> Iterator[tuple[ast.expr, Scope]]:
    """Yield the expressions that the project's calls give for a parameter.

    :param limit: how many calls of the function's name are looked at.
    """
    for site in _sites(names, function, limit):
        given = match_arguments(function, site.node, bound=function.owner is not None)
        if name in given:
            yield given[name], site.scope


def _sites(names: "Names", function: Function, limit: int) -> Iterator[CallSite]:
    """Yield the calls that can be told to be calls of a function."""
    owner = function.owner
    named = names.calls_named.get(function.name, [])
    if owner and function.name == "__init__":
        named = [*names.calls_named.get(owner.name, []), *named]
    for site in named[:limit]:
        match names.called(site):
            case FunctionValue(function=called) if called is function:
                yield site
            case ClassValue(cls) if owner is cls and function.name == "__init__":
                yield site
