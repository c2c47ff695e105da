"""The notebooks as pages, with what they printed when they were last run."""

import logging
import re
from collections.abc import Iterator
from pathlib import Path

from groundrules.course.steps import Course, CourseError, Step
from groundrules.notebooks.execution import notebooks_of
from groundrules.notebooks.pages import NotRun, page_of, title_of, unrun

_PICTURE = re.compile(r"^<!-- picture: ([\w-]+) -->$", re.MULTILINE)
_FIGURE = re.compile(r"^<figure>.*?</figure>$", re.MULTILINE | re.DOTALL)
_log = logging.getLogger("mkdocs.hooks.groundrules")


def navigation(course: Course) -> list[dict[str, str]]:
    """Return each page's address by its title, in the order of the steps."""
    return [
        {f"{path.name[:2]} {title_of(path)}": _address(path)} for path in notebooks_of(course.root)
    ]


def pages(course: Course) -> Iterator[tuple[str, str]]:
    """Yield the address and the Markdown of each page.

    A notebook that cannot be run is shown without what it prints, with a warning.
    """
    steps = {f"{step.number:02}": step for step in course.steps}
    for path in notebooks_of(course.root):
        try:
            content = page_of(course.root, path)
        except NotRun as error:
            _log.warning("%s", error)
            content = unrun(path)
        yield _address(path), _with_introduction(content, steps[path.name[:2]])


def with_pictures(text: str, course: Course) -> str:
    """Return a page with the first picture of an exploration for each `<!-- picture: name -->`.

    Where the notebook cannot be run, the mark goes; the text around it links the exploration.
    """

    def picture(mark: re.Match[str]) -> str:
        path = course.root / "notebooks" / f"{mark[1]}.ipynb"
        if not path.is_file():
            raise CourseError(f"A page shows a picture of {path.name}, which does not exist.")
        try:
            drawn = _FIGURE.search(page_of(course.root, path))
        except NotRun:
            return ""
        if drawn is None:
            raise CourseError(f"A page shows a picture of {path.name}, which draws none.")
        return drawn[0]

    return _PICTURE.sub(picture, text)


def _address(path: Path) -> str:
    return f"explorations/{path.stem}.md"


def _with_introduction(content: str, step: Step) -> str:
    heading, _, rest = content.partition("\n")
    number = f"{step.number:02}"
    return (
        f"# {number} {heading.removeprefix('# ')}\n\n"
        f"*This exploration continues [step {number} {step.title}](../steps/{step.name}.md). "
        "`python3 course.py notebooks` opens it on your machine, where you can change it. "
        f"This page shows the results of its last run; longer code is folded.*\n{rest}"
    )
