"""What the trainee's code returns, as plain JSON that says what it was.

`{"json": …}` is a value of JSON's own, `{"scalar": kind, "text": …}` one of `scalars`,
`{"schema": class, "data": …}` a Pydantic model, `{"row": class, "key": {…}, "values": {…}}` a row by its
primary key with the columns that are loaded, `{"list": […]}` and `{"object": {…}}` hold more such values,
`{"class": class}` is a class itself, and `{"opaque": class, "number": n}` anything else, with a number of
its own for each object. Classes are dotted names.
"""

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from groundrules.worker.protocol import DEPTH_LIMIT, JSON
from groundrules.worker.scalars import to_text

if TYPE_CHECKING:
    from sqlalchemy.orm import InstanceState


def to_json(value: Any, depth: int = 0) -> dict[str, JSON]:
    """Return `value` as tagged JSON; what is nested too deep is opaque."""
    if value is None or type(value) in (bool, int, float):
        return {"json": value}
    if isinstance(value, str):  # an enumeration's member may be one
        return {"json": str.__str__(value)}
    scalar = to_text(value)
    if scalar is not None:
        return {**scalar}
    if isinstance(value, type):
        return {"class": _name(value)}
    pydantic = sys.modules.get("pydantic")
    if pydantic is not None and isinstance(value, pydantic.BaseModel):
        return {"schema": _name(type(value)), "data": value.model_dump(mode="json")}
    state = _state_of(value)
    if state is not None:
        return _row(state, depth)
    if depth < DEPTH_LIMIT:
        if isinstance(value, list | tuple | set | frozenset) or _is_result_row(value):
            return {"list": [to_json(each, depth + 1) for each in value]}
        if isinstance(value, Mapping) and all(type(key) is str for key in value):
            return {"object": {key: to_json(each, depth + 1) for key, each in value.items()}}
    return {"opaque": _name(type(value)), "number": _number_of(value)}


def _row(state: "InstanceState[Any]", depth: int) -> dict[str, JSON]:
    """Return a row without touching what is not loaded: that would need the database."""
    mapper = state.mapper
    keys = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
    loaded = [each.key for each in mapper.column_attrs if each.key in state.dict]
    return {
        "row": _name(mapper.class_),
        "key": {
            key: to_json(part, depth + 1)
            for key, part in zip(keys, state.identity or (), strict=False)
        },
        "values": {key: to_json(state.dict[key], depth + 1) for key in loaded},
    }


_told: list[object] = []


def _number_of(value: object) -> int:
    """Return the same number for the same object; it is kept, so that no other takes its place."""
    for number, each in enumerate(_told):
        if each is value:
            return number
    _told.append(value)
    return len(_told) - 1


def _state_of(value: Any) -> "InstanceState[Any] | None":
    orm = sys.modules.get("sqlalchemy.orm")
    state = vars(value).get("_sa_instance_state") if hasattr(value, "__dict__") else None
    return state if orm is not None and isinstance(state, orm.InstanceState) else None


def _is_result_row(value: Any) -> bool:
    sqlalchemy = sys.modules.get("sqlalchemy")
    return sqlalchemy is not None and isinstance(value, sqlalchemy.Row)


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
