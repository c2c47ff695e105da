"""Links between files of the repository, as links between pages of the site."""

import os.path
import re
from pathlib import PurePosixPath

_LINK = re.compile(r"(?<!!)\[([^\]\[]*)\]\(([^)\s]+)\)")
_FENCED = re.compile(r"^( *)(`{3,}|~{3,}).*?^\1\2[ ]*$", re.MULTILINE | re.DOTALL)


def source_of(page: str) -> str:
    """Return the file of the repository that a page is made from, both as paths with slashes."""
    lesson = re.fullmatch(r"steps/(\d\d-[\w-]+)\.md", page)
    return f"steps/{lesson[1]}/README.md" if lesson else f"docs/{page}"


def page_of(source: str) -> str | None:
    """Return the page that is made from a file of the repository; None if there is none."""
    lesson = re.fullmatch(r"steps/(\d\d-[\w-]+)(?:/README\.md)?/?", source)
    if lesson:
        return f"steps/{lesson[1]}.md"
    notebook = re.fullmatch(r"notebooks/([\w-]+)\.ipynb", source)
    if notebook:
        return f"explorations/{notebook[1]}.md"
    return source.removeprefix("docs/") if source.startswith("docs/") else None


def between_pages(text: str, page: str) -> str:
    """Return the text of a page with its links to files of the repository as links to pages.

    Links begin at the page's own file, or with a slash at the repository. A link to a file that has no
    page becomes its words alone. Listings are left as they are.
    """
    parts: list[str] = []
    at = 0
    for listing in _FENCED.finditer(text):
        parts += [_changed(text[at : listing.start()], page), listing[0]]
        at = listing.end()
    return "".join([*parts, _changed(text[at:], page)])


def _changed(prose: str, page: str) -> str:
    source = PurePosixPath(source_of(page))
    here = PurePosixPath(page).parent

    def changed(link: re.Match[str]) -> str:
        words, target = link[1], link[2]
        path, mark, anchor = target.partition("#")
        if not path or "://" in target or target.startswith("mailto:"):
            return link[0]
        whole = path.lstrip("/") if path.startswith("/") else source.parent / path
        found = page_of(os.path.normpath(whole).replace(os.sep, "/"))
        if found is None:
            return words
        return f"[{words}]({os.path.relpath(found, here).replace(os.sep, '/')}{mark}{anchor})"

    return _LINK.sub(changed, prose)
