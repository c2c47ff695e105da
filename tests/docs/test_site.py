"""The site as files: every link leads somewhere, and nothing is fetched from elsewhere."""

import html
import os
import re
import signal
import socket
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin

import httpx2
import pytest

from groundrules.site.mermaid import NotFetched, fetched

ROOT = Path(__file__).resolve().parents[2]
BASE = "http://site/"
VERBATIM = ("code", "pre", "script", "style", "svg")
RAW = re.compile(
    "|".join(
        (
            r"--\s*8\s*<",  # a snippet
            r"^\s*(?:!!!|\?\?\?|:::|===)|\[!",  # a note, or a box
            r"```|~~~",
            r"\*\*\w[^*\n]*\*\*|(?<![\w*])\*\w[^*\n]*\w\*(?!\w)",  # emphasis
            r"\]\(",  # a link
            r"\{ ?[:#.]|\{\{",  # attributes, a placeholder
            r"<!--",
            r"^\s*\|.*\|\s*$",  # a row of a table
            r"^\s*\#{1,6}\s",  # a heading
        )
    ),
    re.MULTILINE,
)
MANGLED = re.compile(
    r"--\s*8\s*<\s*--|<!-- (?:generated|listing|picture):|^\s*hl_lines=", re.MULTILINE
)


class Html(HTMLParser):
    """What a page links to, what it loads, and what can be linked to in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.ids: set[str] = set()
        self.words: list[str] = []
        self._verbatim = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._verbatim += tag in VERBATIM
        given = dict(attrs)
        self.ids.add(given.get("id") or "")
        if tag == "a" and given.get("href"):
            self.links.append(given["href"] or "")
        elif tag == "link" and "stylesheet" in (given.get("rel") or ""):
            self.loaded.append(given.get("href") or "")
        elif tag in ("script", "img", "iframe", "source") and given.get("src"):
            self.loaded.append(given["src"] or "")

    def handle_endtag(self, tag: str) -> None:
        self._verbatim -= tag in VERBATIM

    def handle_data(self, data: str) -> None:
        if not self._verbatim:
            self.words.append(data)


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Html]:
    """The pages by their paths."""
    return {
        path.relative_to(site).as_posix().removesuffix("index.html"): Html(
            path.read_text(encoding="utf-8")
        )
        for path in site.rglob("*.html")
    }


@pytest.mark.slow
def test_every_link_and_anchor_leads_somewhere(pages: dict[str, Html], site: Path) -> None:
    dead = [
        f"{name}: {link}"
        for name, page in pages.items()
        for link in (*page.links, *page.loaded)
        if not leads_somewhere(urljoin(BASE + name, link), pages, site)
    ]

    assert dead == []


def leads_somewhere(url: str, pages: dict[str, Html], site: Path) -> bool:
    if not url.startswith(BASE):
        return True
    address, anchor = urldefrag(url)
    path = unquote(address.removeprefix(BASE))
    if path not in pages:
        return (site / path).is_file()
    return not anchor or unquote(anchor) in pages[path].ids


@pytest.mark.slow
def test_no_page_shows_raw_markup(pages: dict[str, Html]) -> None:
    shown = {
        name: found[0]
        for name, page in pages.items()
        if (found := RAW.findall("".join(page.words)))
    }

    assert shown == {}


@pytest.mark.slow
def test_no_listing_shows_the_mark_it_was_to_replace(site: Path) -> None:
    shown = {
        path.relative_to(site).as_posix(): found[0]
        for path in site.rglob("*.html")
        if "steps" not in path.name
        and (
            found := MANGLED.search(html.unescape(re.sub("<[^!>]*>", "", path.read_text("utf-8"))))
        )
    }

    assert shown == {}


@pytest.mark.parametrize(
    "raw",
    [
        '--8 < --"docs/examples/audit.py"',
        "!!! note",
        '??? question "A nudge"',
        "[here](there.md)",
        "**bold**",
        "a *word*",
        "> [!NOTE]",
        "| a | b |",
        "## Heading",
        "{ .md-button }",
        "```python",
        "<!-- listing: a b -->",
    ],
)
def test_raw_markup_is_recognized(raw: str) -> None:
    assert RAW.search(f"Before.\n{raw}\nAfter.")


@pytest.mark.slow
def test_nothing_is_loaded_from_elsewhere(pages: dict[str, Html]) -> None:
    outside = {
        loaded
        for page in pages.values()
        for loaded in page.loaded
        if "://" in loaded or loaded.startswith("//")
    }

    assert outside == set()


@pytest.mark.slow
def test_there_is_a_page_for_every_rule_and_every_step(pages: dict[str, Html]) -> None:
    assert len([name for name in pages if name.startswith("rules/GR")]) == 21
    assert len([name for name in pages if name.startswith("steps/0")]) == 8


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "groundrules", "docs", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_port_that_is_taken_is_one_sentence() -> None:
    pytest.importorskip("material", reason="`course.py docs` installs it")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("--port", str(port))

    assert done.returncode == 2
    assert done.stderr.startswith(f"Port {port} cannot be used (")
    assert "choose another, as in --port " in done.stderr


def test_packages_that_are_not_installed_are_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    from groundrules.course.steps import CourseError
    from groundrules.site import serve

    monkeypatch.setattr(serve, "find_spec", lambda name: None)

    with pytest.raises(CourseError, match=r"type `python3 course\.py docs`, which installs them"):
        serve.serve(8080)


def test_mermaid_that_cannot_be_fetched_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", "http://127.0.0.1:9")

    with pytest.raises(
        NotFetched, match=r"could not be downloaded \(.*refused.*\), so diagrams show as text"
    ):
        fetched(tmp_path)

    assert not (tmp_path / ".tools").exists()


def test_another_mermaid_than_the_one_that_is_meant_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "mermaid" / "-" / "mermaid-11.17.2.tgz"
    package.parent.mkdir(parents=True)
    package.write_bytes(b"something else")
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", tmp_path.as_uri())

    with pytest.raises(NotFetched, match=r"is not Mermaid 11\.17\.2 as it was released"):
        fetched(tmp_path)

    assert not (tmp_path / ".tools").exists()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is another thing on Windows")
def test_the_command_serves_the_site_until_it_is_stopped(site: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen(
        [sys.executable, "-m", "groundrules", "docs", "--port", str(port)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout
        told = [process.stdout.readline(), process.stdout.readline()]
        page = httpx2.get(f"http://127.0.0.1:{port}/rules/GR502/", trust_env=False)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal sends it
        _, trouble = process.communicate(timeout=30)

    assert told == [f"The documentation: http://127.0.0.1:{port}/\n", "Stop it with Ctrl-C.\n"]
    assert "GR502 status-codes" in page.text
    assert process.returncode == 0
    assert trouble == (
        "Building the pages. The first time, the notebooks run too, which takes a minute …\n"
    )
