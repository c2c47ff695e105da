"""Notebooks as pages, and the command that opens them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from groundrules.course.steps import CourseError
from groundrules.notebooks import jupyter
from groundrules.notebooks.pages import NotRun, as_markdown, page_of, title_of, unrun

CODE: dict[str, Any] = {
    "cell_type": "code",
    "execution_count": None,
    "id": "code",
    "metadata": {},
    "outputs": [],
    "source": ["print(6 * 7)\n", "7 * 8"],
}
HEADING = {
    "cell_type": "markdown",
    "id": "title",
    "metadata": {},
    "source": ["# Numbers\n", "Two."],
}


def written(folder: Path, source: str = "print(6 * 7)") -> Path:
    """Return a notebook in a folder that looks like a clone."""
    (folder / "solution").mkdir()
    (folder / "src/groundrules/notebooks").mkdir(parents=True)
    (folder / "uv.lock").touch()
    path = folder / "01-numbers.ipynb"
    notebook = {
        "cells": [HEADING, CODE | {"source": [source]}],
        "metadata": {"kernelspec": {"display_name": "Python 3", "name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(notebook))
    return path


def test_a_page_shows_a_picture_before_its_code_and_then_what_was_printed() -> None:
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": "42\n"},
        {
            "output_type": "display_data",
            "data": {"text/html": "<figure></figure>", "text/plain": "x"},
        },
        {"output_type": "execute_result", "data": {"text/plain": "56"}},
    ]

    page = as_markdown({"cells": [HEADING, CODE | {"outputs": outputs}]})

    assert page == (
        "# Numbers\nTwo.\n\n"
        "<figure></figure>\n\n"
        '??? example "The code of this picture"\n\n'
        "    ```python\n    print(6 * 7)\n    7 * 8\n    ```\n\n"
        '```text title="Output"\n42\n```\n\n'
        '```text title="Output"\n56\n```\n'
    )


def test_long_code_is_folded_below_its_names() -> None:
    source = "def add() -> None:\n" + "    pass\n" * 20

    page = as_markdown({"cells": [CODE | {"source": [source]}]})

    assert page.startswith('??? example "Code: `add` (21 lines)"\n\n    ```python\n    def add()')


def test_a_notebook_that_was_not_run_is_still_a_page(tmp_path: Path) -> None:
    path = written(tmp_path)

    assert title_of(path) == "Numbers"
    assert unrun(path) == "# Numbers\nTwo.\n\n```python\nprint(6 * 7)\n```\n"


@pytest.mark.slow
def test_a_notebook_is_run_once_until_it_changes(tmp_path: Path) -> None:
    path = written(tmp_path, "import time; print(time.time_ns())")

    first, second = page_of(tmp_path, path), page_of(tmp_path, path)
    path.write_text(path.read_text().replace("time_ns", "monotonic_ns"))
    third = page_of(tmp_path, path)

    assert "Output" in first
    assert first == second
    assert third != first
    assert len(list((tmp_path / ".groundrules/explorations").iterdir())) == 1


@pytest.mark.slow
def test_a_notebook_that_fails_says_which_and_why(tmp_path: Path) -> None:
    path = written(tmp_path, "assert 6 * 7 == 41, 'no'")

    with pytest.raises(
        NotRun, match=r"^01-numbers\.ipynb could not be run: AssertionError: no \(assert 6"
    ):
        page_of(tmp_path, path)


@pytest.mark.slow
def test_a_warning_in_a_notebook_is_an_error(tmp_path: Path) -> None:
    path = written(tmp_path, "import warnings; warnings.warn('old')")

    with pytest.raises(NotRun, match="UserWarning"):
        page_of(tmp_path, path)


def test_without_jupyterlab_a_sentence_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jupyter, "find_spec", lambda name: None)

    with pytest.raises(CourseError, match=r"type `python3 course\.py notebooks`"):
        jupyter.start(8888, browser=False)


def test_the_command_has_a_help() -> None:
    code = "import sys; from groundrules.cli import main; sys.argv[0] = 'groundrules'; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "notebooks", "--help"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0
    assert "JupyterLab" in done.stdout
    assert "--port" in done.stdout
