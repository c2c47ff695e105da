"""Where PostgreSQL comes from: the server a variable names, the machine's binaries, a wheel's."""

import os
import platform
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from groundrules import postgres
from groundrules.postgres import PostgresError, binaries
from groundrules.postgres.binaries import Binaries, on_the_machine
from groundrules.postgres.process import Account, account
from tests.postgres.conftest import Nobody
from tests.servers import remove_server

PASSWORD = "p@ss/w:%"  # every character that a URL has a meaning for


@dataclass(frozen=True)
class Elsewhere:
    """A server on TCP that no clone started, with a role that may create databases and one that may not."""

    port: int

    def url(self, role: str = "maker", password: str = PASSWORD) -> str:
        return f"postgresql://{role}:{quote(password, safe='')}@localhost:{self.port}/postgres"


def run_server(programs: Binaries, folder: Path, runs_as: Account) -> Iterator[Elsewhere]:
    data, password_file = folder / "data", folder / "password"
    password_file.write_text(PASSWORD)
    runs_as.own(folder)
    runs_as.own(password_file)
    setup: list[str | Path] = [programs.program("initdb"), "-D", data, "--no-sync"]
    setup += ["--username=maker", "--auth=scram-sha-256", f"--pwfile={password_file}"]
    status, output = runs_as.run(setup, folder)
    assert status == 0, output
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = f"-p {port} -h 127.0.0.1 -k '' -F"
    control: list[str | Path] = [programs.program("pg_ctl"), "-D", data, "-w", "-s"]
    status, output = runs_as.run([*control, "-l", folder / "log", "-o", options, "start"], folder)
    assert status == 0, output
    yield Elsewhere(port)
    runs_as.run([*control, "-m", "immediate", "stop"], folder)


