"""Patterns of paths, as in settings: `app/legacy`, `**/old_*.py`, `legacy.py`."""

import re
from functools import cache

_PARTS = {"**/": "(?:.*/)?", "/**": "/.*", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def matches(pattern: str, path: str) -> bool:
    """Whether a pattern matches a path, or a folder that it lies in.

    `*` and `?` stay within a name, and `**` crosses folders. A pattern without a slash matches any name.
    """
    return _compiled(pattern).match(path) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    plain = pattern.strip().replace("\\", "/").removeprefix("./").rstrip("/")
    anywhere = "" if "/" in plain else "(?:.*/)?"
    parts = (
        _PARTS.get(each, re.escape(each)) for each in re.split(r"(\*\*/|/\*\*$|\*\*|\*|\?)", plain)
    )
    return re.compile(f"{anywhere}{''.join(parts)}(?:/.*)?\\Z", re.DOTALL)
