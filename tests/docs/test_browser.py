"""Every page in a real browser, in both colour schemes."""

import gzip
import json
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.docs.conftest import served

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
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}
AXE = (
    "options => axe.run({resultTypes: ['violations'], ...options}).then(found => found.violations)"
)
SCHEME = "() => document.body.dataset.mdColorScheme == 'slate' ? 'dark' : 'light'"
SWITCH = "[data-md-component=palette] label:visible"
OTHER = {"light": "dark", "dark": "light"}


@dataclass
class Visit:
    """What one page did, loaded in one colour scheme and then switched to the other."""

    page: str
    scheme: str
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    undrawn: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    too_wide: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.page} (first {self.scheme})"


@pytest.fixture(scope="module")
def address_without_search(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the site is served with an empty index, which takes longest: test_use.py searches."""
    copy = tmp_path_factory.mktemp("without search") / "site"
    shutil.copytree(site, copy)
    index = copy / "search" / "search_index.json"
    index.write_text(json.dumps(json.loads(index.read_text("utf-8")) | {"docs": []}))
    with served(copy) as url:
        yield url


@pytest.fixture(scope="module")
def visits(site: Path, address_without_search: str, browser: Any) -> list[Visit]:
    """Open every page of the site, every second one by somebody who prefers it dark."""
    pages = sorted(path.parent.relative_to(site).as_posix() for path in site.rglob("index.html"))
    made = []
    for scheme, names in (("light", pages[::2]), ("dark", pages[1::2])):
        context = browser.new_context(color_scheme=scheme)
        context.add_init_script(
            "localStorage.clear()"
        )  # the scheme of the page before is remembered there
        context.set_default_timeout(20_000)
        page = context.new_page()
        made += [look(page, address_without_search, Visit(name, scheme)) for name in names]
        context.close()
    return made


def look(page: "Page", address: str, visit: Visit) -> Visit:
    from axe_playwright_python.base import AXE_SCRIPT
    from playwright.sync_api import Error

    listeners = {
        "request": lambda request: visit.requests.append(request.url),
        "console": lambda said: visit.errors.extend([said.text] if said.type == "error" else []),
        "pageerror": lambda error: visit.errors.append(str(error)),
    }
    for event, listener in listeners.items():
        page.on(event, listener)  # type: ignore[call-overload]
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(f"{address}{visit.page}/")
    with suppress(Error):  # what is not drawn by then is told
        page.wait_for_function(READY)
    visit.undrawn = page.evaluate(UNDRAWN)
    assert page.evaluate(SCHEME) == visit.scheme
    page.evaluate(ONE_OF_EACH)
    page.evaluate(AXE_SCRIPT)
    found = page.evaluate(AXE, {})
    visit.cut = page.evaluate(CUT)  # all is open by now
    page.locator(SWITCH).click()
    page.wait_for_function(f"other => ({SCHEME})() == other", arg=OTHER[visit.scheme])
    found += page.evaluate(AXE, COLOURS)
    visit.undrawn += page.evaluate(UNDRAWN)
    visit.violations = [
        f"{each['id']}: {each['nodes'][0]['html'][:200]} (and {len(each['nodes']) - 1} more)"
        for each in found
    ]
    page.set_viewport_size({"width": 360, "height": 640})
    visit.too_wide = page.evaluate(TOO_WIDE)
    for event, listener in listeners.items():
        page.remove_listener(event, listener)
    return visit


def told(visits: list[Visit], name: str) -> dict[str, list[str]]:
    return {str(visit): getattr(visit, name) for visit in visits if getattr(visit, name)}


def test_no_request_leaves_the_machine(visits: list[Visit], address_without_search: str) -> None:
    requests = {url for visit in visits for url in visit.requests}
    outside = {url for url in requests if not url.startswith(address_without_search)}

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


@cache
def weight_of(file: Path) -> int:
    return len(gzip.compress(file.read_bytes(), 6))


def test_no_page_weighs_more_than_a_megabyte(
    visits: list[Visit], site: Path, address_without_search: str
) -> None:
    """With all that it loads, as a server sends it: compressed."""
    heavy = {}
    for visit in visits:
        paths = {
            url.removeprefix(address_without_search).partition("?")[0] for url in visit.requests
        }
        files = [
            site / path / "index.html" if path.endswith("/") else site / path for path in paths
        ]
        weight = sum(weight_of(file) for file in files if file.is_file())
        if weight > MOST_BYTES or (site / visit.page / "index.html").stat().st_size > MOST_BYTES:
            heavy[str(visit)] = weight

    assert heavy == {}
