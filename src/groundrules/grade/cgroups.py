"""Control groups of Linux, which hold what a run takes together, where this user may make some.

Each group is made beside this process's own, or below it, so that whatever limits this process limits it too.
"""

import os
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

PATIENCE = 5.0  # seconds
ROOT = Path("/sys/fs/cgroup")
FILES = {  # of each controller: the file of the limit, by the version of the hierarchy
    "memory": ("memory.limit_in_bytes", "memory.max"),
    "pids": ("pids.max", "pids.max"),
}


class Group:
    """A control group of one run; without the right to make one, it does nothing.

    :param name: of the group.
    :param limits: the most that its processes may have, by controller.
    """

    def __init__(self, name: str, limits: dict[str, int]) -> None:
        self._folders: set[Path] = set()
        for controller, parent, version in _parents(limits):
            folder, file = parent / name, FILES[controller][version - 1]
            try:
                folder.mkdir(exist_ok=True)
                self._folders.add(folder)
                (folder / file).write_text(str(limits[controller]), encoding="ascii")
            except OSError:
                continue

    def add(self, pid: int) -> None:
        """Put a process into it, and with it all that the process will start."""
        for folder in self._folders:
            with suppress(OSError):
                (folder / "cgroup.procs").write_text(str(pid), encoding="ascii")

    def close(self) -> None:
        """Remove it, once its processes, which have been killed, are gone."""
        until = time.monotonic() + PATIENCE
        while self._folders and time.monotonic() < until:
            for folder in [*self._folders]:
                with suppress(OSError):
                    folder.rmdir()
                    self._folders.remove(folder)
            if self._folders:
                time.sleep(0.05)


def groups(pattern: str) -> list[Path]:
    """Return the folders of all groups that this process may have made, by their names."""
    parents = {parent for _, parent, _ in _parents(FILES)}
    return [folder for parent in parents for folder in parent.glob(pattern)]


def _parents(wanted: Collection[str]) -> list[tuple[str, Path, int]]:
    """Return where a group can be made for each controller, and the version of its hierarchy."""
    found = []
    with suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines():
            number, controllers, own = line.split(":", 2)
            inside = own.lstrip("/")
            if number == "0" and (ROOT / "cgroup.controllers").exists():
                parent = (
                    (ROOT / inside).parent if inside else ROOT
                )  # none of its own may have processes
                found += [(each, parent, 2) for each in wanted]
            for each in controllers.split(",") if os.geteuid() == 0 else ():
                if each in wanted:
                    found.append((each, ROOT / each / inside, 1))
    return [each for each in found if os.access(each[1], os.W_OK)]
