"""Notebooks as pages of the site, with what they printed when they ran."""

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from textwrap import indent
from typing import Any

from groundrules.notebooks.execution import execute

_MOST_LINES = 6  # of a listing that is not folded
_DEPENDS_ON = ("solution", "src/groundrules/notebooks", "uv.lock")


class NotRun(Exception):
    """A notebook could not be run; the text is one sentence that says why."""


def page_of(root: Path, path: Path, run: Callable[[Path, Path], Any] = execute) -> str:
    """Return a notebook of the clone at `root` as Markdown, run once for each state of what it depends on.

    Raises `NotRun` if it fails, or if this machine lacks what it needs.
    """
    kept = root / ".groundrules" / "explorations" / f"{path.stem}-{_digest(root, path)}.md"
    if not kept.is_file():
        page = as_markdown(_executed(root, path, run))
        kept.parent.mkdir(parents=True, exist_ok=True)
        for old in kept.parent.glob(f"{path.stem}-*"):
            old.unlink()
        fresh = kept.with_suffix(f".{os.getpid()}")
        fresh.write_text(page, encoding="utf-8", newline="\n")
        fresh.replace(kept)
    return kept.read_text(encoding="utf-8")


def unrun(path: Path) -> str:
    """Return a notebook as Markdown as it is stored, without what it prints."""
    return as_markdown(_stored(path))


def as_markdown(notebook: Mapping[str, Any]) -> str:
    """Return the cells of a notebook, and below each what it printed and drew."""
    return "\n\n".join(part for cell in notebook["cells"] for part in _parts(cell)) + "\n"


def title_of(path: Path) -> str:
    """Return the heading with which a notebook begins."""
    return "".join(_stored(path)["cells"][0]["source"]).splitlines()[0].removeprefix("# ")


def _stored(path: Path) -> dict[str, Any]:
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return notebook


def _executed(root: Path, path: Path, run: Callable[[Path, Path], Any]) -> Mapping[str, Any]:
    try:
        notebook: Mapping[str, Any] = run(path, root)
    except ImportError as error:
        raise NotRun(f"{path.name} was not run: {error.name} is not installed.") from None
    except Exception as error:  # whatever went wrong in a cell, or with the kernel
        raise NotRun(f"{path.name} could not be run: {_sentence(error)}") from error
    return notebook


def _sentence(error: Exception) -> str:
    """Return what went wrong, and at which line of a cell."""
    said = re.sub(r"\x1b\[[0-9;]*m", "", str(error))  # a kernel's tracebacks have colours
    lines = [line for line in said.splitlines() if line.strip()] or [repr(error)]
    at = [line.split(maxsplit=2)[-1] for line in lines if line.startswith("---->")]
    return f"{lines[-1].rstrip(': ')} ({at[0]})" if at else lines[-1]


def _parts(cell: Mapping[str, Any]) -> Iterator[str]:
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        yield source
        return
    drawn = [
        "".join(output["data"]["text/html"])
        for output in cell["outputs"]
        if "text/html" in output.get("data", {})
    ]
    yield from drawn  # a picture is what the reader came for
    yield _code(source, "The code of this picture" if drawn else "")
    for output in cell["outputs"]:
        shown = output.get("data", {})
        told = "".join(output.get("text") or shown.get("text/plain", "")).rstrip()
        if told and "text/html" not in shown:
            yield f'```text title="Output"\n{told}\n```'


def _code(source: str, title: str) -> str:
    """Return a cell's code, folded if it drew a picture or is long."""
    lines = source.splitlines()
    listing = f"```python\n{source}\n```"
    if not title and len(lines) <= _MOST_LINES:
        return listing
    names = ", ".join(
        f"`{name}`" for name in re.findall(r"^(?:async )?(?:def|class) (\w+)", source, re.M)
    )
    about = title or f"Code: {names or 'the preparation'} ({len(lines)} lines)"
    return f'??? example "{about}"\n\n{indent(listing, "    ")}'


def _digest(root: Path, path: Path) -> str:
    digest = hashlib.sha256(path.read_bytes())
    for name in _DEPENDS_ON:
        place = root / name
        for file in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
