"""What MkDocs calls to put the notebooks among the pages: see `hooks` in mkdocs.yml."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from groundrules.course.steps import Course, Step
from groundrules.notebooks.execution import notebooks_of
from groundrules.notebooks.pages import NotRun, page_of, title_of, unrun

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

_MARK = "explorations/*"
_log = logging.getLogger("mkdocs.hooks.notebooks")


def on_config(config: "MkDocsConfig") -> None:
    """Put a line for each notebook where the navigation says `explorations/*`."""
    pages = [
        {f"{path.name[:2]} {title_of(path)}": _address(path)}
        for path in notebooks_of(_root(config))
    ]
    config.nav = _completed(config.nav or [], pages)


def on_files(files: "Files", config: "MkDocsConfig") -> None:
    """Add the pages; a notebook that cannot be run is shown without what it prints, with a warning."""
    from mkdocs.structure.files import File

    root = _root(config)
    steps = {f"{step.number:02}": step for step in Course(root).steps}
    for path in notebooks_of(root):
        try:
            content = page_of(root, path)
        except NotRun as error:
            _log.warning("%s", error)
            content = unrun(path)
        page = _with_introduction(content, path, steps[path.name[:2]])
        files.append(File.generated(config, _address(path), content=page))


def _root(config: "MkDocsConfig") -> Path:
    return Path(config.config_file_path).parent


def _address(path: Path) -> str:
    return f"explorations/{path.stem}.md"


def _with_introduction(content: str, path: Path, step: Step) -> str:
    heading, _, rest = content.partition("\n")
    number = path.name[:2]
    return (
        f"# {number} {heading.removeprefix('# ')}\n\n"
        f"*It goes on where [step {number} {step.title}](../steps/{step.name}.md) stops. "
        "`python3 course.py notebooks` opens it on your machine, where you can change it. "
        f"Here it is as it was last run.*\n{rest}"
    )


def _completed(nav: list[Any], pages: list[dict[str, str]]) -> list[Any]:
    whole: list[Any] = []
    for entry in nav:
        if entry == _MARK:
            whole += pages
        elif isinstance(entry, dict):
            ((title, below),) = entry.items()
            whole.append({title: _completed(below, pages) if isinstance(below, list) else below})
        else:
            whole.append(entry)
    return whole
