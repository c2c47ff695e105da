"""What a handler returned that is not what it declares, told in its own names."""

import inspect
import re
import traceback
from linecache import getline
from typing import Any

from fastapi.exceptions import ResponseValidationError

SHOWN = 40  # characters of a value


def refused_answer(error: BaseException) -> tuple[str, str, int] | None:
    """Return a sentence on an answer that FastAPI refused to send, and the file and line of its handler."""
    if not isinstance(error, ResponseValidationError):
        return None
    if error.endpoint_file is None or error.endpoint_line is None:
        return None
    name, wanted = error.endpoint_function, _declared(error)
    first = next(iter(error.errors()), {"loc": (), "msg": ""})
    field = ".".join(str(part) for part in first["loc"][1:])
    if field:
        text = f"`{name}` returned no {wanted or 'valid response'}: {field}: {first['msg']}"
    else:
        text = f"`{name}` returned {_described(error.body)}"
        text += f"; it must return {wanted}" if wanted else f": {first['msg']}"
    return f"{text}.", error.endpoint_file, _line_of_def(error.endpoint_file, error.endpoint_line)


def _line_of_def(file: str, line: int) -> int:
    """Return the line of the function whose decorators begin at `line`."""
    found = line
    while (source := getline(file, found)) and not re.match(r"\s*(async\s+)?def\s", source):
        found += 1
    return found if source else line


def _described(value: Any) -> str:
    if inspect.iscoroutine(value):
        return "a coroutine (is `await` missing?)"
    try:
        shown = repr(value)
    except Exception:
        shown = ""
    return shown if 0 < len(shown) <= SHOWN else f"an object of the type {type(value).__name__}"


def _declared(error: BaseException) -> str | None:
    """Return the type that the handler declares: FastAPI has it where it raised the error."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    field = frame.f_locals.get("field")
    declared = getattr(getattr(field, "field_info", None), "annotation", None)
    if declared is None:
        return None
    return declared.__name__ if type(declared) is type else inspect.formatannotation(declared)
