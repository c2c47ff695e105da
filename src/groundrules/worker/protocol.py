"""What goes over the wire between a worker and its client: one JSON object a line.

A request is `{"id": 1, "do": "serve", …}`; its reply `{"id": 1, "value": …}`, `{"id": 1, "error": …}` or,
if the code lacks what a lesson names, `{"id": 1, "missing": …}` with a sentence that says so.
Ids let requests run at the same time. A reply comes out of a process that runs somebody else's code, so
nothing here is trusted: `read_reply` accepts exactly these shapes, within these sizes.
"""

import json as _json  # see forget_json
import sys
from dataclasses import dataclass

REPLY_LIMIT = 1024 * 1024  # bytes of one line
TEXT_LIMIT = 2000  # characters of one message
FRAME_LIMIT = 8  # frames of one traceback
NAME_LIMIT = 50  # bases of one class, or fields that one error names
DEPTH_LIMIT = 20  # values within values

BROKEN = 86  # exit status of a worker whose own loop or connection no longer works

JSON = None | bool | int | float | str | list["JSON"] | dict[str, "JSON"]


class ProtocolError(Exception):
    """What arrived is no reply; the text says what is wrong with it."""


@dataclass(frozen=True)
class Frame:
    """A line of the trainee's own code, in a traceback or on a stack; `file` is relative to the folder."""

    file: str
    line: int
    source: str


@dataclass(frozen=True)
class Failure:
    """An exception that came out of the trainee's code.

    `kind` is the class's name, `kinds` those of its bases too; `frames` are the trainee's own, the
    innermost last; `fields` are those that a validation refused, as in `items.0.isbn`, and `""` for a whole.
    """

    kind: str
    message: str
    kinds: tuple[str, ...] = ()
    frames: tuple[Frame, ...] = ()
    fields: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}" if self.message else self.kind


@dataclass(frozen=True)
class Reply:
    """A reply to the request `id`: a value, or the failure or the missing thing that took its place."""

    id: int
    value: JSON = None
    failure: Failure | None = None
    missing: str | None = None


def encode(message: dict[str, JSON]) -> bytes:
    """Return `message` as one line."""
    return (_json.dumps(message) + "\n").encode()


def decode(line: bytes) -> dict[str, JSON]:
    """Return the object on one line; raise `ProtocolError` if it is none."""
    try:
        message = _json.loads(line)
    except (ValueError, RecursionError):
        raise ProtocolError("it is not JSON") from None
    if not isinstance(message, dict):
        raise ProtocolError("it is not an object")
    return message


def read_reply(line: bytes) -> Reply:
    """Return the reply on one line; raise `ProtocolError` if it has not exactly a reply's shape."""
    message = decode(line)
    number = message.get("id")
    if type(number) is not int:
        raise ProtocolError("it has no id")
    if message.keys() == {"id", "value"}:
        return Reply(number, value=message["value"])
    if message.keys() == {"id", "error"}:
        return Reply(number, failure=read_failure(message["error"]))
    missing = message.get("missing")
    if message.keys() == {"id", "missing"} and isinstance(missing, str):
        return Reply(number, missing=readable(missing))
    raise ProtocolError("it has neither a value nor an error")


def read_failure(data: JSON) -> Failure:
    """Return a failure sent as JSON; raise `ProtocolError` if it has not exactly a failure's shape."""
    match data:
        case {
            "kind": str(kind),
            "message": str(message),
            "kinds": [*kinds],
            "frames": [*frames],
            "fields": [*fields],
            **rest,
        } if not rest and len(frames) <= FRAME_LIMIT:
            return Failure(
                readable(kind),
                readable(message),
                tuple(readable(str(each)) for each in kinds[:NAME_LIMIT]),
                tuple(read_frame(frame) for frame in frames),
                tuple(readable(str(each)) for each in fields[:NAME_LIMIT]),
            )
    raise ProtocolError("its error is not one")


def read_frame(data: JSON) -> Frame:
    """Return a frame sent as JSON; raise `ProtocolError` if it has not exactly a frame's shape."""
    match data:
        case {"file": str(file), "line": int(line), "source": str(source), **rest} if not rest:
            return Frame(readable(file), line, readable(source))
    raise ProtocolError("a frame of its error is not one")


def readable(text: str, limit: int = TEXT_LIMIT) -> str:
    """Return `limit` characters of a text, without what a terminal would obey or could not show."""
    shown = (each if each.isprintable() or each in "\n\t" else "\ufffd" for each in text[:limit])
    return "".join(shown)


def forget_json() -> None:
    """Let whoever imports `json` next get a fresh copy, so that patching it does not reach this module."""
    for name in [name for name in sys.modules if name == "json" or name.startswith("json.")]:
        del sys.modules[name]
