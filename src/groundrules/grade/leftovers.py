"""The temporary folders of a grading run, and those that a killed run left."""

import os
import re
import shutil
import signal
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from groundrules.grade.cgroups import groups

SHORT = 20  # the path of a socket has about 100 bytes
TEMPORARY = (
    "/tmp"
    if len(tempfile.gettempdir()) > SHORT and Path("/tmp").is_dir()
    else tempfile.gettempdir()
)
LEADER = "leader"  # the file that has the number of the process that runs in a folder
PATTERN = "groundrules-grade-*"
_NAME = re.compile(r"groundrules-grade-(?P<pid>\d+)-\w+")


def temporary_folder() -> Path:
    """Return a new folder, which the next run deletes if this one cannot."""
    return Path(tempfile.mkdtemp(prefix=f"groundrules-grade-{os.getpid()}-", dir=TEMPORARY))


def delete_leftovers() -> None:
    """End what killed runs have left running, and delete their folders."""
    if sys.platform == "win32":
        return  # where nobody can ask whether a process lives without ending it
    for folder in Path(TEMPORARY).glob(PATTERN):
        match = _NAME.fullmatch(folder.name)
        if match is None or folder.is_symlink() or not _is_own(folder) or _is_alive(match["pid"]):
            continue
        with suppress(OSError, ValueError):
            leader = int((folder / LEADER).read_text(encoding="ascii"))
            command = Path(f"/proc/{leader}/cmdline").read_bytes()
            if os.fsencode(folder) in command:
                os.killpg(leader, signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)
    for group in groups(PATTERN):
        match = _NAME.fullmatch(group.name)
        if match is not None and not _is_alive(match["pid"]):
            with suppress(OSError):
                group.rmdir()  # which only an empty one lets happen


def _is_own(folder: Path) -> bool:
    with suppress(OSError):
        return not hasattr(os, "geteuid") or folder.lstat().st_uid == os.geteuid()
    return False


def _is_alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True
