"""What a route's path says about what it is: a collection, one of its members, or an action."""

import ast
import re
from collections.abc import Iterator

from groundrules.rules.model.names import Names
from groundrules.rules.model.origins import origin
from groundrules.rules.model.routes import Route, Routes

_PARAMETER = re.compile(r"\{[^{}]*\}")
_IRREGULAR = frozenset({"people", "children", "men", "women", "media", "data", "criteria", "staff"})


def last_segment(names: Names, route: Route) -> str | None:
    """Return the last segment of a route's path, the prefix of its router's if it has none.

    None if the path cannot be known, and empty if nothing tells where it is mounted.
    """
    path = Routes(names).path(route)
    if path is None:
        return None
    for part in (path, *_prefixes(names, route)):
        segments = [each for each in part.split("/") if each]
        if segments:
            return segments[-1]
    return ""


def is_parameter(segment: str) -> bool:
    """Whether a segment stands for a resource's own key."""
    return _PARAMETER.fullmatch(segment) is not None


def is_collection(segment: str) -> bool:
    """Whether a segment names a collection: a plural, or nothing, as at the root of a router."""
    word = re.split(r"[-_]", segment.lower())[-1]
    return (
        not word
        or word in _IRREGULAR
        or re.search(r"[^siu]s$", word) is not None
        or (word.endswith(("ies", "ses")))
    )


def _prefixes(names: Names, route: Route) -> Iterator[str]:
    """Yield the prefix that the route's router is made with."""
    if not isinstance(route.call.func, ast.Attribute):
        return
    node, scope = origin(names, route.call.func.value, route.scope)
    if isinstance(node, ast.Call):
        for keyword in node.keywords:
            prefix = names.constant(keyword.value, scope) if keyword.arg == "prefix" else None
            if isinstance(prefix, str):
                yield prefix
