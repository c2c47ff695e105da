"""Hostile folders gain nothing and leave nothing behind.

`tests/attacks/*.toml` are each a change of a finished application with one mistake in it, so that what an
attack gains can be seen: the mistake fails one task, or two, and the attack must not turn that into a pass.

    about = "…"             # what it tries, in one sentence
    step = 1                # the suite that judges it
    below = "app"           # the folder of it in which the run is typed; the clone's root by default
    incomplete = true       # the run says of itself that it is no verdict
    [links]                 # what is a link, and where to; {course} is the clone's root
    [files]                 # files that are added or take a place; "+…" is added at the end of one

Each is judged twice, by both ways to start pytest, and then an honest application is. That takes ten seconds
each, so a few are drawn by a fixed seed. For all of them:

    GROUNDRULES_ATTACKS=all python3 course.py test --all tests/testing/test_attacks.py
"""

import asyncio
import json
import os
import random
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from groundrules import postgres
from groundrules.course.states import write_state
from groundrules.course.steps import Course
from tests.testing.conftest import ENVIRONMENT, ROOT
from tests.testing.test_isolation import PYTEST

ALL = sorted((ROOT / "tests" / "attacks").glob("*.toml"))
SEED, FEW = 8, 6
ATTACKS = (
    ALL
    if os.environ.get("GROUNDRULES_ATTACKS") == "all"
    else sorted(random.Random(SEED).sample(ALL, FEW))
)
NAME = f"hostile application {os.getpid()}"
MISTAKES = {
    1: ("app/api/health.py", '"status": "ok"', '"status": "fine"'),
    2: ("app/core/database.py", "        return False\n", "        return True\n"),
}
TESTS_OF_THE_MISTAKE = {1: "01.4", 2: "02.4"}
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="what is shown here needs Linux"),
]


@dataclass(frozen=True)
class Machine:
    """What an attack could leave: files of the clone, databases, roles and processes."""

    files: frozenset[tuple[str, int, int]]
    names: frozenset[str]
    processes: frozenset[str]


def machine() -> Machine:
    files = {
        (str(path), path.stat().st_size, path.stat().st_mtime_ns)
        for part in ("steps", "src", "solution")
        for path in (ROOT / part).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    names = asyncio.run(names_on_the_server())
    return Machine(frozenset(files), names, frozenset(left_processes()))


async def names_on_the_server() -> frozenset[str]:
    """Return the databases and roles that are not a run's, with what is set for them.

    Those of `serve` are left out: other tests, which may run beside these, serve applications too.
    """
    session = await asyncpg.connect(postgres.ensure(ROOT).dsn_for("postgres"))
    rows = await session.fetch(
        r"SELECT datname || coalesce(datacl::text, '') AS name FROM pg_database "
        r"WHERE datname NOT LIKE '%\_run\_%' AND datname NOT LIKE 'groundrules\_serve\_%' "
        r"UNION SELECT rolname || coalesce(rolconfig::text, '') FROM pg_roles "
        r"WHERE rolname NOT LIKE '%\_run\_%'"
    )
    await session.close()
    return frozenset(row["name"] for row in rows)


def left_processes() -> Iterator[str]:
    """Yield the processes that run in a folder of an attack."""
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                place = str((process / "cwd").readlink())
            except OSError:
                continue
            if NAME in place:
                yield place


def judge(folder: Path, step: int, *, below: Path = ROOT, module: bool = False) -> dict[str, Any]:
    """Judge a folder; return the verdict, with the tasks that are done."""
    report = folder.parent / "verdict.json"
    start = [sys.executable, "-m", "pytest"] if module else [str(PYTEST)]
    run = subprocess.run(
        [
            *start,
            str(ROOT / "steps" / f"{step:02}"),
            f"--app={folder}",
            f"--groundrules-report={report}",
        ],
        cwd=below,
        env={**ENVIRONMENT, "COLUMNS": "80"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=240,
        check=False,
    )
    verdict: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    report.unlink()
    verdict["status"] = run.returncode
    verdict["out"] = run.stdout + run.stderr
    verdict["done"] = {
        task["task"] for task in verdict["tasks"] if task["passed"] == task["tests"] > 0
    }
    return verdict


def write_attack(attack: dict[str, Any], folder: Path) -> None:
    write_state(Course(ROOT), 8, folder)
    wrong, right, instead = MISTAKES[attack["step"]]
    text = (folder / wrong).read_text(encoding="utf-8")
    assert right in text
    (folder / wrong).write_text(text.replace(right, instead), encoding="utf-8")
    for file, content in attack["files"].items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.read_text(encoding="utf-8") if content.startswith("+") else ""
        text = before + content.removeprefix("+")
        path.write_text(text.replace("{course}", str(ROOT)), encoding="utf-8")
    for link, target in attack.get("links", {}).items():
        path = folder / link
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        path.symlink_to(target.replace("{course}", str(ROOT)))


@pytest.fixture
def inside() -> Iterator[Path]:
    """A folder in the clone for what is handed in."""
    folder = ROOT / ".groundrules" / f"handed-in-{os.getpid()}"
    folder.mkdir(parents=True)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("path", ATTACKS, ids=lambda path: path.stem)
def test_an_attack_gains_nothing_and_leaves_nothing(
    path: Path, tmp_path: Path, inside: Path
) -> None:
    attack = tomllib.loads(path.read_text(encoding="utf-8"))
    step: int = attack["step"]
    before = machine()
    for holder, module in ((tmp_path, False), (inside, True)):
        folder = holder / NAME
        write_attack(attack, folder)
        below = folder / attack["below"] if "below" in attack else ROOT
        verdict = judge(folder, step, below=below, module=module)
        gained = TESTS_OF_THE_MISTAKE[step] in verdict["done"]
        if attack.get("incomplete"):
            assert not verdict["complete"], verdict
        elif "a-handler" in path.stem or "alembic" in path.stem or "silence" in path.stem:
            assert "01.5" not in verdict["done"], verdict["out"]
            assert verdict["status"] == 1
        else:
            assert not gained, verdict["out"]
        assert verdict["status"] != 0, verdict["out"]
        assert "Traceback" not in verdict["out"], verdict["out"]
        assert "\033" not in verdict["out"]
        shutil.rmtree(folder)
    honest = tmp_path / "honest"
    write_state(Course(ROOT), 8, honest)

    after_all = judge(honest, step)

    assert after_all["status"] == 0, after_all["out"]
    assert after_all["complete"]
    assert machine() == before
