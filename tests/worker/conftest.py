"""Small applications in folders of their own, run by real workers."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from textwrap import dedent

import pytest

from groundrules.testing.app import App
from groundrules.testing.database import Database
from groundrules.testing.runner import Patience, Runner
from groundrules.testing.sites import Site, Sites, Tables
from groundrules.worker.client import REQUEST_LIMIT, START_LIMIT
from groundrules.worker.launcher import BASE, DATABASE, ExecLauncher, ForkLauncher, Launcher
from tests.worker.shelf import FILES, MODULES

FINE = """
from fastapi import FastAPI

app = FastAPI()


@app.get("/fine")
async def fine() -> str:
    return "fine"
"""

ROOT = Path(__file__).parents[2]
Start = Callable[..., App]
only_forks = pytest.mark.parametrize("launcher", ["fork"], indirect=True)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def forks() -> Iterator[ForkLauncher]:
    """The launcher of systems that can fork."""
    launcher = ForkLauncher((*BASE, *DATABASE))
    yield launcher
    launcher.close()


@pytest.fixture(scope="session")
def processes() -> Iterator[ExecLauncher]:
    """The launcher of systems that cannot fork."""
    launcher = ExecLauncher((*BASE, *DATABASE))
    yield launcher
    launcher.close()


@pytest.fixture(params=["fork", pytest.param("process", marks=pytest.mark.slow)])
def launcher(
    request: pytest.FixtureRequest, forks: ForkLauncher, processes: ExecLauncher
) -> Launcher:
    """The launcher that `start` uses: both kinds, one after the other."""
    return forks if request.param == "fork" else processes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder that holds the application."""
    return tmp_path


@pytest.fixture
async def start(folder: Path, launcher: Launcher, sockets: Path) -> AsyncIterator[Start]:
    """Return what writes `app/main.py`, with a route `/fine`, and further modules, and runs it.

    Its start may take `starts_within` seconds, and an answer `limit`.
    """
    stack = AsyncExitStack()

    def begin(
        main: str,
        *,
        starts_within: float = START_LIMIT,
        limit: float = REQUEST_LIMIT,
        **modules: str,
    ) -> App:
        write(folder, main=FINE + dedent(main), **modules)
        patience = Patience(start=starts_within, limit=limit)
        runner = Runner(launcher, folder, sockets, {"WISH": "granted"}, patience)
        app = App(runner)
        stack.callback(runner.stop)
        stack.push_async_callback(app.close)
        return app

    yield begin
    await stack.aclose()


def write_shelf(folder: Path) -> None:
    """Write the shelf's application."""
    write(folder, main=FINE, **MODULES)
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="session")
def sockets() -> Iterator[Path]:
    """A folder with a short path."""
    folder = Path(tempfile.mkdtemp(prefix="groundrules-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def sites(
    forks: ForkLauncher, sockets: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sites]:
    """The sites of a run that checks the shelf, on the server of this clone."""
    folder = tmp_path_factory.mktemp("shelf")
    write_shelf(folder)
    sites = Sites(forks, ROOT, folder, sockets, Patience())
    yield sites
    sites.close()


@pytest.fixture
async def site(sites: Sites) -> AsyncIterator[Site]:
    """The shelf, served with the tables of its models, which are empty."""
    site = await asyncio.wrap_future(sites.begin(Tables.MODELS))
    await site.clear()
    yield site
    await site.runner.end()


@pytest.fixture
async def shelf(site: Site) -> AsyncIterator[App]:
    """The shelf as a test sees it."""
    app = App(site.runner)
    yield app
    await app.close()


@pytest.fixture
def database(site: Site) -> Database:
    """The shelf's database."""
    assert site.database is not None
    return site.database


def write(folder: Path, **modules: str) -> None:
    """Write modules of the package `app`; `a__b` is `app/a/b.py`."""
    for name, source in modules.items():
        path = folder.joinpath("app", *name.split("__")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(source), encoding="utf-8")
        for parent in path.relative_to(folder).parents[:-1]:
            (folder / parent / "__init__.py").touch()


def spot(error: Exception) -> str:
    """Return the innermost line of the trainee's that an error tells, as `file: source`."""
    frame = error.frames[-1]  # type: ignore[attr-defined]
    return f"{frame.file}: {frame.source}"


async def must_be_fine(app: App) -> None:
    """A worker, in place of the lost one, answers."""
    response = await app.get("/fine")
    assert response.json() == "fine"
