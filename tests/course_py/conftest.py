"""Clones of the repository in temporary folders, where `course.py` runs as it does for a newcomer."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CLOSED = "http://127.0.0.1:9"  # nothing listens there
NO_NETWORK = {
    "ALL_PROXY": CLOSED,
    "HTTPS_PROXY": CLOSED,
    "HTTP_PROXY": CLOSED,
    "NO_PROXY": "",
    "UV_HTTP_RETRIES": "0",
}


@dataclass
class Clone:
    """One copy of the repository and the environment variables its commands get."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)
    python: str = sys.executable

    @property
    def venv(self) -> Path:
        return self.folder / ".venv"

    @property
    def stamp(self) -> Path:
        return self.venv / "groundrules.stamp"

    def command(self, *arguments: str) -> list[str]:
        return [self.python, str(self.folder / "course.py"), *arguments]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(
        self,
        *arguments: str,
        stdin: str = "",
        cwd: Path | None = None,
        environ: dict[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            cwd=cwd or self.folder,
            env={**self.environ, **(environ or {})},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )


def copy_of_repository(folder: Path) -> Clone:
    """Copy what a clone would hold, edits and new files included, into the folder."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    dropped = ("VIRTUAL_ENV", "PYTEST_ADDOPTS", "PYTEST_CURRENT_TEST", "NO_PROXY", "no_proxy")
    environ = {name: value for name, value in os.environ.items() if name not in dropped}
    environ["PATH"] = os.pathsep.join([*uv_of(ROOT), environ["PATH"]])
    return Clone(folder, environ)


def uv_of(folder: Path) -> list[str]:
    """Return the folder of the uv that `course.py` fetched there, if it had to."""
    return [
        str(program.parent)
        for program in folder.glob(".tools/uv-*/bin/uv*")
        if program.stem == "uv"
    ]


@pytest.fixture(scope="session")
def ready_clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """Return a clone whose environment is made; tests that use it leave it as it is."""
    made = copy_of_repository(tmp_path_factory.mktemp("ready") / "the trainee's clone")
    first = made.run("groundrules", "--help")
    assert first.returncode == 0, first.stderr
    return made


@pytest.fixture
def clone(tmp_path: Path, ready_clone: Clone) -> Clone:
    """Return a clone without an environment, on a machine that has uv."""
    made = copy_of_repository(tmp_path / "a fresh clone")
    made.environ["PATH"] = os.pathsep.join([*uv_of(ready_clone.folder), made.environ["PATH"]])
    return made
