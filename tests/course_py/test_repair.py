"""An environment that is half made, moved or broken is made anew by the same command."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.course_py.conftest import NO_NETWORK, Clone, copy_of_repository

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="looks at the environment as POSIX has it"),
]


@pytest.fixture
def made(clone: Clone) -> Clone:
    """Return a clone with an environment of its own, for the test to break."""
    first = clone.run("groundrules", "--help")
    assert first.returncode == 0, first.stderr
    return clone


def wait_for(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def assert_mended(clone: Clone) -> None:
    mended = clone.run("groundrules", "--help")
    assert mended.returncode == 0, mended.stderr
    assert "Usage: groundrules" in mended.stdout
    assert "Creating the environment .venv" in mended.stderr
    assert clone.run("groundrules", "--help").stderr == ""


def test_killed_while_it_installs(clone: Clone) -> None:
    running = clone.start("groundrules", "--help")
    wait_for(lambda: any(clone.venv.glob("lib/*/site-packages/*")))
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate()

    assert "unfinished" in clone.stamp.read_text()
    assert_mended(clone)


def test_interrupted_while_it_installs(clone: Clone) -> None:
    running = clone.start("groundrules", "--help")
    wait_for(clone.stamp.exists)
    os.killpg(running.pid, signal.SIGINT)
    _, told = running.communicate()

    assert running.returncode == 130
    assert told.splitlines()[-1] == "Stopped. Nothing is broken: run the same command to continue."
    assert "Traceback" not in told
    assert_mended(clone)


def test_the_python_it_was_made_from_is_gone(made: Clone) -> None:
    (made.venv / "bin" / "python").unlink()
    (made.venv / "bin" / "python").symlink_to("/no/such/python3.11")

    assert_mended(made)


def test_a_program_of_it_is_gone(made: Clone) -> None:
    (made.venv / "bin" / "pytest").unlink()

    assert_mended(made)


def test_it_has_no_pyvenv_cfg(made: Clone) -> None:
    (made.venv / "pyvenv.cfg").unlink()

    assert_mended(made)


def test_it_was_made_by_something_else(clone: Clone) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", clone.venv], check=True)

    assert_mended(clone)


def test_it_was_moved_with_its_folder(made: Clone, tmp_path: Path) -> None:
    moved = Clone(made.folder.rename(tmp_path / "renamed"), made.environ)

    assert_mended(moved)
    assert str(moved.venv) in (moved.venv / "bin" / "pytest").read_text()


def other_python() -> str:
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    for version in ("3.11", "3.12", "3.13", "3.14", "3.15"):
        kept = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}"))
        found = str(kept[-1]) if kept else shutil.which(f"python{version}")
        if found and version != here:
            return found
    pytest.skip("this machine has no other Python of 3.11 to 3.15")


def test_another_python_makes_it_anew_and_keeps_the_groups(clone: Clone) -> None:
    assert clone.run("test", "--version").returncode == 0

    other = Clone(clone.folder, clone.environ, python=other_python())
    assert_mended(other)

    assert (clone.venv / "bin" / "mypy").exists()


def test_a_changed_lock_is_installed_without_making_it_anew(made: Clone) -> None:
    (made.venv / "kept").touch()
    with (made.folder / "uv.lock").open("a") as lock:
        lock.write("\n")

    again = made.run("groundrules", "--help")

    assert again.returncode == 0
    assert "Installing the packages of uv.lock" in again.stderr
    assert (made.venv / "kept").exists()


def test_what_test_installed_stays_when_start_installs(clone: Clone) -> None:
    assert clone.run("test", "--version").returncode == 0
    with (clone.folder / "uv.lock").open("a") as lock:
        lock.write("\n")

    assert clone.run("groundrules", "--help").returncode == 0

    assert (clone.venv / "bin" / "mypy").exists()
    assert clone.run("test", "--version").stderr == ""


def test_two_at_once_wait_for_each_other(clone: Clone) -> None:
    first = clone.start("groundrules", "--help")
    wait_for(clone.stamp.exists)
    second = clone.start("groundrules", "--help")
    answers = [first.communicate(), second.communicate()]

    assert (first.returncode, second.returncode) == (0, 0), answers
    assert "Installing" in answers[0][1]
    assert answers[1][1] == "Another command is creating the environment. Waiting for it.\n"


def test_uv_is_fetched_with_pip_where_there_is_none(clone: Clone) -> None:
    without = clone.run(
        "groundrules", "--help", environ={"PATH": os.defpath, "PIP_REQUIRE_VIRTUALENV": "1"}
    )

    assert without.returncode == 0, without.stderr
    assert "Downloading uv" in without.stderr
    assert list(clone.folder.glob(".tools/uv-*/bin/uv"))


def test_a_user_without_a_home_gets_a_cache_in_the_clone(clone: Clone) -> None:
    no_home = {"HOME": "/dev/null", "XDG_CACHE_HOME": "", "UV_CACHE_DIR": ""}

    told = clone.run("groundrules", "--help", environ=no_home)

    assert told.returncode == 0, told.stderr
    assert (clone.folder / ".tools" / "cache").is_dir()


@pytest.fixture
def mirror() -> Iterator[tuple[str, list[str]]]:
    """Serve an index of the user's own that leads on to PyPI; yield its address and what was asked."""
    asked: list[str] = []

    class Index(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(302)
            self.send_header("Location", f"https://pypi.org{self.path}")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Index)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/simple", asked
    server.shutdown()
    server.server_close()


def test_the_index_of_pips_settings_is_the_one_asked(
    clone: Clone, mirror: tuple[str, list[str]], tmp_path: Path
) -> None:
    address, asked = mirror

    told = clone.run(
        "groundrules",
        "--help",
        environ={"PIP_INDEX_URL": address, "UV_CACHE_DIR": str(tmp_path / "cache")},
    )

    assert told.returncode == 0, told.stderr
    assert "/simple/fastapi/" in asked


def test_a_folder_copied_with_a_warm_cache_needs_no_network(made: Clone, tmp_path: Path) -> None:
    copied = copy_of_repository(tmp_path / "second clone")
    copied.environ["PATH"] = made.environ["PATH"]

    offline = copied.run("groundrules", "--help", environ=NO_NETWORK)

    assert offline.returncode == 0, offline.stderr
