"""What a worker prints: read as it comes, and only the beginning and the end of it kept."""

import os
import sys
import threading
from collections import deque
from select import select

from groundrules.worker.protocol import readable

KEPT = 4096  # bytes kept of the beginning, and again of the end
CAN_WAIT = sys.platform != "win32"  # where one can wait for a pipe without reading from it


class Output:
    """Everything that comes out of the descriptor `source`, or nothing if there is none."""

    def __init__(self, source: int | None = None) -> None:
        self._source = source
        self._first = bytearray()
        self._last: deque[int] = deque(maxlen=KEPT)
        self._left_out = 0
        self._lock = threading.Lock()
        if source is not None:
            threading.Thread(target=self._read, args=(source,), daemon=True).start()

    def take(self) -> str:
        """Return what was printed since this was last asked."""
        with self._lock:
            for _ in range(
                4
            ):  # more than a pipe holds; what prints without end must not hold us up
                if self._source is not None and _has_some(self._source):
                    self._keep(os.read(self._source, 1 << 20))
            first, last, left_out = bytes(self._first), bytes(self._last), self._left_out
            self._first.clear()
            self._last.clear()
            self._left_out = 0
        between = f"\n… {left_out:,} bytes left out …\n" if left_out else ""
        return _text(first) + between + _text(last)

    def _read(self, source: int) -> None:
        while self._source is not None:
            if CAN_WAIT:
                select([source], [], [])
                with self._lock:
                    if self._source is not None and _has_some(source):  # take() may be quicker
                        self._keep(os.read(source, 1 << 20))
            else:
                data = os.read(source, 1 << 20)
                with self._lock:
                    self._keep(data)
        os.close(source)

    def _keep(self, data: bytes) -> None:
        if not data:
            self._source = None
        room = KEPT - len(self._first)
        self._first += data[:room]
        rest = data[room:]
        self._left_out += max(0, len(self._last) + len(rest) - KEPT)
        self._last.extend(rest[-KEPT:])


def _text(data: bytes) -> str:
    return readable(data.decode(errors="replace"), KEPT)


def _has_some(source: int) -> bool:
    return CAN_WAIT and bool(select([source], [], [], 0)[0])
