"""Telling trouble of the machine from mistakes in the code: it is neither right nor wrong."""

import shutil
import tempfile
from pathlib import Path

from groundrules.testing.sites import Sites
from groundrules.worker.errors import Killed, MachineTrouble

EXIT_STATUS = 6  # of a run that the machine kept from a verdict; pytest's own end at 5
DISK_LEAST = 8 << 20  # bytes
MEMORY_LEAST = 64 << 20  # bytes


def trouble_behind(error: BaseException, sites: Sites | None) -> str | None:
    """Return in one sentence what is wrong with the machine, if that may be why a test failed."""
    if isinstance(error, MachineTrouble | Killed):
        return str(error)
    database = sites.trouble() if sites is not None else None
    if database is not None:
        return database
    if shutil.disk_usage(tempfile.gettempdir()).free < DISK_LEAST:
        return f"The disk of {tempfile.gettempdir()} is full."
    available = _memory_available()
    if available is not None and available < MEMORY_LEAST:
        return f"The machine has only {available >> 20} MiB of memory left."
    return None


def _memory_available() -> int | None:
    """Return how many bytes of memory can be had, where that can be known."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(
            int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable")
        )
    except (OSError, StopIteration, ValueError, IndexError):
        return None
