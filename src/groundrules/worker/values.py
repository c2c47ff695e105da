"""What the trainee's code returns, as plain JSON that says what it was.

`{"json": …}` is a value of JSON's own, `{"schema": name, "data": …}` a Pydantic model,
`{"list": […]}` and `{"object": {…}}` hold more such values, and `{"opaque": name}` is anything else, by its
class.
"""

import sys
from typing import Any

from groundrules.worker.protocol import JSON

DEPTH_LIMIT = 20


def to_json(value: Any, depth: int = 0) -> dict[str, JSON]:
    """Return `value` as tagged JSON; what is nested too deep is opaque."""
    if value is None or type(value) in (bool, int, float, str):
        return {"json": value}
    pydantic = sys.modules.get("pydantic")
    if pydantic is not None and isinstance(value, pydantic.BaseModel):
        return {"schema": type(value).__name__, "data": value.model_dump(mode="json")}
    if depth < DEPTH_LIMIT:
        if type(value) in (list, tuple, set, frozenset):
            return {"list": [to_json(each, depth + 1) for each in value]}
        if type(value) is dict and all(type(key) is str for key in value):
            return {"object": {key: to_json(each, depth + 1) for key, each in value.items()}}
    return {"opaque": f"{type(value).__module__}.{type(value).__qualname__}"}
