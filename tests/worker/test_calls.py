"""What a test hands to the trainee's functions, and what comes back."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from groundrules.testing.values import Opaque
from groundrules.worker.errors import Raised
from tests.worker.conftest import Start

VALUES = """
import enum, uuid

class Colour(str, enum.Enum):
    RED = "red"

class Odd:
    pass

def echo(value: object) -> object:
    return value

def kinds(*values: object, **more: object) -> list[str]:
    return [type(value).__name__ for value in [*values, *more.values()]]

def odd() -> list[object]:
    return [Odd(), Colour.RED, {1: 2}, (1, 2)]

def nested() -> object:
    value: object = 1
    for _ in range(50):
        value = [value]
    return value

def large() -> str:
    return "x" * 2_000_000

def no_json() -> int:
    return 10 ** 5000
"""


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        3,
        2.5,
        "für",
        [1, [2]],
        {"a": {"b": None}},
        datetime(2026, 11, 25, 12, 0, 0, 5, tzinfo=UTC),
        date(2026, 11, 25),
        time(12, 30),
        timedelta(days=21, microseconds=1),
        UUID(int=7),
        Decimal("19.90"),
        b"\x00\xff",
    ],
    ids=repr,
)
async def test_a_value_comes_back_as_it_went(start: Start, value: Any) -> None:
    app = start("", other=VALUES)

    assert await app.other.echo(value=value) == value
    assert await app.other.kinds(value) == [type(value).__name__]


async def test_what_has_no_form_comes_back_as_the_name_of_its_class(start: Start) -> None:
    app = start("", other=VALUES)

    odd = await app.other.odd()

    assert odd == [Opaque("app.other.Odd", 0), "red", Opaque("builtins.dict", 1), [1, 2]]
    with pytest.raises(AssertionError, match=r"^`title` cannot be read from Odd"):
        _ = odd[0].title


async def test_the_same_object_is_known_again(start: Start) -> None:
    app = start(
        "",
        other="class Odd: ...\n\nONE = Odd()\n\ndef one(): return ONE\n\ndef new(): return Odd()\n",
    )

    assert await app.other.one() == await app.other.one()
    assert await app.other.new() != await app.other.new()


async def test_what_is_nested_too_deep_is_opaque(start: Start) -> None:
    app = start("", other=VALUES)

    value = await app.other.nested()

    while isinstance(value, list):
        [value] = value
    assert value == Opaque("builtins.list", 0)


async def test_a_result_that_is_too_large_is_told(start: Start) -> None:
    app = start("", other=VALUES)

    with pytest.raises(
        Raised, match=r"large\(\) raised ValueError: the result is larger than 1024 KiB"
    ):
        await app.other.large()

    assert await app.other.echo(value=1) == 1


async def test_a_result_that_cannot_be_written_is_told(start: Start) -> None:
    app = start("", other=VALUES)

    with pytest.raises(Raised, match=r"no_json\(\) raised ValueError"):
        await app.other.no_json()

    assert await app.other.echo(value=1) == 1


async def test_a_call_that_nobody_awaits_warns(start: Start) -> None:
    app = start("", other=VALUES)

    with pytest.warns(RuntimeWarning, match=r"app.other.echo\(\) was never awaited"):
        app.other.echo(value=1)
