"""The sandbox: the suites run in it as outside, and judged code sees nothing of the machine."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from groundrules.worker.launcher import BASE, ForkLauncher
from groundrules.worker.sandbox import NoSandbox, Sandbox, find_sandbox
from tests.grade.conftest import Class, needs_sandbox
from tests.testing.conftest import Clone

pytestmark = [needs_sandbox, pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")]


def in_sandbox(tmp_path: Path, *command: str) -> subprocess.CompletedProcess[str]:
    application, shared = tmp_path / "application", tmp_path / "shared"
    for folder in (application / "app", shared):
        folder.mkdir(parents=True, exist_ok=True)
    return subprocess.run(
        Sandbox(find_sandbox(), application, shared).command(command),
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_has_nothing_of_the_machine_but_what_python_needs(tmp_path: Path) -> None:
    names = in_sandbox(tmp_path, "ls", "/").stdout.split()
    home = in_sandbox(tmp_path, "ls", str(Path.home())).stdout.split()
    processes = in_sandbox(tmp_path, "sh", "-c", "ls -d /proc/[0-9]*").stdout.split()

    assert not {"home", "var", "run", "srv", "mnt", "boot", "sys"} & {*names}
    assert home == []
    assert processes == ["/proc/1"]


def test_the_files_that_were_handed_in_stay_as_they_are_and_others_can_be_added(
    tmp_path: Path,
) -> None:
    place = tmp_path / "application"

    changed = in_sandbox(tmp_path, "touch", str(place / "app" / "new.py"))
    added = in_sandbox(tmp_path, "touch", str(place / "log.txt"))

    assert "Read-only" in changed.stderr
    assert added.returncode == 0
    assert [path.name for path in place.iterdir()] == ["app"]


def test_a_folder_that_is_filled_is_full_and_the_disk_is_not(tmp_path: Path) -> None:
    place = tmp_path / "application" / "big"

    run = in_sandbox(tmp_path, "dd", "if=/dev/zero", f"of={place}", "bs=1M", "count=200")

    assert "No space left" in run.stderr
    assert not place.exists()


def test_workers_in_it_have_the_numbers_that_they_have_outside(tmp_path: Path) -> None:
    (tmp_path / "application").mkdir()
    (tmp_path / "shared").mkdir()
    sandbox = Sandbox(find_sandbox(), tmp_path / "application", tmp_path / "shared")
    launcher = ForkLauncher(BASE, sandbox=sandbox)
    try:
        worker = launcher.start(tmp_path / "application", {}, temporary=tmp_path / "shared")
        pid = worker.pid.result(60)
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        worker.kill()
        code = worker.exit.result(10)
    finally:
        launcher.close()

    assert b"groundrules.worker.limited" in command
    assert code == -9
    assert not Path(f"/proc/{pid}").exists()


def test_a_suite_runs_in_it_by_an_option(clone: Clone) -> None:
    run = clone.pytest("steps/01", "--app=alice", "--groundrules-sandbox")

    assert "3 tests pass" in run.out, run


def test_a_server_that_needs_the_network_is_told(clone: Clone) -> None:
    url = {"GROUNDRULES_DATABASE_URL": "postgresql://a:b@127.0.0.1:5432/postgres"}

    run = clone.pytest("steps/01", "--app=alice", "--groundrules-sandbox", environment=url)

    run.must_be_refused("has no network", "GROUNDRULES_DATABASE_URL")


def test_without_bubblewrap_it_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(NoSandbox, match="apt install bubblewrap"):
        find_sandbox()


def test_a_bubblewrap_that_cannot_make_one_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "bwrap"
    program.write_text(
        "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    with pytest.raises(NoSandbox, match="No permissions to create new namespace"):
        find_sandbox()


FORKS = '''"""Words."""

import os

while True:
    try:
        os.fork()
    except OSError:
        pass
'''


@pytest.mark.slow
def test_who_forks_without_end_gets_no_points_and_the_next_is_judged(class_: Class) -> None:
    class_.hand_in("ada", words=FORKS)
    class_.hand_in("bob")

    run = class_.grade()

    assert run.statuses["ada"] in ("broken", "ok")
    assert run.statuses["bob"] == "ok"
    assert run.rows["ada"]["total"] in ("", "0")
