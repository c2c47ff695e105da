"""What the application factory does: what it calls, and what its applications share."""

import inspect
import sys
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from groundrules.worker.names import find
from groundrules.worker.protocol import JSON

OWN = ("router", "dependency_overrides", "state")


async def shared(folder: Path, target: str) -> JSON:
    """Return which of its own parts two applications have in common that a factory returns."""
    factory = find(target, folder)
    first, second = (getattr(factory(), "__dict__", {}) for _ in range(2))
    return [name for name in OWN if name in first and first[name] is second.get(name)]


async def calls_it(folder: Path, target: str, called: str) -> JSON:
    """Return whether a function calls another, which may have a cache; true where nothing can tell."""
    function, other = find(target, folder), find(called, folder)
    codes = _codes(other)
    entered: set[CodeType] = set()

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            entered.add(frame.f_code)

    before, profile = _asked(other), sys.getprofile()
    sys.setprofile(note)
    try:
        function()
    finally:
        sys.setprofile(profile)
    return not codes or bool(codes & entered) or _asked(other) != before


def _asked(function: Any) -> int | None:
    """Return how often what `lru_cache` made was called; None if it is something else."""
    info = getattr(function, "cache_info", None)
    return info().hits + info().misses if info else None


def _codes(function: Any) -> set[CodeType]:
    """Return the code that a call of this enters, unless it has a cache."""
    found = (function, inspect.unwrap(function), type(function).__call__)
    codes = (getattr(each, "__code__", None) for each in found)
    return {code for code in codes if code is not None}
