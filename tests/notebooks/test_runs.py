"""Each notebook runs from the first cell to the last, in a kernel of its own and from any folder."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from groundrules.notebooks.execution import notebooks_of
from tests.notebooks.running import ROOT, executed

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not find_spec("nbclient"), reason="`course.py test --all` installs it"),
]


@pytest.mark.parametrize("path", notebooks_of(ROOT), ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path) -> None:
    notebook, left = executed(path)

    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert [output["text"] for output in outputs if output.get("name") == "stderr"] == []
    assert left == set()
