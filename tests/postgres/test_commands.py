"""`groundrules db …`, typed in a clone."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from groundrules import postgres
from groundrules.postgres.place import place_of

GROUNDRULES = (sys.executable, "-m", "groundrules")

pytestmark = pytest.mark.usefixtures("_machine")


def db(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*GROUNDRULES, "db", *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_start_and_stop_say_what_they_did(old_clone: Path) -> None:
    started, again, stopped, idle = (
        db(old_clone, each) for each in ("start", "start", "stop", "stop")
    )

    assert started.stdout.startswith("PostgreSQL 15.")
    assert started.stderr == ""
    assert (again.stdout, again.stderr) == (started.stdout, "")
    assert stopped.stdout == "PostgreSQL is stopped.\n"
    assert idle.stdout == "PostgreSQL was not running.\n"
    assert [each.returncode for each in (started, again, stopped, idle)] == [0, 0, 0, 0]


def test_status_tells_people_and_programs_the_same(old_clone: Path) -> None:
    before = db(old_clone, "status")
    server = postgres.ensure(old_clone)
    after, read = db(old_clone, "status"), db(old_clone, "status", "--json")

    assert (before.returncode, after.returncode, read.returncode) == (1, 0, 0)
    assert "groundrules db start" in before.stdout
    told = json.loads(read.stdout)
    assert told["running"] is True
    assert told["url"] == server.url_for("groundrules_dev")
    assert told["data"] in after.stdout


async def test_url_prints_nothing_but_the_url_of_a_database_that_is_there(old_clone: Path) -> None:
    printed = db(old_clone / "steps", "url")

    server = postgres.find(old_clone)
    assert server
    assert printed.stdout == server.url_for("groundrules_dev") + "\n"
    engine = create_async_engine(printed.stdout.removesuffix("\n"))
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT current_database()")) == "groundrules_dev"
    await engine.dispose()


def test_url_of_somebody_elses_database_is_refused(old_clone: Path) -> None:
    refused = db(old_clone, "url", "prod")

    assert refused.returncode == 2
    assert refused.stderr.endswith(
        "The tool touches only databases named groundrules_*, not 'prod'.\n"
    )
    assert refused.stdout == ""


def test_psql_gets_what_follows_and_gives_its_exit_status(old_clone: Path) -> None:
    asked = db(old_clone, "psql", "-At", "-v", "ON_ERROR_STOP=1", "-c", "SELECT 6 * 7")
    if "psql is not installed" in asked.stderr:
        pytest.skip(asked.stderr)
    failed = db(old_clone, "psql", "-c", "SELECT nothing")

    assert asked.stdout == "42\n", asked
    assert failed.returncode == 1


def test_outside_of_any_clone_it_is_said_in_one_sentence(tmp_path: Path) -> None:
    shutil.copytree(Path(postgres.__file__).parents[1], tmp_path / "installed" / "groundrules")

    refused = subprocess.run(
        [*GROUNDRULES, "db", "status"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path / "installed")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert "inside a clone" in refused.stderr


def test_a_wrong_variable_is_one_sentence_and_no_traceback(
    old_clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROUNDRULES_DATABASE_URL", "sqlite:///x.db")

    refused = db(old_clone, "start")

    assert refused.returncode == 2
    assert refused.stderr.startswith("GROUNDRULES_DATABASE_URL cannot be used: ")
    assert refused.stderr.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is another thing on Windows")
def test_ctrl_c_ends_the_command_without_a_traceback(old_clone: Path) -> None:
    shutil.rmtree(place_of(old_clone).data)
    with subprocess.Popen(
        [*GROUNDRULES, "db", "start"],
        cwd=old_clone,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as command:
        assert command.stderr
        assert command.stderr.readline() == "Setting up PostgreSQL's data …\n"
        os.killpg(command.pid, signal.SIGINT)
        rest = command.stderr.read()

    assert command.returncode == 130
    assert "Traceback" not in rest
    assert postgres.ensure(old_clone).answers()
