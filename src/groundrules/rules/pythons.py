"""The Python that a project is written for, and one on this machine that can read it.

What few checks need is imported where it is needed: a check must start at once.
"""

import errno
import os
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from groundrules.rules.source.pyproject import declared_python, pyprojects

if TYPE_CHECKING:
    import subprocess

_BOUND = re.compile(r"(?:^|[,\s])\s*(?:>=|~=|\^|~|={2,3}|>)?\s*v?3\.(\d{1,3})")
_NEWER = 8  # minor releases above the wanted one that are looked for
_ATTEMPTS, _PAUSE = 5, 0.2  # of a start that a busy machine refuses, and seconds between them
_PASSING = frozenset({errno.EAGAIN, errno.ENOMEM, errno.ETXTBSY})
_PLACE = "import sys; sys.path[:0], sys.path[len(sys.path):] = [{root!r}], [{packages!r}]; "
_RUN = "from groundrules.cli import main; main()"
_PROBE = "import groundrules.rules.command; sys.exit(sys.version_info < (3, {minor}))"


def wanted_minor(folder: Path) -> int | None:
    """Return N of the oldest Python 3.N that the nearest project file lets in; None if it names none."""
    for pyproject in pyprojects(folder):
        declared = declared_python(pyproject)
        if declared is not None:
            text = declared.text if isinstance(declared.text, str) else ""
            parts = [re.findall(_BOUND, each) for each in re.split(r"\|\|?", text)]
            return min((max(map(int, each)) for each in parts if each), default=None)
    return None


def is_too_old(minor: int | None) -> bool:
    """Whether the Python that runs is older than 3.`minor`."""
    return minor is not None and sys.version_info < (3, minor)


def read_by(minor: int, args: Sequence[str]) -> int | None:
    """Run `groundrules` with a Python of this machine that is 3.`minor` or newer, and return its exit status.

    None if there is no such Python, or it cannot run it.
    """
    from importlib.util import find_spec

    packaging = find_spec("packaging")
    packages = Path(packaging.origin).parents[1] if packaging and packaging.origin else ""
    place = _PLACE.format(root=str(Path(__file__).parents[2]), packages=str(packages))
    for python in _pythons(minor):
        command = [*python, "-I", "-S", "-c"]
        probe = _run([*command, place + _PROBE.format(minor=minor)], quiet=True)
        if probe is not None and probe.returncode == 0:
            sys.stdout.flush()
            done = _run([*command, place + _RUN, *args])
            if done is not None:
                return done.returncode
    return None


def _run(command: list[str], *, quiet: bool = False) -> "subprocess.CompletedProcess[str] | None":
    """Run a Python, or what may find one, to its end; None if it cannot be started, or was killed.

    A shim that stands for no Python fails by itself and is passed over without a word. Trouble of the machine
    is not: without a word, fewer findings would look like better code.
    """
    import subprocess

    for attempt in range(_ATTEMPTS):
        try:
            done = subprocess.run(command, capture_output=quiet, text=True, check=False)
        except OSError as error:
            if error.errno in _PASSING and attempt + 1 < _ATTEMPTS:
                time.sleep(_PAUSE)
                continue
            trouble = error.strerror or str(error)
        else:
            if done.returncode >= 0:
                return done
            trouble = f"signal {-done.returncode} ended it"
        print(f"{command[0]} was not used: {trouble}.", file=sys.stderr)
        return None
    return None


def command_for(minor: int, path: str) -> str:
    """Return the command that checks a folder with Python 3.`minor`, which uv fetches if it must."""
    return f"uvx --python 3.{minor} --from {_source()} groundrules check {path}"


def _source() -> str:
    """Return where this tool was installed from, for uv: it is on no index."""
    import json
    from importlib.metadata import PackageNotFoundError, distribution

    root = Path(__file__).parents[3]
    if (root / "pyproject.toml").is_file():
        return os.path.relpath(root)
    try:
        told = json.loads(distribution("groundrules").read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        told = {}
    return str(told.get("url", "CLONE")).removeprefix("file://")


def _pythons(minor: int) -> list[list[str]]:
    """Return the commands of Pythons that are new enough, those that are found at once first."""
    import shutil

    found = [
        [path]
        for each in range(minor, minor + _NEWER)
        if (path := shutil.which(f"python3.{each}")) is not None
    ]
    if not found and shutil.which("uv"):
        wanted = ["uv", "python", "find", "--no-project", "--no-python-downloads", f">=3.{minor}"]
        done = _run(wanted, quiet=True)
        if done is not None and done.returncode == 0:
            found += [[line] for line in done.stdout.splitlines()[:1]]
    if not found and sys.platform == "win32" and shutil.which("py"):
        found += [["py", f"-3.{each}"] for each in range(minor, minor + _NEWER)]
    return found
