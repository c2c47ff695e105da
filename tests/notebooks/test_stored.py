"""What lies in the repository: notebooks without results, and without traces of a machine."""

import json
from pathlib import Path
from typing import Any

import pytest

from groundrules.course.steps import Course
from groundrules.notebooks.execution import notebooks_of

ROOT = Path(__file__).parents[2]
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
NOTEBOOKS = notebooks_of(ROOT)

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path: Path) -> dict[str, Any]:
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return notebook


def code_of(path: Path) -> str:
    cells = [cell for cell in read(path)["cells"] if cell["cell_type"] == "code"]
    return "\n".join("".join(cell["source"]) for cell in cells)


def test_each_step_has_a_notebook() -> None:
    numbers = [path.name[:2] for path in NOTEBOOKS]

    assert numbers == [f"{step.number:02}" for step in Course(ROOT).steps]


@each_notebook
def test_no_results_are_stored(path: Path) -> None:
    code = [cell for cell in read(path)["cells"] if cell["cell_type"] == "code"]

    results = [cell["id"] for cell in code if cell["outputs"] or cell["execution_count"]]

    assert not results, f"{path.name} holds results: run `nbstripout {path.relative_to(ROOT)}`."


@each_notebook
def test_nothing_says_where_it_was_written(path: Path) -> None:
    notebook = read(path)

    assert notebook["metadata"] == METADATA
    assert [cell["id"] for cell in notebook["cells"] if cell["metadata"]] == []


@each_notebook
def test_what_it_claims_is_asserted(path: Path) -> None:
    assert code_of(path).count("\nassert ") + code_of(path).startswith("assert ") >= 4


@each_notebook
def test_a_library_that_is_opened_is_closed(path: Path) -> None:
    code = code_of(path)

    assert ("open_library(" in code) == ("await library.close()" in code)
