"""Killed servers, stale files, moved clones, full disks: it works, or one sentence says why not."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import asyncpg
import pytest

from groundrules import postgres
from groundrules.postgres import PostgresError, Server
from groundrules.postgres.place import place_of
from groundrules.postgres.process import command_line
from tests.postgres.conftest import Nobody, kill, pid_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("_machine"),
    pytest.mark.skipif(sys.platform == "win32", reason="these signals and files are POSIX's"),
]


def alive(pid: int) -> bool:
    return "postgres" in command_line(pid)


async def test_a_killed_servers_last_process_is_waited_for(clone: Path) -> None:
    backend = await orphan(postgres.ensure(clone), pid_of(clone))
    threading.Timer(1.5, os.kill, (backend, signal.SIGKILL)).start()
    said: list[str] = []

    assert postgres.ensure(clone, say=said.append).answers()
    assert set(said) == {"Waiting for the last processes of a killed PostgreSQL …"}
    assert not alive(backend)


async def test_a_killed_servers_process_that_never_ends_is_named(clone: Path) -> None:
    backend = await orphan(postgres.ensure(clone), pid_of(clone))
    try:
        with pytest.raises(
            PostgresError, match="Processes of a PostgreSQL that was killed still use"
        ):
            postgres.ensure(clone)
    finally:
        kill(backend)


async def orphan(server: Server, postmaster: int) -> int:
    """Kill a server under a connection that does not notice; return that process's id."""
    session = await asyncpg.connect(server.dsn_for("postgres"))
    pid = session.get_server_pid()
    assert isinstance(pid, int)
    os.kill(pid, signal.SIGSTOP)
    kill(postmaster)
    session.terminate()
    return pid


def test_a_servers_last_wish_is_waited_for(clone: Path) -> None:
    postgres.ensure(clone)
    os.kill(pid_of(clone), signal.SIGINT)

    assert postgres.ensure(clone).answers()


def test_a_socket_that_was_cleaned_away_comes_back(clone: Path) -> None:
    server = postgres.ensure(clone)
    shutil.rmtree(server.host)

    assert postgres.ensure(clone).answers()


def test_damaged_data_is_named_with_what_to_do(clone: Path) -> None:
    postgres.ensure(clone)
    postgres.stop(clone)
    data = place_of(clone).data
    os.truncate(data / "global" / "pg_control", 0)

    with pytest.raises(PostgresError) as refused:
        postgres.ensure(clone)

    assert "PostgreSQL did not start: " in str(refused.value)
    assert f"delete {data}" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_data_half_made_by_a_killed_command_is_made_anew(clone: Path) -> None:
    place = place_of(clone)
    place.make()
    half = place.folder / "new-half"
    half.mkdir()
    (half / "PG_VERSION").write_text("15\n")

    assert postgres.ensure(clone).answers()
    assert not half.exists()


