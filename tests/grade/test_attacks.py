"""Hostile submissions gain nothing, and take nothing from the next one.

Each is a finished application with one mistake in it, so that what an attack gains can be seen: the mistake
fails one task, which the attack must not turn into a pass. `attacks/*.toml` are written for grading:

    about = "…"       # what it tries, in one sentence
    step = 1          # the suite that judges it
    probe = '''…'''   # defines `leaked()`; the mistake corrects itself where that returns True
    [files]           # files that are added or take a place

Those of `tests/attacks/` are graded, too. Each takes ten seconds, so a few are drawn by a fixed seed. All of
them:

    GROUNDRULES_ATTACKS=all python3 course.py test --all tests/grade/test_attacks.py
"""

import ctypes
import os
import random
import shutil
import socket
import sys
import tempfile
import threading
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from groundrules.course.states import write_state
from groundrules.course.steps import Course
from tests.grade.conftest import Class, Graded, needs_sandbox
from tests.testing.conftest import ROOT, Clone
from tests.testing.test_attacks import MISTAKES, TESTS_OF_THE_MISTAKE, machine, write_attack

OWN = sorted((ROOT / "tests" / "grade" / "attacks").glob("*.toml"))
SHARED = sorted((ROOT / "tests" / "attacks").glob("*.toml"))
SEED, FEW = 21, 3
EVERYTHING = os.environ.get("GROUNDRULES_ATTACKS") == "all"
ATTACKS = (
    [*OWN, *SHARED]
    if EVERYTHING
    else [*random.Random(SEED).sample(OWN, FEW), random.Random(SEED).choice(SHARED)]
)
RIGHT_AS_IT_IS = ("a-handler", "alembic", "silence")  # whose mistake is another: a broken rule
SHARED_MEMORY = 0x6772
pytestmark = [needs_sandbox, pytest.mark.slow]


def is_of_rules(name: str) -> bool:
    return any(part in name for part in RIGHT_AS_IT_IS)


