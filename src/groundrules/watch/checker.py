"""The process that has pytest and the course's plugin imported, and runs one check after another.

It reads orders from standard input, a line of JSON each, and forks for each of them, so that a check begins
without importing anything. Where the system cannot fork, pytest is started each time.
"""

import base64
import gc
import importlib
import json
import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

PYTEST = ("-q", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning")
IMPORTED = (
    "_pytest.assertion.rewrite",
    "anyio.pytest_plugin",
    "asyncpg",
    "groundrules.pytest_plugin",
    "groundrules.rules",
    "groundrules.testing.answers",
    "groundrules.testing.plugin",
    "groundrules.testing.isolation",
    "pytest",
)


def main() -> None:
    """Run the checks that are ordered, until standard input ends."""
    if hasattr(os, "fork"):
        _import()
    for line in sys.stdin:
        order = json.loads(line)
        run = _fork if hasattr(os, "fork") else _start
        status = run(order)
        _tell(number=order["number"], status=status)


def _import() -> None:
    """Import all that a check needs, and keep the garbage collector from writing to what forks share."""
    from _pytest.config import default_plugins

    from groundrules.rules.registry import all_rules

    for module in (*IMPORTED, *(f"_pytest.{plugin}" for plugin in default_plugins)):
        importlib.import_module(module)
    all_rules()
    gc.collect()
    gc.freeze()


def _fork(order: dict[str, Any]) -> int:
    pid = os.fork()
    if not pid:
        _check(order)
    _tell(number=order["number"], pid=pid)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _check(order: dict[str, Any]) -> None:
    """Run pytest in a fork, and end it."""
    status = 1
    try:
        os.setsid()  # Ctrl-C in the terminal is for the process that watches
        signal.signal(signal.SIGINT, signal.default_int_handler)
        nothing = os.open(os.devnull, os.O_RDONLY)
        printed = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        for descriptor, stands_for in ((nothing, 0), (printed, 1), (printed, 2)):
            os.dup2(descriptor, stands_for)
        import pytest

        status = int(pytest.main([*PYTEST, *order["arguments"]], plugins=_given(order)))
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


def _given(order: dict[str, Any]) -> list[object]:
    """Return the plugin that hands the databases that wait over to a check, if there are any."""
    if order["stock"] is None:
        return []
    import pytest

    from groundrules.testing.fixtures import STOCK
    from groundrules.testing.stock import Stock

    stock: Stock = pickle.loads(base64.b64decode(order["stock"]))

    class Given:
        @pytest.hookimpl(tryfirst=True)
        def pytest_configure(self, config: pytest.Config) -> None:
            config.stash[STOCK] = stock

    return [Given()]


def _start(order: dict[str, Any]) -> int:
    with Path(order["output"]).open("wb") as printed:
        process = subprocess.Popen(
            [sys.executable, "-I", "-m", "pytest", *PYTEST, *order["arguments"]],
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=printed,
        )
        _tell(number=order["number"], pid=process.pid)
        return process.wait()


def _tell(**told: int) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
