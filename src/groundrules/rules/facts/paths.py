"""What a route's path says about what it is: a collection, one of its members, or an action."""

import ast
import re
from collections.abc import Iterable, Iterator, Set

from groundrules.rules.facts.routes import Route, methods_of, path_of
from groundrules.rules.meaning.names import Names
from groundrules.rules.meaning.origins import origin

_CODE = re.compile(r"token|code|secret|otp|hash", re.IGNORECASE)
_PARAMETER = re.compile(r"\{[^{}]*\}")
_ID = re.compile(r"\{(?:id|pk|uuid)(?::\w+)?\}")
_KEYS = ("id", "pk", "uuid")
_IRREGULAR = frozenset({"people", "children", "men", "women", "media", "data", "criteria", "staff"})


def segments(names: Names, route: Route) -> list[str] | None:
    """Return the segments of a route's path, the prefix of its router included.

    None if the path cannot be known, and empty if nothing tells where it is mounted.
    """
    path = path_of(names, route)
    if path is None:
        return None
    return [each for part in (*_prefixes(names, route), path) for each in part.split("/") if each]


def is_member(path: list[str]) -> bool:
    """Whether a path ends in the key of a collection's member, such as `/books/{book_id}`."""
    if not path or not _PARAMETER.fullmatch(path[-1]) or _CODE.search(path[-1]):
        return False
    return (
        len(path) == 1
        or _is_plural(path[-2])
        or bool(_PARAMETER.fullmatch(path[-2]))
        or _is_key_of(path[-1], path[-2])
    )


def is_collection(path: list[str], keyed: Set[tuple[str, ...]]) -> bool:
    """Whether a path ends in the name of a collection, or is the root of a router.

    :param keyed: the paths that are known to be collections, whatever their names.
    """
    if not path or tuple(path) in keyed:
        return True
    return not _PARAMETER.fullmatch(path[-1]) and _is_plural(path[-1])


def keyed_paths(names: Names, routes: Iterable[Route]) -> frozenset[tuple[str, ...]]:
    """Return the paths whose members are read by a key of theirs, as `/todo` beside `/todo/{todo_id}`."""
    found = set[tuple[str, ...]]()
    for route in routes:
        path = segments(names, route)
        if path and len(path) > 1 and methods_of(names, route) == frozenset({"GET"}):
            *above, last = path
            if _is_key_of(last, above[-1]) or _ID.fullmatch(last):
                found.add(tuple(above))
    return frozenset(found)


def _is_key_of(parameter: str, segment: str) -> bool:
    """Whether a parameter is the id of what a segment names, as `{todo_id}` after `todo`."""
    name = parameter.strip("{}").partition(":")[0].lower()
    own, _, ending = name.rpartition("_")
    return ending in _KEYS and own == segment.lower().replace("-", "_")


def _is_plural(segment: str) -> bool:
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
