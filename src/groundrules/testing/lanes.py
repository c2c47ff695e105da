"""Running the tests of a session beside each other, in forks of the process that has collected them.

A fork has everything imported and collected, so that it begins at once. Each takes the next test that nobody
has taken, and sends what became of it; the process that forked tells of them in the order of the tests.
"""

import os
import signal
import struct
import threading
import time
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe, wait
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

_NUMBER = struct.Struct("H")  # of a test; all of them fit into a pipe
MOST_TESTS = 30_000
THREADS_END = 2.0  # seconds that threads have for their end before a fork
SILENCE = (
    180.0  # seconds after which a fork is given up: whatever a test waits for has a shorter limit
)
TICK = 1.0  # seconds; a longer wait is one in which this process was suspended, and counts as one


@dataclass(frozen=True)
class Lanes:
    """What runs `number` tests at a time.

    :param enter: called in each fork with its number, before its first test.
    :param run: called in a fork with a test; returns what is to be sent of it.
    :param leave: called in each fork after its last test.
    :param silence: how many seconds a fork may take for one test, or to begin, before it is ended.
    """

    number: int
    enter: Callable[[int], None]
    run: "Callable[[pytest.Item], Any]"
    leave: Callable[[], None]
    silence: float = SILENCE

    def outcomes(
        self, items: "list[pytest.Item]", first: "Callable[[pytest.Item], bool]"
    ) -> "Generator[tuple[pytest.Item, Any]]":
        """Run tests, those that are to be begun `first` before the others.

        Yield each with what `run` returned, in the order of `items`. That is None where a fork was lost
        before it could tell, or hung. Closing the iterator ends all forks.
        """
        assert len(items) <= MOST_TESTS
        numbers = sorted(range(len(items)), key=lambda number: not first(items[number]))
        queue, tail = os.pipe()
        os.write(tail, b"".join(map(_NUMBER.pack, numbers)))
        os.close(tail)
        _let_threads_end()
        pids: list[int] = []
        ends: list[Connection] = []
        try:
            for lane in range(self.number):
                ours, theirs = Pipe(duplex=False)
                pids.append(self._fork(lane, items, queue, theirs, [ours, *ends]))
                theirs.close()
                ends.append(ours)
            yield from _in_order(items, _Forks(dict(zip(ends, pids, strict=True)), self.silence))
        finally:
            os.close(queue)
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            for pid in pids:
                os.waitpid(pid, 0)
            for end in ends:
                end.close()

    def _fork(
        self,
        lane: int,
        items: "list[pytest.Item]",
        queue: int,
        results: Connection,
        others: list[Connection],
    ) -> int:
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            pid = os.fork()
            if pid:
                return pid
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that forked
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        status = 1
        try:
            for end in others:
                end.close()
            self.enter(lane)
            while taken := os.read(queue, _NUMBER.size):
                [number] = _NUMBER.unpack(taken)
                results.send((number, False, None))
                results.send((number, True, self.run(items[number])))
            self.leave()
            status = 0
        finally:
            os._exit(status)  # what the process that forked has begun is for that one to end


class _Forks:
    """The forks that have not ended, by the ends of their pipes; one that hangs is ended."""

    def __init__(self, pids: dict[Connection, int], silence: float) -> None:
        self._pids = pids
        self._silence = silence
        self._silent = dict.fromkeys(pids, 0.0)

    def __bool__(self) -> bool:
        return bool(self._pids)

    def ready(self) -> list[Connection]:
        """Return those that have told something or have ended; none after a while in which nobody has."""
        began = time.monotonic()
        ready = [end for end in wait(list(self._pids), TICK) if isinstance(end, Connection)]
        waited = min(time.monotonic() - began, TICK)
        for end, pid in self._pids.items():
            self._silent[end] = 0.0 if end in ready else self._silent[end] + waited
            if self._silent[end] > self._silence:
                os.kill(pid, signal.SIGKILL)  # which closes its end of the pipe
        return ready

    def forget(self, end: Connection) -> None:
        """Wait no longer for one that has ended."""
        del self._pids[end]


def _in_order(items: "list[pytest.Item]", forks: _Forks) -> "Generator[tuple[pytest.Item, Any]]":
    """Yield tests with what was sent of them, as soon as all before them are known."""
    known: dict[int, Any] = {}
    under_way: dict[Connection, int] = {}
    for number, item in enumerate(items):
        while number not in known and forks:
            for end in forks.ready():
                try:
                    about, ended, outcome = end.recv()
                except (EOFError, OSError):
                    forks.forget(end)
                    if end in under_way:
                        known[under_way[end]] = None
                    continue
                if ended:
                    known[about] = outcome
                    under_way.pop(end, None)
                else:
                    under_way[end] = about
        yield item, known.pop(number, None)


def _let_threads_end() -> None:
    """Wait for threads that are at their end: only one that is alone may be forked."""
    until = time.monotonic() + THREADS_END
    while threading.active_count() > 1 and time.monotonic() < until:
        time.sleep(0.001)
