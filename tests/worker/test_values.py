"""What a worker sends as a value is believed only if it has exactly the shape of one."""

from typing import Any

import pytest

from groundrules.testing.values import Opaque, Row, Schema, from_json, to_argument
from groundrules.worker.errors import BadReply


def nested(depth: int) -> Any:
    value: Any = {"json": 1}
    for _ in range(depth):
        value = {"list": [value]}
    return value


@pytest.mark.parametrize(
    "data",
    [
        None,
        3,
        [],
        {},
        {"json": []},
        {"json": 1, "more": 1},
        {"scalar": "uuid", "text": "no"},
        {"scalar": "datetime", "text": "yesterday"},
        {"scalar": "decimal", "text": "1,5"},
        {"scalar": "bytes", "text": "???"},
        {"scalar": "moon", "text": ""},
        {"schema": "app.Book", "data": []},
        {"row": "app.Book", "key": {"id": 1}, "values": {}},
        {"row": "app.Book", "key": {}},
        {"list": {"json": 1}},
        {"object": [1]},
        {"opaque": 5, "number": 0},
        {"call": "app.main.app", "arguments": [], "keywords": {}},
        nested(100),
    ],
    ids=lambda data: str(data)[:40],
)
def test_what_is_no_value_is_refused(data: Any) -> None:
    with pytest.raises(BadReply):
        from_json(data)


def test_an_object_that_is_nowhere_stored_cannot_be_handed_over() -> None:
    with pytest.raises(AssertionError, match=r"^This Book has no primary key: it was never stored"):
        to_argument(Row("app.models.book.Book", {}))
    with pytest.raises(TypeError, match=r"^A test cannot hand over <FastAPI object>"):
        to_argument(Opaque("app.main.FastAPI", 0))


def test_a_schema_that_came_back_can_be_handed_over() -> None:
    schema = Schema("app.schemas.book.BookCreate", {"title": "Emma"})

    assert to_argument([schema]) == {
        "list": [{"schema": "app.schemas.book.BookCreate", "data": {"title": "Emma"}}]
    }
