"""Each notebook runs from the first cell to the last, in a kernel of its own and from any folder."""

import asyncio
from importlib.util import find_spec
from pathlib import Path

import pytest

from groundrules import postgres
from groundrules.notebooks.execution import execute, notebooks_of
from groundrules.postgres.databases import connection

ROOT = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not find_spec("nbclient"), reason="`course.py test --all` installs it"),
]


async def databases() -> set[str]:
    async with connection(postgres.ensure(ROOT)) as session:
        rows = await session.fetch("SELECT datname FROM pg_database")
    return {row["datname"] for row in rows if row["datname"].endswith("_notebook")}


@pytest.mark.parametrize("path", notebooks_of(ROOT), ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path, tmp_path: Path) -> None:
    before = asyncio.run(databases())

    notebook = execute(path, tmp_path)

    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert [output["text"] for output in outputs if output.get("name") == "stderr"] == []
    assert asyncio.run(databases()) <= before
