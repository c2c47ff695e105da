"""What MkDocs calls while it builds the site: see `hooks` in mkdocs.yml."""

import logging
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from groundrules.course.steps import Course
from groundrules.rules.registry import all_rules
from groundrules.site import (
    api,
    demands,
    explorations,
    layers,
    listings,
    mermaid,
    recording,
    reference,
    workshop,
)
from groundrules.site.clauses import clauses, table_of_clauses
from groundrules.site.lessons import page_of_step, table_of_steps
from groundrules.site.links import between_pages
from groundrules.site.prose import with_marks, with_notes

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

_GENERATED = re.compile(r"<!-- generated: ([\w-]+) -->")
_log = logging.getLogger("mkdocs.hooks.groundrules")


def on_config(config: "MkDocsConfig") -> None:
    """Complete the navigation: the steps, the rules by section, and the notebooks."""
    course = _course(config)
    found = {"steps/*": _steps(course), "rules/*": _rules(course)}
    found["explorations/*"] = explorations.navigation(course)
    config.nav = _completed(config.nav or [], found)


def on_files(files: "Files", config: "MkDocsConfig") -> None:
    """Add the pages that are made from the steps, and the document of the API."""
    from mkdocs.structure.files import File

    course = _course(config)
    for step in course.steps:
        page = page_of_step(course, step)
        files.append(File.generated(config, f"steps/{step.name}.md", content=page))
    for address, page in explorations.pages(course):
        files.append(File.generated(config, address, content=page))
    specification = api.as_json(course.root)
    files.append(File.generated(config, "reference/openapi.json", content=specification))


def on_page_markdown(markdown: str, page: "Page", config: "MkDocsConfig", files: "Files") -> str:
    """Put in what is generated, and make links between files links between pages."""
    course = _course(config)
    parts = _parts(course)
    text = _GENERATED.sub(lambda mark: parts[mark[1]](), markdown)
    text = explorations.with_pictures(listings.put_in(text, course.root), course)
    return between_pages(with_notes(text), page.file.src_uri)


def on_page_content(html: str, page: "Page", config: "MkDocsConfig", files: "Files") -> str:
    """Mark listings as wrong or right, and make a column's heading without words a plain cell."""
    return with_marks(html)


def on_post_build(config: "MkDocsConfig") -> None:
    """Put Mermaid beside the pages; they show a diagram's text where it could not be fetched."""
    try:
        mermaid.copy_to(Path(config.site_dir) / "assets" / "mermaid", _course(config).root)
    except mermaid.NotFetched as error:
        _log.warning("%s", error)


def _parts(course: Course) -> dict[str, Callable[[], str]]:
    """Return what makes each part that a page can ask for by `<!-- generated: name -->`."""
    return {
        "steps": partial(table_of_steps, course),
        "clauses": partial(table_of_clauses, course),
        "commands": reference.commands,
        "bootstrap": reference.bootstrap,
        "pytest": partial(reference.pytest_options, course.root),
        "layers": layers.picture,
        "requirement-numbers": partial(demands.numbers, course),
        "requirements": partial(demands.listed, course),
        "finding": reference.finding,
        "json": reference.finding_as_json,
        "api": partial(api.endpoints, course.root),
        "schemas": partial(api.schemas, course.root),
        "timetable": partial(workshop.timetable, course),
        "week": partial(workshop.week, course),
        "hours": partial(workshop.hours, course),
        "recording": partial(recording.picture, course.root / "docs" / "examples"),
    }


def _course(config: "MkDocsConfig") -> Course:
    return Course(Path(config.config_file_path).parent)


def _steps(course: Course) -> list[Any]:
    return [{f"{step.number:02} {step.title}": f"steps/{step.name}.md"} for step in course.steps]


def _rules(course: Course) -> list[Any]:
    sections: dict[str, list[Any]] = {}
    names = {rule.code: rule.name for rule in all_rules()}
    for clause in clauses(course.root):
        sections.setdefault(clause.section, []).extend(
            {f"{code} {names[code]}": f"rules/{code}.md"} for code in clause.codes
        )
    return [{section: pages} for section, pages in sections.items()]


def _completed(nav: list[Any], found: dict[str, list[Any]]) -> list[Any]:
    """Return the navigation with each `steps/*` and the like replaced by what was found."""
    whole: list[Any] = []
    for entry in nav:
        if isinstance(entry, str):
            whole += found.get(entry, [entry])
        else:
            ((title, below),) = entry.items()
            whole.append({title: _completed(below, found) if isinstance(below, list) else below})
    return whole
