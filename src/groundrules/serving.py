"""What a served application writes, without the forty lines in which a server says that it cannot load it."""

import re
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO

_BEGINS = re.compile(r"Traceback \(most recent call last\):|Process \w+Process-\d+:")
_LOGGED = re.compile(r"(?:\x1b\[\d+m)?(?:DEBUG|INFO|WARNING|ERROR|CRITICAL)\b")
_FRAME = re.compile(r'^ +File "(.+?)", line (\d+)', re.MULTILINE)
_LOADING = re.compile(r"uvicorn.config\.py\", line \d+, in load")
_RAISED = re.compile(r"^(?:\w+\.)*(\w*(?:Error|Exception|Exit|Interrupt)\b.*)", re.MULTILINE)
COMPLETE_AFTER = 0.5  # seconds in which nothing follows a traceback


class Relay:
    """Passes on what a server writes, and says in one line why it cannot load the application.

    :param folder: that of the application.
    :param shown: returns a path as it is typed from here.
    :param then: what to do about it, in a few words.
    """

    def __init__(
        self, stream: IO[str], folder: Path, shown: Callable[[Path], str], then: str
    ) -> None:
        self._stream = stream
        self._folder = folder
        self._shown = shown
        self._then = then
        self._block: list[str] = []
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Wait until all is passed on that the server wrote; it has ended."""
        self._thread.join(5)

    def _read(self) -> None:
        for line in self._stream:
            with self._lock:
                self._take(line)
        with self._lock:
            self._flush()

    def _take(self, line: str) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._block and _LOGGED.match(line):
            self._flush()
        if self._block or _BEGINS.match(line):
            self._block.append(line)
            self._timer = threading.Timer(COMPLETE_AFTER, self._flush_late)
            self._timer.daemon = True
            self._timer.start()
        else:
            _write(line)

    def _flush_late(self) -> None:
        with self._lock:
            self._flush()

    def _flush(self) -> None:
        text, self._block = "".join(self._block), []
        if text:
            _write(self._in_short(text) if _LOADING.search(text) else text)

    def _in_short(self, text: str) -> str:
        """Return one line for a traceback, the whole of it if it has no line of the application."""
        raised = _RAISED.findall(text)
        frames = [
            (Path(file), line)
            for file, line in _FRAME.findall(text)
            if Path(file).is_relative_to(self._folder)
        ]
        if not raised or not frames:
            return text
        file, line = frames[-1]
        said = " ".join(text[text.rindex(raised[-1]) :].split()).rstrip(".")
        return f"{self._shown(file)}:{line}  {said}. {self._then}\n"


def _write(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
