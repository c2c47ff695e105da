"""The site, built once for all its tests with the network cut."""

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from groundrules.notebooks.execution import notebooks_of
from groundrules.notebooks.pages import NotRun, page_of
from groundrules.site import mermaid
from groundrules.site.serve import build
from tests.notebooks.running import executed

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parents[2]


NOWHERE = "http://127.0.0.1:9"


def without_network() -> list[str]:
    """Return what runs a command without the network; nothing where this machine cannot."""
    for command in (["unshare", "--net"], ["unshare", "--net", "--map-root-user"]):
        if (
            shutil.which("unshare")
            and not subprocess.run([*command, "true"], check=False).returncode
        ):
            return command
    return []


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the site."""
    pytest.importorskip("material", reason="`course.py test --all` installs what builds the site")
    mermaid.fetched(ROOT)  # once; what follows needs nothing from elsewhere
    for notebook in notebooks_of(ROOT):  # now: they serve on this machine, which the cut forbids
        for _ in range(3):  # other tests may take all of the machine for a while
            with suppress(NotRun):  # the build tells
                page_of(ROOT, notebook, lambda path, _: executed(path)[0])
                break
    target = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            patch.setenv(name, NOWHERE)  # for the machines that cannot cut it
        done = build(ROOT, target, *without_network())
    told = [line for line in done.stderr.splitlines() if not line.startswith("INFO")]
    assert (done.returncode, told) == (0, [])
    return target


BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
QUIET = (  # a browser that asks for nothing by itself
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-gpu",
    *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
)


@pytest.fixture(scope="module")  # no longer: its driver holds the event loop of all tests
def browser() -> "Iterator[Browser]":
    """The machine's Chromium, without a window."""
    api = pytest.importorskip("playwright.sync_api", reason="`course.py test --all` installs it")
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        assert "CI" not in os.environ, "there is no Chromium here: .ci/run installs it"
        pytest.skip("There is no Chromium on this machine.")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(QUIET))
        yield browser
        browser.close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder; give its address, with a slash at the end."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """Where the site is served, with a slash at the end."""
    with served(site) as url:
        yield url
