"""Values that JSON has no form for, as text: dates, times, UUIDs, decimals and bytes."""

from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

MICROSECOND = timedelta(microseconds=1)

Reader = Callable[[str], Any]
Writer = Callable[[Any], str]

KINDS: dict[str, tuple[type, Writer, Reader]] = {  # a datetime is a date too: it comes first
    "datetime": (datetime, datetime.isoformat, datetime.fromisoformat),
    "date": (date, date.isoformat, date.fromisoformat),
    "time": (time, time.isoformat, time.fromisoformat),
    "timedelta": (
        timedelta,
        lambda value: str(value // MICROSECOND),
        lambda text: int(text) * MICROSECOND,
    ),
    "uuid": (UUID, str, UUID),
    "decimal": (Decimal, str, Decimal),
    "bytes": (
        bytes,
        lambda value: b64encode(value).decode(),
        lambda text: b64decode(text, validate=True),
    ),
}


def to_text(value: object) -> dict[str, str] | None:
    """Return `{"scalar": kind, "text": …}`, or None for a value of no such kind."""
    for kind, (class_, write, _) in KINDS.items():
        if isinstance(value, class_):
            return {"scalar": kind, "text": write(value)}
    return None


def from_text(kind: str, text: str) -> Any:
    """Return the value that `to_text` wrote; raise ValueError if it did not."""
    try:
        return KINDS[kind][2](text)
    except (KeyError, InvalidOperation, OverflowError):
        raise ValueError(f"{text[:50]!r} is no {kind[:50]}") from None
