"""What the processes of one run may take together, which no limit of a single process can hold."""

import os
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

INTERVAL = 0.2  # seconds
PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


@dataclass(frozen=True)
class Limits:
    """The most that a run may have at a time.

    :param memory: bytes of all its processes; what several share counts once.
    :param processes: how many there are.
    :param disk: bytes of its temporary files.
    """

    memory: int = 3 << 30
    processes: int = 150
    disk: int = 256 << 20

    @property
    def by_controller(self) -> dict[str, int]:
        """What a control group is to hold, a little above what the run is ended for."""
        return {"memory": self.memory * 5 // 4, "pids": self.processes * 5 // 4}


class Watch:
    """Looks at the processes that one process has started, and at its folder of temporary files.

    :ivar exceeded: what it has ended the run for, in one sentence; None if nothing.
    """

    def __init__(self, pid: int, temporary: Path, limits: Limits) -> None:
        self._pid = pid
        self._temporary = temporary
        self._limits = limits
        self._ticks = 0
        self.exceeded: str | None = None

    def wait(self, process: "subprocess.Popen[bytes]", until: float) -> bool:
        """Wait for a process; return whether it ended by itself, or for taking too much, in time."""
        while time.monotonic() < until:
            with suppress(subprocess.TimeoutExpired):
                process.wait(INTERVAL)
                return True
            self.exceeded = self._excess()
            if self.exceeded is not None:
                return True
        return False

    def _excess(self) -> str | None:
        self._ticks += 1
        found = _descendants(self._pid)
        if len(found) > self._limits.processes:
            return f"It started more than {self._limits.processes} processes."
        if self._is_too_much(found):
            return f"It used more than {self._limits.memory >> 30} GiB of memory."
        if self._ticks % 5 == 0 and _size(self._temporary, self._limits.disk) > self._limits.disk:
            return f"It wrote more than {self._limits.disk >> 20} MiB to temporary files."
        return None

    def _is_too_much(self, found: dict[int, int]) -> bool:
        # The sum counts what processes share as often as there are processes, but costs little to know.
        most = self._limits.memory
        return sum(found.values()) > most and sum(map(_own_memory, found)) > most


def _descendants(pid: int) -> dict[int, int]:
    """Return the numbers of a process and of all below it, with the bytes of memory that each has."""
    parents: dict[int, list[int]] = {}
    memory: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            fields = stat.read_bytes().rpartition(b")")[2].split()
            number = int(stat.parent.name)
            parents.setdefault(int(fields[1]), []).append(number)
            memory[number] = int(fields[21]) * PAGE
    found: dict[int, int] = {}
    waiting = [pid]
    while waiting:
        here = waiting.pop()
        found[here] = memory.get(here, 0)
        waiting += parents.get(here, [])
    return found


def _own_memory(pid: int) -> int:
    """Return a process's share of the memory that it uses, in bytes."""
    with suppress(OSError, ValueError, StopIteration):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return 0


def _size(folder: Path, enough: int) -> int:
    size = 0
    for root, _, files in os.walk(folder):
        for name in files:
            with suppress(OSError):
                size += Path(root, name).lstat().st_blocks * 512
        if size > enough:
            break
    return size
