"""Ordering checks of a task or a step from a process that waits for them."""

import base64
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from groundrules.testing.trouble import EXIT_STATUS
from groundrules.watch.databases import Waiting
from groundrules.worker.launcher import ALL
from groundrules.worker.warm import SharedServer, file_of, key, others_server

STOPS_WITHIN = 2.0  # seconds that a check that is no longer wanted has to end cleanly
CHANGED = "the code was changed during the run"


@dataclass(frozen=True)
class Checked:
    """How a check ended.

    :param report: what `--groundrules-report` wrote; None if there is none.
    :param trouble: why there is no verdict, in a sentence, if so.
    """

    number: int
    report: dict[str, Any] | None
    trouble: str | None


class Checks:
    """Runs one check at a time; a new one ends the one before.

    :param post: is given each `Checked`, in a thread of its own; not those that were given up.
    """

    def __init__(self, root: Path, post: Callable[[Checked], None]) -> None:
        self._root = root
        self._post = post
        self._folder = Path(tempfile.mkdtemp(prefix="groundrules-watch-"))
        self._number = 0
        self._pids: dict[int, int] = {}
        self._lock = threading.Lock()
        self._server: SharedServer | None = None
        self._process: subprocess.Popen[str] | None = None
        self._key = ""
        self._waiting: Waiting | None = None
        self._begin()

    def order(self, named: str) -> int:
        """Begin to check a step or a task, as in `05` or `05.3`; return the number of the check."""
        self.give_up()
        if self._key != _loaded() or self._process is None or self._process.poll() is not None:
            self._end()
            self._begin()
        self._number += 1
        stock = self._waiting.take(self._file("stock", self._number)) if self._waiting else None
        order = {
            "number": self._number,
            "stock": base64.b64encode(pickle.dumps(stock)).decode() if stock is not None else None,
            "output": str(self._file("txt", self._number)),
            "arguments": [
                *("-c", str(self._root / "pyproject.toml"), f"steps/{named}"),
                f"--groundrules-report={self._file('json', self._number)}",
            ],
        }
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._number

    def give_up(self) -> None:
        """End the check that is under way, if there is one; nothing is told of it."""
        with self._lock:
            number, self._number = self._number, self._number + 1
            pid = self._pids.get(number)
        if pid is not None:
            _interrupt(pid)
            late = threading.Timer(STOPS_WITHIN, self._kill, [number])
            late.daemon = True
            late.start()

    def close(self) -> None:
        """End everything that was started."""
        self.give_up()
        self._end()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _begin(self) -> None:
        self._key = _loaded()
        if hasattr(os, "fork") and others_server(file_of(self._root), ALL) is None:
            self._server = SharedServer(ALL, file_of(self._root))
        if hasattr(os, "fork"):
            self._waiting = Waiting(self._root)
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-m", "groundrules.watch.checker"],
            cwd=self._root,
            env={name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        threading.Thread(target=self._listen, args=[self._process], daemon=True).start()

    def _end(self) -> None:
        if self._process is not None:
            assert self._process.stdin is not None
            with suppress(OSError):
                self._process.stdin.close()
            try:
                self._process.wait(STOPS_WITHIN + 1)
            except subprocess.TimeoutExpired:
                for number in list(self._pids):
                    self._kill(number)
                self._process.kill()
                self._process.wait()
            self._process = None
        if self._server is not None:
            self._server.close()
            self._server = None
        if self._waiting is not None:
            self._waiting.close()
            self._waiting = None

    def _listen(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        with process.stdout as told:
            for line in told:
                self._hear(json.loads(line))

    def _hear(self, told: dict[str, int]) -> None:
        number = told["number"]
        with self._lock:
            wanted = number == self._number
            if "pid" in told:
                self._pids[number] = told["pid"]
            else:
                self._pids.pop(number, None)
        if "status" in told and self._waiting is not None:
            self._waiting.give_back(self._file("stock", number))
        if "pid" in told and not wanted:
            _interrupt(told["pid"])
        elif "status" in told and wanted:
            self._post(self._found(number, told["status"]))

    def _found(self, number: int, status: int) -> Checked:
        try:
            report = json.loads(self._file("json", number).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            report = None
        if report is not None and report["tests"] and status != EXIT_STATUS:
            return Checked(number, report, None)
        if report is not None and report["why"] == CHANGED:
            return Checked(number, None, "The code was changed during the check.")
        if report is not None and status == EXIT_STATUS:
            why = report["why"]
            return Checked(number, None, f"{why[:1].upper()}{why[1:]}")
        return Checked(number, None, f"The check failed: {self._last_line(number)}")

    def _last_line(self, number: int) -> str:
        with suppress(OSError):
            text = self._file("txt", number).read_text(encoding="utf-8", errors="replace")
            lines = [line.strip() for line in text.splitlines() if line.strip()]
            if lines:
                return lines[-1].removeprefix("ERROR: ")
        return "it printed nothing"

    def _file(self, suffix: str, number: int) -> Path:
        return self._folder / f"{number % 4}.{suffix}"

    def _kill(self, number: int) -> None:
        with self._lock:
            pid = self._pids.get(number)
        if pid is not None:
            with suppress(OSError):
                os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))


def _interrupt(pid: int) -> None:
    with suppress(OSError):
        os.kill(pid, signal.SIGINT if hasattr(os, "fork") else signal.SIGTERM)


def _loaded() -> str:
    """Return what differs as soon as something that a waiting process has imported is another one."""
    tool = Path(__file__).parents[1]
    newest = max(path.stat().st_mtime_ns for path in tool.rglob("*.py"))
    return f"{key()} {newest}"
