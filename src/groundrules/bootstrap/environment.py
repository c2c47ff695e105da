"""The environment `.venv`: whether it is as `uv.lock` says, and making it so.

A stamp in `.venv` tells what was installed, for which folder and which Python. If it fits, nothing
else is looked at, so a start costs a few milliseconds. It is written last: an environment without
a finished stamp is half made, and is made anew.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

UNFINISHED = "unfinished"


def scripts(root: Path) -> Path:
    """Return the folder of the environment's programs."""
    return root / ".venv" / ("Scripts" if os.name == "nt" else "bin")


def make_ready(root: Path, groups: frozenset[str]) -> None:
    """See to it that `.venv` holds the project and these dependency groups, as `uv.lock` says.

    What other groups an earlier call installed stays. Raises `Trouble` with a sentence for the user.
    """
    if _is_ready(root, groups):
        return
    (root / ".tools").mkdir(exist_ok=True)
    with _alone(root / ".tools" / "lock"):
        if not _is_ready(root, groups):
            _install(root, groups)


def _is_ready(root: Path, groups: frozenset[str]) -> bool:
    place, locked, installed = _stamp(root)
    return (
        place == _place(root)
        and groups <= installed
        and locked == _locked(root)
        and _is_whole(root)
    )


def _install(root: Path, groups: frozenset[str]) -> None:
    from groundrules.bootstrap.installer import Installer

    place, locked, installed = _stamp(root)
    groups |= installed
    installer = Installer(root)
    if place != _place(root) or locked == UNFINISHED or not _is_whole(root):
        installer.new_environment()
    _write_stamp(root, UNFINISHED, groups)
    installer.install(groups)
    _write_stamp(root, _locked(root), groups)


def _is_whole(root: Path) -> bool:
    """Tell whether the programs are there, and the Python they were made from still is."""
    suffix = ".exe" if os.name == "nt" else ""
    programs = [scripts(root) / (name + suffix) for name in ("python", "groundrules", "pytest")]
    try:
        settings = (root / ".venv" / "pyvenv.cfg").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    bases = [Path(line.partition("=")[2].strip()) for line in settings if line.startswith("home")]
    return bool(bases) and all(path.exists() for path in [*programs, *bases])


def _place(root: Path) -> str:
    return f"{root} with Python {sys.version_info.major}.{sys.version_info.minor}"


def _locked(root: Path) -> str:
    import hashlib

    digest = hashlib.sha256()
    for name in ("uv.lock", "pyproject.toml"):
        digest.update((root / name).read_bytes())
    return digest.hexdigest()


def _stamp(root: Path) -> tuple[str, str, frozenset[str]]:
    try:
        place, locked, groups = (
            (root / ".venv" / "groundrules.stamp").read_text("utf-8").split("\n")
        )
    except (OSError, ValueError):
        return "", "", frozenset()
    return place, locked, frozenset(groups.split())


def _write_stamp(root: Path, locked: str, groups: frozenset[str]) -> None:
    path = root / ".venv" / "groundrules.stamp"
    fresh = path.with_suffix(".new")
    fresh.write_text(f"{_place(root)}\n{locked}\n{' '.join(sorted(groups))}", encoding="utf-8")
    fresh.replace(path)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the lock `path`; it falls with the last process that has it, however that ends."""
    import time

    with path.open("a+b") as file:
        os.set_inheritable(file.fileno(), True)  # uv may outlive us, and still writes then
        told = False
        while not _take(file.fileno()):
            if not told:
                print(
                    ("Another command is creating the environment. Waiting for it."),
                    file=sys.stderr,
                )
            told = True
            time.sleep(0.1)
        yield


def _take(lock: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(lock, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True
