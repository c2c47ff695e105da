"""Whether the attributes of a model are those of its table."""

from collections.abc import Mapping
from typing import Any

from groundrules.testing import demand
from groundrules.testing.library import Columns, Library
from groundrules.testing.values import Row


async def must_be_stored(library: Library, row: Row, attributes: Mapping[str, Any]) -> Columns:
    """Return a row as its table has it; fail unless each attribute was stored in the column of its name."""
    name = row.class_name.rpartition(".")[2]
    with demand("attributes"):
        assert "id" in row.key, (
            f"{name} has no attribute `id`: each attribute must have the name of its column."
        )
    found = await library.read(row)
    assert found is not None, f"A {name} that was added and committed is not in its table."
    with demand("attributes"):
        for column, value in attributes.items():
            assert found[column] == value, (
                f"{name}.{column} = {value!r} must be stored as passed; the table has "
                f"{found[column]!r}. Each attribute must have the name of its column."
            )
    return found
