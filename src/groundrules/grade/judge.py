"""One run of the suites over one application, which ends in any case and leaves nothing behind."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from groundrules.course.steps import Course, Step
from groundrules.grade.cgroups import Group
from groundrules.grade.leftovers import LEADER, temporary_folder
from groundrules.grade.limits import Limits, Watch
from groundrules.terminal import harmless

OUTPUT_LIMIT = 4096  # bytes of what pytest prints that may be shown


@dataclass(frozen=True)
class Settings:
    """How each application is judged.

    :param sandbox: whether it runs in a sandbox.
    :param seed: where the values of the tests come from.
    :param lanes: how many tests run at a time.
    :param timeout: how many seconds a run may take.
    """

    course: Course
    steps: tuple[Step, ...]
    sandbox: bool
    seed: int
    lanes: int
    timeout: float
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    :param status: `ok`, `timed out`, `broken` or `trouble`.
    :param verdict: the report of the run; None unless the status is `ok`.
    :param why: what kept the run from a verdict, in one sentence.
    """

    status: str
    seconds: float
    verdict: dict[str, Any] | None = None
    why: str = ""


class Judge:
    """Runs suites; `stop` ends what runs."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def judge(self, application: Path, steps: tuple[Step, ...] | None = None) -> Outcome:
        """Judge the application in a folder by all steps, or by some."""
        began = time.monotonic()
        temporary = temporary_folder()
        try:
            return self._run(application, steps or self._settings.steps, temporary, began)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def stop(self) -> None:
        """End all runs, and begin no more."""
        with self._lock:
            self._stopped = True
            running = list(self._running)
        for process in running:
            _end(process)

    def _run(
        self, application: Path, steps: tuple[Step, ...], temporary: Path, began: float
    ) -> Outcome:
        report, output = temporary / "report.json", temporary / "output"
        group = Group(temporary.name, self._settings.limits.by_controller)
        with output.open("wb") as printed, self._lock:
            if self._stopped:
                return Outcome("trouble", 0.0, why="The run was stopped.")
            process = subprocess.Popen(
                self._command(application, steps, report),
                cwd=self._settings.course.root,
                env=_environment(temporary),
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self._running.add(process)
            group.add(process.pid)
            (temporary / LEADER).write_text(str(process.pid), encoding="ascii")
        watch = Watch(process.pid, temporary, self._settings.limits)
        try:
            ended = watch.wait(process, began + self._settings.timeout)
        finally:
            _end(process)
            with self._lock:
                self._running.discard(process)
            group.close()
        seconds = time.monotonic() - began
        if not ended:
            limit = f"{self._settings.timeout:g}"
            return Outcome("timed out", seconds, why=f"The run did not end within {limit} seconds.")
        return self._outcome(report, output, process.returncode, seconds, watch.exceeded)

    def _command(self, application: Path, steps: tuple[Step, ...], report: Path) -> list[str]:
        settings = self._settings
        return [
            *(sys.executable, "-I", "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *("-c", str(settings.course.root / "pyproject.toml")),
            *(str(step.folder) for step in steps),
            *(f"--app={application}", f"--groundrules-report={report}"),
            *(f"--groundrules-seed={settings.seed}", f"--groundrules-lanes={settings.lanes}"),
            *(["--groundrules-sandbox"] if settings.sandbox else ()),
        ]

    def _outcome(
        self, report: Path, output: Path, status: int, seconds: float, exceeded: str | None
    ) -> Outcome:
        try:
            verdict = json.loads(report.read_text(encoding="utf-8"))
            if verdict["complete"]:
                return Outcome("ok", seconds, verdict)
            why = str(verdict["why"])
        except (OSError, ValueError, KeyError, TypeError):
            why = "the run left no report"
        if exceeded is not None:
            return Outcome("broken", seconds, why=exceeded)
        if "code was changed" in why:
            return Outcome("broken", seconds, why="The code changes its own files while it runs.")
        last = _last_line(output)
        sentence = f"{why[:1].upper()}{why[1:].rstrip('.')}"
        told = f"{sentence} (exit status {status}: {last})." if status not in (0, 1, 6) else ""
        return Outcome("trouble", seconds, why=told or f"{sentence}.")


def _environment(temporary: Path) -> dict[str, str]:
    """Return what pytest needs: nothing by which it could be told to load something else."""
    left_out = ("PYTEST_", "PYTHON", "GROUNDRULES_WARM", "COV_", "COVERAGE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return {**kept, "TMPDIR": str(temporary), "COLUMNS": "100", "NO_COLOR": "1"}


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a run and everything that it has started."""
    with suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()


def _last_line(output: Path) -> str:
    with suppress(OSError):
        lines = output.read_bytes()[-OUTPUT_LIMIT:].decode(errors="replace").splitlines()
        told = [line.strip() for line in lines if line.strip()]
        return harmless(told[-1])[:200] if told else "it printed nothing"
    return "it printed nothing"
