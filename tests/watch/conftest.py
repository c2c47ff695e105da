"""A copy of the course, and `groundrules watch` in a real terminal on it."""

import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from groundrules import postgres
from groundrules.course.states import write_state
from groundrules.course.steps import Course

ROOT = Path(__file__).resolve().parents[2]
WATCH = [sys.executable, "-m", "groundrules", "watch"]
PATIENCE = 60.0  # seconds: the machine may be busy


class Terminal:
    """A pseudo-terminal in which a session runs."""

    def __init__(self, root: Path, *options: str, columns: int = 80, lines: int = 24) -> None:
        self._master, slave = pty.openpty()
        self._written = ""
        self.resize(columns, lines)
        self.before = termios.tcgetattr(slave)
        self._slave = slave
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in ("COLUMNS", "LINES", "GROUNDRULES_WARM")
        }
        self.process = subprocess.Popen(
            [*WATCH, *options],
            cwd=root,
            env={**environment, "TERM": "xterm"},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )

    def resize(self, columns: int, lines: int) -> None:
        self.columns, self.lines = columns, lines
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    @property
    def written(self) -> str:
        """All that was written until now."""
        while select.select([self._master], [], [], 0.02)[0]:
            try:
                self._written += os.read(self._master, 65536).decode(errors="replace")
            except OSError:
                break
        return self._written

    @property
    def screen(self) -> list[str]:
        """The lines of the newest frame, without colors."""
        frame = self.written.rpartition("\x1b[H")[2].split("\x1b[?25h")[0]
        return re.sub(r"\x1b\[[\d;]*[mK]", "", frame).splitlines() or [""]

    @property
    def text(self) -> str:
        return "\n".join(self.screen)

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def wait_for(self, is_there: Callable[[], object], what: str) -> None:
        until = time.monotonic() + PATIENCE
        while not is_there():
            assert time.monotonic() < until, f"{what} did not come:\n{self.text}"
            assert self.process.poll() is None, self.written

    def wait_for_text(self, *words: str) -> None:
        self.wait_for(lambda: all(word in self.text for word in words), " ".join(words))

    def settings(self) -> list[object]:
        return termios.tcgetattr(self._slave)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(20)
        os.close(self._master)
        os.close(self._slave)


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    """A copy of the course, its exercises at the beginning of step 01."""
    root = tmp_path / "my course"
    for name in ("steps", "solution"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(ROOT / "pyproject.toml", root)
    write_state(Course(root), 0, root / "exercises")
    monkeypatch.setenv("GROUNDRULES_DATABASE_URL", postgres.ensure(ROOT).dsn_for("postgres"))
    return Course(root)


@pytest.fixture
def open_terminal(course: Course) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def start(*options: str, columns: int = 80, lines: int = 24) -> Terminal:
        opened.append(Terminal(course.root, *options, columns=columns, lines=lines))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.end()