@pytest.mark.parametrize("delay", [0.05, 0.2, 0.4, 0.5])
@pytest.mark.parametrize("order", [signal.SIGINT, signal.SIGKILL])
def test_a_start_cut_short_anywhere_leaves_the_next_one_whole(
    clone: Path, delay: float, order: signal.Signals
) -> None:
    code = (
        "import sys; from pathlib import Path; from groundrules import postgres;"
        "postgres.ensure(Path(sys.argv[1]), say=lambda line: print(line, flush=True))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, clone], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as command:
        assert command.stdout
        assert command.stdout.readline()
        time.sleep(delay)
        command.send_signal(order)

    assert postgres.ensure(clone).answers()


def test_a_server_that_hangs_is_stopped(clone: Path) -> None:
    postgres.ensure(clone)
    process = pid_of(clone)
    os.kill(process, signal.SIGSTOP)

    assert postgres.stop(clone) is True
    assert not alive(process)
    assert postgres.ensure(clone).answers()


@pytest.mark.parametrize(
    "name",
    [
        "with space",
        'it\'s "quoted" $HOME `id`',
        "größe-ünï-中",
        "back\\slash",
        "comma,colon:x",
        "/".join("d" * 60 for _ in range(12)),
    ],
    ids=["spaces", "quotes", "unicode", "backslash", "comma", "long"],
)
def test_a_clone_may_have_any_path(nobody: Nobody, name: str) -> None:
    root = nobody.clone(name)

    assert nobody.start(root).startswith(f"/tmp/groundrules-{nobody.account.uid}-")
    assert nobody.run(root, "print(postgres.find(root).answers())") == "True"
    assert (root / ".groundrules/postgres/data/PG_VERSION").is_file()


def test_a_read_only_clone_is_refused_in_one_sentence(nobody: Nobody) -> None:
    root = nobody.clone("clone")
    root.chmod(0o555)
    os.chown(root, 0, 0)

    said = nobody.start(root)

    assert said.startswith(
        f"refused: PostgreSQL's data cannot be stored in {root}/.groundrules/postgres ("
    )
    assert "\n" not in said


def test_a_disk_with_no_room_for_the_data_is_named(nobody: Nobody) -> None:
    root = nobody.clone("clone")
    with small_disk(root, nobody, "2m"):
        said = nobody.start(root)

    assert said == (
        f"refused: The disk has no space for PostgreSQL's data in {root}/.groundrules/postgres: free some."
    )


def test_a_disk_that_got_full_is_named_and_hurts_nothing(nobody: Nobody) -> None:
    root = nobody.clone("clone")
    with small_disk(root, nobody, "80m"):
        nobody.start(root)
        nobody.run(root, "postgres.stop(root)")
        with (root / "big").open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(4096))
        refused = nobody.start(root)
        (root / "big").unlink()
        sockets = nobody.start(root)
        nobody.run(root, "postgres.stop(root)")

    assert refused.startswith("refused: The disk has no space for PostgreSQL's data")
    assert sockets.startswith("/tmp/")


@contextmanager
def small_disk(folder: Path, user: Nobody, size: str) -> Iterator[None]:
    mount: list[str | Path] = [
        "mount",
        "-t",
        "tmpfs",
        "-o",
        f"size={size},uid={user.account.uid}",
        "tmpfs",
        folder,
    ]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no small disk can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def test_a_socket_folder_that_is_another_users_is_not_trusted(nobody: Nobody) -> None:
    root = nobody.clone("clone")
    sockets = Path(nobody.start(root))
    nobody.run(root, "postgres.stop(root)")
    os.chown(sockets, 0, 0)
    sockets.chmod(0o777)

    assert nobody.start(root).startswith(f"refused: {sockets}, where PostgreSQL's socket belongs")


def test_a_moved_clone_takes_its_data_along(nobody: Nobody) -> None:
    root = nobody.clone("clone")
    nobody.start(root)
    before = pid_of_nobodys(root)
    moved = root.rename(nobody.folder / "moved")

    sockets = nobody.start(moved)

    assert not alive(before)
    assert nobody.run(moved, "print(postgres.find(root).host)") == sockets


def test_a_copied_clone_has_a_server_of_its_own(nobody: Nobody) -> None:
    root = nobody.clone("clone")
    sockets = nobody.start(root)
    before = pid_of_nobodys(root)
    copy = nobody.folder / "copy"
    subprocess.run(["cp", "-a", root, copy], check=True)

    assert nobody.run(copy, "print(postgres.find(root))") == "None"
    assert nobody.start(copy) != sockets
    assert pid_of_nobodys(root) == before
    assert alive(before)
    assert nobody.run(copy, "print(postgres.stop(root))") == "True"
    assert alive(before)


def test_a_clone_made_anew_is_not_held_up_by_the_deleted_ones_server(nobody: Nobody) -> None:
    root = nobody.clone("clone")
    sockets = nobody.start(root)
    before = pid_of_nobodys(root)
    shutil.rmtree(root)

    assert nobody.start(nobody.clone("clone")) == sockets
    assert not alive(before)


def pid_of_nobodys(root: Path) -> int:
    lines = (root / ".groundrules/postgres/data/postmaster.pid").read_text().splitlines()
    return int(lines[0])
