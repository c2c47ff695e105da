"""Judged code reaches its own folder and nothing else, where the kernel can see to that."""

import ctypes
import os
import sys
from pathlib import Path

import pytest

from tests.worker.conftest import ROOT, Start, only_forks

LANDLOCK = sys.platform == "linux" and ctypes.CDLL(None).syscall(444, None, 0, 1) >= 6
pytestmark = [
    only_forks,
    pytest.mark.skipif(not LANDLOCK, reason="this kernel cannot confine a process by itself"),
]
TRY = """
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path


def reads(path: str) -> str:
    try:
        return Path(path).read_text()[:10] if not Path(path).is_dir() else str(len(os.listdir(path)))
    except OSError as error:
        return type(error).__name__


def writes(path: str) -> str:
    try:
        Path(path).write_text("mine")
        return "written"
    except OSError as error:
        return type(error).__name__


def signals(pid: int) -> str:
    try:
        os.kill(pid, 0)
        return "reached"
    except OSError as error:
        return type(error).__name__


def by_a_child(path: str) -> str:
    code = f"from pathlib import Path; Path({path!r}).write_text('mine')"
    return str(subprocess.run([sys.executable, "-c", code], stderr=subprocess.DEVNULL).returncode != 0)


def temporary() -> str:
    with tempfile.NamedTemporaryFile() as file:
        return str(Path(file.name).parent)
"""


@pytest.mark.parametrize("path", ["solution/app/main.py", "steps/01-setup/test_health.py", "steps"])
async def test_the_course_cannot_be_read(start: Start, path: str) -> None:
    assert await start(TRY).main.reads(str(ROOT / path)) == "PermissionError"


@pytest.mark.parametrize(
    "path", ["steps/new.py", "src/groundrules/new.py", ".venv/new.pth", "exercises/new.py"]
)
async def test_nothing_of_the_course_can_be_written(start: Start, path: str) -> None:
    app = start(TRY)

    assert await app.main.writes(str(ROOT / path)) == "PermissionError"
    assert await app.main.by_a_child(str(ROOT / path)) == "True"
    assert not (ROOT / path).exists()


async def test_a_file_beside_the_folder_is_out_of_reach(start: Start, folder: Path) -> None:
    other = folder.with_name("other work")
    other.write_text("of somebody else")
    app = start(TRY)

    assert await app.main.reads(str(other)) == "PermissionError"
    assert await app.main.writes(str(other)) == "PermissionError"
    assert other.read_text() == "of somebody else"


async def test_a_link_leads_no_further(start: Start, folder: Path) -> None:
    (folder / "link").symlink_to(ROOT / "solution" / "app" / "main.py")

    assert await start(TRY).main.reads(str(folder / "link")) == "PermissionError"


async def test_no_process_outside_is_reached(start: Start) -> None:
    app = start(TRY)

    assert await app.main.signals(os.getpid()) == "PermissionError"
    assert await app.main.reads(f"/proc/{os.getpid()}/environ") == "PermissionError"


async def test_its_own_folder_and_a_temporary_one_are_its_own(
    start: Start, folder: Path, sockets: Path
) -> None:
    app = start(TRY)

    assert await app.main.writes(str(folder / "notes.txt")) == "written"
    assert await app.main.temporary() == str(sockets)
    assert await app.main.reads("/dev/null") == ""
    assert await app.main.reads(sys.executable.replace("bin/python", "pyvenv.cfg")) != ""