@pytest.fixture(scope="module")
def open_folder() -> Iterator[Path]:
    """A folder that the server's user can enter, whoever runs the tests."""
    folder = Path("/tmp" if os.name == "posix" else os.environ["TEMP"])
    folder = folder / f"groundrules-elsewhere-{os.getpid()}"
    folder.mkdir(mode=0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def elsewhere(_machine: None, open_folder: Path) -> Iterator[Elsewhere]:
    runs_as = account()
    yield from run_server(on_the_machine(runs_as), open_folder, runs_as)


@pytest.fixture
def named(elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    """The server elsewhere, named by the variable."""
    monkeypatch.setenv("GROUNDRULES_DATABASE_URL", elsewhere.url())
    return elsewhere


async def test_the_server_that_the_variable_names_is_used(named: Elsewhere, tmp_path: Path) -> None:
    server = postgres.ensure(tmp_path)
    await postgres.create_database(server, "groundrules_elsewhere")
    await postgres.drop_database(server, "groundrules_elsewhere")

    assert (server.source, server.port) == ("environment", named.port)
    assert server.version.startswith("15.")
    assert postgres.find(tmp_path) == server
    assert postgres.status(tmp_path).data is None
    assert not (tmp_path / ".groundrules").exists()


def test_a_server_of_somebody_else_is_never_stopped(named: Elsewhere, tmp_path: Path) -> None:
    with pytest.raises(PostgresError, match="did not start, so it is not stopped"):
        postgres.stop(tmp_path)

    assert postgres.find(tmp_path)


def test_it_cannot_be_named_and_started_from_a_wheel_both(named: Elsewhere, tmp_path: Path) -> None:
    with pytest.raises(PostgresError, match="unset it to start one"):
        postgres.ensure(tmp_path, source="wheel")


async def test_a_role_that_may_not_create_databases_is_told_how(
    named: Elsewhere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncpg

    session = await asyncpg.connect(named.url())
    await session.execute(f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'")
    await session.close()
    monkeypatch.setenv("GROUNDRULES_DATABASE_URL", named.url("reader"))

    with pytest.raises(PostgresError, match="ALTER ROLE reader CREATEDB"):
        postgres.ensure(tmp_path)


def test_a_wrong_password_is_one_sentence_without_the_password(
    named: Elsewhere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROUNDRULES_DATABASE_URL", named.url(password="not-it"))

    with pytest.raises(PostgresError, match=r"rejects maker: password.*; check that") as refused:
        postgres.ensure(tmp_path)

    assert "not-it" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_named_server_that_is_not_there_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROUNDRULES_DATABASE_URL", "postgresql://maker@127.0.0.1:1/postgres")

    with pytest.raises(PostgresError, match=r"PostgreSQL on 127\.0\.0\.1, port 1, ") as refused:
        postgres.ensure(tmp_path)

    assert "\n" not in str(refused.value)


@pytest.mark.slow
def test_a_server_of_another_release_is_refused_with_how_to_get_a_15(
    tmp_path: Path, open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = open_folder / "newer"
    newer.mkdir()
    fetch: list[str | Path] = [
        "uv",
        "pip",
        "install",
        "--quiet",
        "--target",
        newer / "wheel",
        "--no-deps",
    ]
    fetch += ["--only-binary", ":all:", "--python-version", "3.11", "--python", sys.executable]
    try:
        subprocess.run([*fetch, "pgserver==0.1.4"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a newer PostgreSQL cannot be fetched here")
    programs = Binaries(newer / "wheel/pgserver/pginstall/bin", "16.2", "wheel")
    server = run_server(programs, newer, account())
    monkeypatch.setenv("GROUNDRULES_DATABASE_URL", next(server).url())
    try:
        with pytest.raises(PostgresError) as refused:
            postgres.ensure(tmp_path)
    finally:
        next(server, None)

    assert "is PostgreSQL 16.2, and the course needs 15: install it (" in str(refused.value)
    assert "docker compose up" in str(refused.value)


@pytest.fixture
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without PostgreSQL 15; gives a folder on its PATH."""
    path = tmp_path / "bin"
    path.mkdir()
    path.chmod(0o755)
    uv = shutil.which("uv")
    monkeypatch.setattr(binaries, "_USUAL_PLACES", ())
    monkeypatch.setenv("PATH", str(path))
    if uv:
        monkeypatch.setenv("UV", uv)
    return path


@pytest.mark.skipif(sys.platform == "win32", reason="the programs here are scripts of a shell")
def test_another_release_on_the_machine_is_named(
    bare_machine: Path, monkeypatch: pytest.MonkeyPatch, open_folder: Path
) -> None:
    other = open_folder / "other"
    other.mkdir()
    for name in ("postgres", "initdb"):
        (other / name).write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 17.2'\n")
        (other / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(other))

    with pytest.raises(PostgresError, match=r"has only PostgreSQL 17\.2: install it"):
        on_the_machine(account())


@pytest.mark.parametrize(
    ("machine", "libc", "named"),
    [("aarch64", "glibc", "Linux on aarch64"), ("x86_64", "", "Linux on x86_64 with musl")],
)
def test_where_there_is_no_wheel_both_ways_out_are_named(
    bare_machine: Path,
    clone: Path,
    monkeypatch: pytest.MonkeyPatch,
    machine: str,
    libc: str,
    named: str,
) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr(platform, "libc_ver", lambda: (libc, ""))
    monkeypatch.setattr(binaries, "_WHEEL", "pgserver==0.0.0")

    with pytest.raises(PostgresError, match=f"none to download for {named}: install it") as refused:
        postgres.ensure(clone)

    assert "docker compose up" in str(refused.value)


def test_a_choice_that_is_none_is_refused(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROUNDRULES_POSTGRES", "moon")

    with pytest.raises(PostgresError, match="must be machine or wheel, not 'moon'"):
        postgres.ensure(clone)


@pytest.mark.usefixtures("_machine")
def test_a_server_that_runs_is_not_swapped_for_the_wheels(old_clone: Path) -> None:
    postgres.ensure(old_clone)

    with pytest.raises(PostgresError, match="run `groundrules db stop` first"):
        postgres.ensure(old_clone, source="wheel")


@pytest.fixture
def wheels_clone(
    new_clone: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A clone and a cache of its own, that nothing was fetched into yet."""
    from groundrules.postgres import place

    root = new_clone("clone")
    folder = Path("/tmp" if os.name == "posix" else os.environ["TEMP"])
    cache = folder / f"groundrules-cache-{os.getpid()}"
    monkeypatch.setattr(place, "_cache", lambda: cache)
    monkeypatch.setattr(place, "_ROOTS_HOME", cache)
    yield root
    remove_server(root)
    shutil.rmtree(cache, ignore_errors=True)


def wheel_or_skip(root: Path, say: Callable[[str], None]) -> postgres.Server:
    try:
        return postgres.ensure(root, source="wheel", say=say)
    except PostgresError as error:
        if "none to fetch" in str(error) or "could not be downloaded" in str(error):
            pytest.skip(str(error))
        raise


@pytest.mark.slow
async def test_the_wheels_server_runs_and_is_fetched_once(
    wheels_clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    server = wheel_or_skip(wheels_clone, said.append)
    await postgres.create_database(server, "groundrules_dev")
    postgres.stop(wheels_clone)
    monkeypatch.setattr(binaries, "_installers", lambda _: iter(()))

    again = postgres.ensure(wheels_clone, source="wheel", say=said.append)

    assert (again.source, again.version) == ("wheel", "15.5")
    assert said == ["Downloading PostgreSQL 15 (15 MB) …", "Setting up PostgreSQL's data …"]


@pytest.mark.slow
def test_a_machine_without_postgresql_gets_the_wheels(
    wheels_clone: Path, bare_machine: Path
) -> None:
    wheel_or_skip(wheels_clone, lambda _: None)
    postgres.stop(wheels_clone)

    assert postgres.ensure(wheels_clone).source == "wheel"


@pytest.mark.slow
def test_a_file_that_is_not_the_pinned_one_is_refused_and_not_kept(
    wheels_clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(binaries, "_HASHES", ("0" * 64,))
        with pytest.raises(PostgresError, match="could not be downloaded") as refused:
            postgres.ensure(wheels_clone, source="wheel")

    assert "\n" not in str(refused.value)
    assert wheel_or_skip(wheels_clone, lambda _: None).version == "15.5"


@pytest.mark.slow
def test_without_the_network_one_sentence_says_so(
    wheels_clone: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("UV_DEFAULT_INDEX", "PIP_INDEX_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")

    with pytest.raises(PostgresError, match="PostgreSQL 15 could not be downloaded") as refused:
        postgres.ensure(wheels_clone, source="wheel")

    assert "try again, or install it (" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.slow
def test_a_fetch_cut_short_is_done_again(wheels_clone: Path) -> None:
    cache = binaries_cache(wheels_clone)
    (cache / "fetching" / "wheel" / "pgserver").mkdir(parents=True)

    assert wheel_or_skip(wheels_clone, lambda _: None).version == "15.5"
    assert not (cache / "fetching").exists()


def binaries_cache(root: Path) -> Path:
    from groundrules.postgres.place import place_of

    return place_of(root).cache


@pytest.mark.slow
def test_an_ordinary_user_gets_the_wheels_too(nobody: Nobody) -> None:
    root = nobody.clone("a clone")
    said = nobody.run(
        root,
        "print(postgres.ensure(root, source='wheel').source)",
        **({"UV": uv} if (uv := shutil.which("uv")) else {}),
    )

    if "could not be downloaded" in said:
        pytest.skip(said)
    assert said == "wheel"
    assert (nobody.folder / ".cache/groundrules/pgserver-0.0.9").is_dir()