def write_probe(attack: Mapping[str, Any], folder: Path, places: Mapping[str, str]) -> None:
    """Write a finished application that is right only if the probe finds something."""
    wrong, right, instead = MISTAKES[1]
    write_state(Course(ROOT), 8, folder)
    text = (folder / wrong).read_text(encoding="utf-8").replace(right, instead)
    if "probe" in attack:
        probe = attack["probe"]
        for name, value in places.items():
            probe = probe.replace("{" + name + "}", value)
        (folder / "app" / "core" / "probe.py").write_text(probe, encoding="utf-8")
        text = text.replace('"fine"', '("ok" if LEAKED else "fine")')
        text += "\n\nfrom app.core.probe import leaked\n\nLEAKED = leaked()\n"
    (folder / wrong).write_text(text, encoding="utf-8")
    for file, content in attack.get("files", {}).items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A short folder for what the run leaves, which must be nothing."""
    folder = Path(tempfile.mkdtemp(prefix="gr-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def places(tmp_path: Path, temporary: Path) -> Iterator[dict[str, str]]:
    """Something outside to reach: a port, sockets and shared memory."""
    libc = ctypes.CDLL(None)
    memory = libc.shmget(SHARED_MEMORY, 4096, 0o1666)
    listeners = [socket.create_server(("127.0.0.1", 0))]
    abstract = f"groundrules-{os.getpid()}"
    file = Path(tempfile.mkdtemp(dir="/tmp")) / "s"
    for address in (f"\0{abstract}", str(file)):
        listeners.append(socket.socket(socket.AF_UNIX))
        listeners[-1].bind(address)
        listeners[-1].listen()
    for each in listeners:
        threading.Thread(target=_accept, args=(each,), daemon=True).start()
    yield {
        "course": str(ROOT),
        "class": str(tmp_path / "handed in"),
        "out": str(tmp_path / "out"),
        "port": str(listeners[0].getsockname()[1]),
        "abstract": abstract,
        "socket": str(file),
        "memory": str(SHARED_MEMORY),
    }
    for each in listeners:
        each.shutdown(socket.SHUT_RDWR)  # which ends the wait of its thread
        each.close()
    shutil.rmtree(file.parent)
    libc.shmctl(memory, 0, None)


def _accept(listener: socket.socket) -> None:
    with suppress(OSError):
        while True:
            listener.accept()[0].close()


@pytest.fixture
def hostile(tmp_path: Path, temporary: Path) -> Class:
    """A class of the real course; its environment sends temporary files to a folder of its own."""
    return Class(Clone(ROOT), tmp_path / "handed in", tmp_path / "out", {"TMPDIR": str(temporary)})


def hand_in_attacks(class_: Class, places: Mapping[str, str], step: int) -> dict[str, Path]:
    found = {}
    for path in ATTACKS:
        attack = tomllib.loads(path.read_text(encoding="utf-8"))
        if attack["step"] != step:
            continue
        folder = class_.folder / path.stem
        if path in OWN:
            write_probe(attack, folder, places)
        else:
            write_attack(attack, folder)
        found[path.stem] = path
    write_state(Course(ROOT), 8, class_.folder / "a-an-honest-one")
    write_state(Course(ROOT), 8, class_.folder / "zz-an-honest-one")
    return found


def gains(run: Graded, attacks: Mapping[str, Path], step: int) -> list[str]:
    """Return the attacks that have a task which their mistake must have cost them."""
    found = []
    for person in run.results["people"]:
        task = "01.5" if is_of_rules(person["name"]) else TESTS_OF_THE_MISTAKE[step]
        states = {each["task"]: each["state"] for part in person["steps"] for each in part["tasks"]}
        if person["name"] in attacks and states.get(task) == "met":
            found.append(person["name"])
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
@pytest.mark.parametrize("step", [1, 2])
def test_no_attack_gains_anything_and_the_honest_keep_their_grade(
    hostile: Class, places: dict[str, str], temporary: Path, step: int
) -> None:
    attacks = hand_in_attacks(hostile, places, step)
    if not attacks:
        pytest.skip("none of the few is about this step")
    before = machine()

    run = hostile.grade(f"--steps={step}", "--timeout=120", patience=3000)

    assert gains(run, attacks, step) == []
    honest = [each for each in run.results["people"] if "an-honest-one" in each["name"]]
    assert [each["status"] for each in honest] == ["ok", "ok"], honest
    assert {
        task["state"] for each in honest for part in each["steps"] for task in part["tasks"]
    } == {"met"}
    assert len(run.rows) == len(attacks) + 2
    assert machine() == before
    assert [*temporary.iterdir()] == []
    assert left_processes(temporary) == []
    report = (run.folder / "report.html").read_text("utf-8")
    assert "<script>alert" not in report
    assert "\033" not in report + run.out + (run.folder / "gradebook.csv").read_text("utf-8")
    print(f"step {step}:", dict(sorted(run.statuses.items())))


FOUND_WITHOUT = (  # what Landlock alone does not keep from judged code
    "reaches-a-socket-of-the-host",
    "reaches-shared-memory",
    "reaches-the-network",
    "reads-files-of-the-host",
    "reads-the-seed",
)


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
def test_without_a_sandbox_the_probes_find_what_they_look_for(
    hostile: Class, places: dict[str, str]
) -> None:
    for path in (path for path in OWN if path.stem in FOUND_WITHOUT):
        write_probe(tomllib.loads(path.read_text("utf-8")), hostile.folder / path.stem, places)

    run = hostile.grade("--trust", patience=300)

    attacks = dict.fromkeys(FOUND_WITHOUT, OWN[0])
    assert sorted(gains(run, attacks, 1)) == [*FOUND_WITHOUT]
    assert "There was no sandbox" in (run.folder / "report.html").read_text("utf-8")


def left_processes(temporary: Path) -> list[str]:
    found = []
    for file in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if str(temporary).encode() in file.read_bytes():
                found.append(str(file))
    return found


def test_there_are_at_least_sixty() -> None:
    assert len(OWN) + len(SHARED) >= 60
    assert all("about" in tomllib.loads(path.read_text("utf-8")) for path in (*OWN, *SHARED))
