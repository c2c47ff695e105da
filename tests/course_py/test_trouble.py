"""Whatever stops the installation ends in one sentence that says what to do; then it works again."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.course_py.conftest import NO_NETWORK, Clone, copy_of_repository


def last_line(told: subprocess.CompletedProcess[str]) -> str:
    assert told.returncode == 1, told.stderr
    assert "Traceback" not in told.stderr
    return told.stderr.splitlines()[-1]


def has_pip() -> bool:
    """Whether the Python that the course is set up with has pip: Debian's has it in another package."""
    python = getattr(sys, "_base_executable", sys.executable)
    asked = [python, "-m", "pip", "--version"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not has_pip(), reason="this Python has no pip to fetch uv with")
def test_no_network_to_fetch_uv(clone: Clone) -> None:
    told = clone.run("start", environ={"PATH": os.defpath, **NO_NETWORK})

    assert last_line(told).startswith("Could not install uv 0.13.9; the reason is shown above.")
    assert "check the connection" in last_line(told)


def test_no_network_to_fetch_the_packages_then_there_is(clone: Clone, tmp_path: Path) -> None:
    told = clone.run("start", environ={"UV_CACHE_DIR": str(tmp_path / "cache"), **NO_NETWORK})

    assert last_line(told).startswith(
        "Could not install the packages of uv.lock; the reason is shown above."
    )
    assert clone.run("groundrules", "--help").returncode == 0


def test_neither_pip_nor_uv(clone: Clone, tmp_path: Path) -> None:
    for module in ("pip", "venv"):  # what Debian's Python is like without its extra packages
        (tmp_path / "bare" / module).mkdir(parents=True)
        (tmp_path / "bare" / module / "__init__.py").touch()
        (tmp_path / "bare" / module / "__main__.py").write_text("raise SystemExit(1)")

    bare = {"PATH": str(tmp_path), "PYTHONPATH": str(tmp_path / "bare")}
    told = clone.run("start", environ=bare)

    assert "has neither pip nor uv to install with: install pip" in last_line(told)


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Path]:
    """Yield a folder nobody may write to; root may, so these tests run as somebody else then."""
    folder = tmp_path / "locked"
    folder.mkdir()
    yield folder
    folder.chmod(0o755)


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_no_permission_to_write_into_the_clone(locked: Path) -> None:
    clone = copy_of_repository(locked)
    told = as_a_stranger(clone)

    assert last_line(told) == (
        f"No permission to write {locked / '.tools'}: become its owner, or clone the course into a "
        "folder of your own, then run this again."
    )


def as_a_stranger(clone: Clone) -> subprocess.CompletedProcess[str]:
    clone.folder.chmod(0o555)
    if os.getuid():
        return clone.run("start")
    python = shutil.which("python3", path="/usr/bin")
    if python is None or shutil.which("setpriv") is None:
        pytest.skip("no Python that a user other than root can run")
    for folder in clone.folder.parents:
        if not folder.stat().st_mode & 0o001:
            folder.chmod(0o755)
    stranger = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", python]
    return subprocess.run(
        [*stranger, str(clone.folder / "course.py"), "start"],
        env={"PATH": os.defpath},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 20 MB; yield its folder."""
    if sys.platform != "linux" or os.getuid():
        pytest.skip("only root on Linux can mount a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this machine does not let us mount a disk")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.slow
def test_the_disk_is_full(small_disk: Path) -> None:
    clone = copy_of_repository(small_disk / "clone")

    told = clone.run("start")

    assert last_line(told).startswith(f"The disk of {clone.folder} is full: free at least")
