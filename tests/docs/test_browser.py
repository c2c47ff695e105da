"""Every page in a real browser, in both colour schemes."""

import gzip
import json
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow

MOST_BYTES = 1_000_000
UNDRAWN = """() => [
    ...[...document.querySelectorAll('pre.diagram')].map(each => each.textContent.slice(0, 40)),
    ...[...document.querySelectorAll('.drawn')].filter(each => each.clientHeight < 40).map(() => 'empty'),
]"""
TOO_WIDE = """() => document.documentElement.scrollWidth > innerWidth
    ? [`${document.documentElement.scrollWidth} px`] : []"""
CUT = """() => [...document.querySelectorAll('pre > code')]
    .filter(each => each.scrollWidth > each.clientWidth)
    .map(each => each.textContent.split('\\n').sort((a, b) => b.length - a.length)[0])"""
READY = "() => document.readyState == 'complete' && !document.querySelector('pre.diagram')"


# Listings and tables have thousands of words in a dozen colours: one of each kind stays what it is.
ONE_OF_EACH = """() => {
    document.querySelectorAll('details').forEach(each => each.open = true);
    const seen = new Set();
    document.querySelectorAll('.highlight code span[class], td code').forEach(word => {
        const around = word.closest('[class*=language-]')?.className;
        const kind = [word.tagName, word.className, word.closest('.hll, a')?.tagName, around].join();
        if (seen.has(kind)) word.replaceWith(...word.childNodes); else seen.add(kind);
    });
}"""
# Between the schemes only colours differ.
RULES = {"light": {}, "dark": {"runOnly": ["color-contrast", "link-in-text-block"]}}


@dataclass
class Visit:
    """What one page did in one colour scheme."""

    page: str
    scheme: str
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    undrawn: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    too_wide: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.page} ({self.scheme})"


@pytest.fixture(scope="module")
def visits(site: Path, address: str, browser: Any) -> list[Visit]:
    """Open every page of the site once in each scheme."""
    pages = sorted(path.parent.relative_to(site).as_posix() for path in site.rglob("index.html"))
    # Spare each page the index of the search, which takes longest: test_use.py searches.
    index = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))
    empty = json.dumps({**index, "docs": []})
    made = []
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme)
        context.set_default_timeout(20_000)
        context.route("**/search_index.json", lambda route: route.fulfill(body=empty))
        made += [look(context.new_page(), address, Visit(name, scheme)) for name in pages]
        context.close()
    return made


def look(page: "Page", address: str, visit: Visit) -> Visit:
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import Error

    page.on("request", lambda request: visit.requests.append(request.url))
    page.on(
        "console", lambda said: visit.errors.append(said.text) if said.type == "error" else None
    )
    page.on("pageerror", lambda error: visit.errors.append(str(error)))
    page.goto(f"{address}{visit.page}/")
    with suppress(Error):  # what is not drawn by then is told
        page.wait_for_function(READY)
    visit.undrawn = page.evaluate(UNDRAWN)
    page.evaluate(ONE_OF_EACH)
    options = {"resultTypes": ["violations"], **RULES[visit.scheme]}
    found = Axe().run(page, options=options)
    visit.violations = [
        f"{each['id']}: {each['nodes'][0]['html'][:200]} (and {len(each['nodes']) - 1} more)"
        for each in found.response["violations"]
    ]
    if visit.scheme == "light":
        visit.cut = page.evaluate(CUT)  # all is open by now, and the window 1280 px wide
        page.set_viewport_size({"width": 360, "height": 640})
        visit.too_wide = page.evaluate(TOO_WIDE)
    page.close()
    return visit


def told(visits: list[Visit], name: str) -> dict[str, list[str]]:
    return {str(visit): getattr(visit, name) for visit in visits if getattr(visit, name)}


def test_no_request_leaves_the_machine(visits: list[Visit], address: str) -> None:
    outside = {url for visit in visits for url in visit.requests if not url.startswith(address)}

    assert {url for url in outside if not url.startswith(("data:", "blob:"))} == set()


def test_no_page_has_an_error(visits: list[Visit]) -> None:
    assert told(visits, "errors") == {}


def test_every_diagram_is_drawn(visits: list[Visit]) -> None:
    assert told(visits, "undrawn") == {}


def test_axe_finds_nothing(visits: list[Visit]) -> None:
    assert told(visits, "violations") == {}


def test_no_line_of_code_is_wider_than_its_column(visits: list[Visit]) -> None:
    assert told(visits, "cut") == {}


def test_every_page_fits_on_a_telephone(visits: list[Visit]) -> None:
    assert told(visits, "too_wide") == {}


def test_no_page_weighs_more_than_a_megabyte(visits: list[Visit], site: Path, address: str) -> None:
    """With all that it loads, as a server sends it: compressed."""
    heavy = {}
    for visit in visits:
        paths = {url.removeprefix(address).partition("?")[0] for url in visit.requests}
        files = [
            site / path / "index.html" if path.endswith("/") else site / path for path in paths
        ]
        weight = sum(len(gzip.compress(file.read_bytes(), 6)) for file in files if file.is_file())
        if weight > MOST_BYTES or (site / visit.page / "index.html").stat().st_size > MOST_BYTES:
            heavy[str(visit)] = weight

    assert heavy == {}
