"""The clone's own server: found, started, stopped."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from groundrules import postgres
from groundrules.postgres import Server
from groundrules.postgres.place import place_of
from groundrules.postgres.process import account, command_line
from tests.postgres.conftest import kill, pid_of

pytestmark = pytest.mark.usefixtures("_machine")
posix = pytest.mark.skipif(sys.platform == "win32", reason="these signals and files are POSIX's")


async def ask(server: Server, query: str, **login: str) -> object:
    session = await asyncpg.connect(server.dsn_for("postgres"), **login)
    try:
        return await session.fetchval(query)
    finally:
        await session.close()


async def test_a_server_starts_where_there_is_none(clone: Path) -> None:
    server = postgres.ensure(clone)

    assert str(await ask(server, "SHOW server_version")).startswith("15.")
    assert server.version.startswith("15.")
    assert server.source == "machine"


def test_a_running_server_is_found_and_not_started_again(old_clone: Path) -> None:
    started = postgres.ensure(old_clone)
    process = pid_of(old_clone)

    assert postgres.ensure(old_clone) == started
    assert postgres.find(old_clone) == started
    assert pid_of(old_clone) == process


def test_finding_starts_nothing(clone: Path) -> None:
    assert postgres.find(clone) is None
    assert list(clone.iterdir()) == []


def test_stopping_ends_the_server_and_says_whether_one_ran(old_clone: Path) -> None:
    postgres.ensure(old_clone)

    assert postgres.stop(old_clone) is True
    assert postgres.find(old_clone) is None
    assert postgres.stop(old_clone) is False


async def test_databases_outlive_a_stop(old_clone: Path) -> None:
    await postgres.create_database(postgres.ensure(old_clone), "groundrules_kept")

    postgres.stop(old_clone)
    server = postgres.ensure(old_clone)

    count = await ask(server, "SELECT count(*) FROM pg_database WHERE datname = 'groundrules_kept'")
    assert count == 1


@pytest.mark.parametrize(
    ("setting", "value"),
    [("server_encoding", "UTF8"), ("TimeZone", "UTC"), ("lc_ctype", "C.UTF-8")],
)
async def test_text_is_unicode_and_time_is_utc(server: Server, setting: str, value: str) -> None:
    if setting == "lc_ctype" and sys.platform != "linux":
        pytest.skip("this system may lack the locale C.UTF-8")
    assert await ask(server, f"SHOW {setting}") == value


@pytest.mark.skipif(sys.platform == "win32", reason="PostgreSQL on Windows listens on TCP")
async def test_the_server_listens_on_no_network(server: Server) -> None:
    assert await ask(server, "SHOW listen_addresses") == ""


async def test_nobody_can_log_in_as_superuser(server: Server) -> None:
    assert await ask(server, "SHOW is_superuser") == "off"
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
        await ask(server, "SELECT 1", user="postgres")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_only_its_user_can_reach_the_socket(server: Server) -> None:
    assert Path(server.host).stat().st_mode & 0o077 == 0


def test_two_clones_have_a_server_each(new_clone: Callable[[str], Path]) -> None:
    one, other = new_clone("one"), new_clone("other")

    assert postgres.ensure(one).url_for("x") != postgres.ensure(other).url_for("x")
    assert pid_of(one) != pid_of(other)


def test_commands_that_start_it_at_once_share_one_server(clone: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from groundrules import postgres;"
        "print(postgres.ensure(Path(sys.argv[1])).host)"
    )
    commands = [
        subprocess.Popen([sys.executable, "-c", code, clone], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    hosts = [command.communicate(timeout=60)[0] for command in commands]

    assert [command.returncode for command in commands] == [0, 0, 0, 0]
    assert set(hosts) == {f"{postgres.ensure(clone).host}\n"}


def test_the_applications_own_database_url_means_nothing(
    old_clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://elsewhere")
    monkeypatch.setenv("PGHOST", "elsewhere")
    monkeypatch.setenv("PGPORT", "1")

    assert postgres.ensure(old_clone).source == "machine"


def test_progress_is_told_only_when_there_is_something_to_wait_for(clone: Path) -> None:
    first: list[str] = []
    second: list[str] = []

    postgres.ensure(clone, say=first.append)
    postgres.stop(clone)
    postgres.ensure(clone, say=second.append)

    assert first == ["Setting up PostgreSQL's data …"]
    assert second == []


def test_importing_it_loads_no_database_driver() -> None:
    heavy = {"asyncpg", "sqlalchemy", "asyncio"}
    code = f"import groundrules.postgres, sys; print(sorted({heavy} & set(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only for root")
def test_for_root_it_works_in_a_clone_that_nobody_else_may_enter(clone: Path) -> None:
    clone.chmod(0o700)
    before = {each: each.stat().st_mode for each in (clone, *clone.parents)}
    mask = os.umask(0o077)
    try:
        server = postgres.ensure(clone)
    finally:
        os.umask(mask)

    assert server.answers()
    assert {each: each.stat().st_mode for each in before} == before
    assert Path(f"/proc/{pid_of(clone)}").stat().st_uid != 0
    assert list(clone.iterdir()) == []


@posix
async def test_a_killed_server_starts_again_with_its_data(old_clone: Path) -> None:
    await postgres.create_database(postgres.ensure(old_clone), "groundrules_survivor")
    kill(pid_of(old_clone))

    assert postgres.find(old_clone) is None
    server = postgres.ensure(old_clone)
    count = await ask(
        server, "SELECT count(*) FROM pg_database WHERE datname = 'groundrules_survivor'"
    )
    assert count == 1


@posix
def test_a_pid_file_whose_number_is_another_programs_by_now_is_no_server(old_clone: Path) -> None:
    postgres.ensure(old_clone)
    place = place_of(old_clone)
    left = place.pid_file.read_text()
    server = pid_of(old_clone)
    kill(server)
    with somebody_else() as pid:
        place.pid_file.write_text(left.replace(str(server), str(pid), 1))
        assert place.socket_lock
        place.socket_lock.write_text(left.replace(str(server), str(pid), 1))

        assert postgres.find(old_clone) is None
        assert postgres.stop(old_clone) is False
        assert postgres.ensure(old_clone).answers()
        assert command_line(pid)


@contextmanager
def somebody_else() -> Iterator[int]:
    """A process of the server's own user that is no server; gives its id."""
    pid = account().spawn(["/bin/sleep", "600"], Path("/"), sys.stderr.fileno())
    try:
        yield pid
    finally:
        os.kill(pid, signal.SIGKILL)
