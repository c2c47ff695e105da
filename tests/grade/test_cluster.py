"""Grading by the workers of a Dask scheduler: real processes, some of which are killed."""

import csv
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import pytest

from tests.grade.conftest import Class, Graded, needs_sandbox

pytestmark = [
    pytest.mark.slow,
    needs_sandbox,
    pytest.mark.skipif(find_spec("distributed") is None, reason="needs Dask"),
]

DASK = str(Path(sys.executable).with_name("dask"))


class Cluster:
    """A scheduler and its workers."""

    def __init__(self, course: Path, stack: ExitStack) -> None:
        self._course = course
        self._stack = stack
        self._numbers = count()
        self.scheduler, line = self._start("scheduler", "--port=0", until="Scheduler at:")
        match = re.search(r"tcp://\S+", line)
        assert match
        self.address = match[0]

    def worker(self, course: Path | None = None) -> "subprocess.Popen[bytes]":
        """Start a worker that judges one submission at a time."""
        arguments = (self.address, "--nthreads=1", "--no-nanny")
        return self._start("worker", *arguments, until="Registered to:", course=course)[0]

    def _start(
        self, what: str, *arguments: str, until: str, course: Path | None = None
    ) -> tuple["subprocess.Popen[bytes]", str]:
        log = self._course.parent / f"{what}-{next(self._numbers)}.log"
        with log.open("wb") as stream:
            process = subprocess.Popen(
                [DASK, what, "--host=127.0.0.1", "--no-dashboard", *arguments],
                cwd=self._course.parent,
                env={**os.environ, "GROUNDRULES_COURSE": str(course or self._course)},
                stdout=stream,
                stderr=stream,
            )
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)
        wait_for(lambda: until in log.read_text("utf-8"))
        return process, next(line for line in log.read_text("utf-8").splitlines() if until in line)


@pytest.fixture
def cluster(class_: Class) -> Iterator[Cluster]:
    with ExitStack() as stack:
        yield Cluster(class_.clone.root, stack)


def without_seconds(graded: Graded) -> list[dict[str, str]]:
    with (graded.folder / "gradebook.csv").open(encoding="utf-8", newline="") as file:
        return [{**row, "seconds": ""} for row in csv.DictReader(file)]


def begin(class_: Class, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        class_.command(*arguments),
        cwd=class_.clone.root,
        env={**os.environ, **class_.clone.environment, **class_.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_for(is_so: Callable[[], bool]) -> None:
    for _ in range(600):
        if is_so():
            return
        time.sleep(0.05)
    raise AssertionError("It took too long.")


def judged_by(worker: "subprocess.Popen[bytes]") -> bool:
    """Whether a worker has started a process, which judges."""
    tasks = Path(f"/proc/{worker.pid}/task").iterdir()
    return any((task / "children").read_text().strip() for task in tasks)


def test_a_worker_that_is_killed_costs_no_grade_and_the_gradebook_is_the_same(
    class_: Class, cluster: Cluster
) -> None:
    for name in ("Ada", "Bob", "Cyd"):
        class_.hand_in(name)
    class_.hand_in("Dan", health="raise ValueError\n")
    (class_.folder / "Eve").mkdir()
    here = without_seconds(class_.grade("--seed=7"))
    doomed, _ = cluster.worker(), cluster.worker()

    run = begin(class_, "--seed=7", f"--cluster={cluster.address}")
    wait_for(lambda: judged_by(doomed))
    doomed.kill()
    told, _ = run.communicate(timeout=120)

    there = Graded(run.returncode, told, "", class_.out)
    assert without_seconds(there) == here
    assert run.returncode == 1  # for Eve, who has handed in nothing
    assert "Traceback" not in told


def test_a_worker_with_another_course_is_told_so(
    class_: Class, cluster: Cluster, tmp_path: Path
) -> None:
    class_.hand_in("Ada")
    other = tmp_path / "other"
    subprocess.run(["cp", "-r", class_.clone.root, other], check=True)
    suite = next((other / "steps").glob("01-*/test_*.py"))
    suite.write_text(suite.read_text("utf-8") + "\n# changed\n", "utf-8")
    cluster.worker(other)

    graded = class_.grade(f"--cluster={cluster.address}")

    assert graded.statuses == {"Ada": "trouble"}
    assert "the course, the tool or the Python is another one here" in graded.out


def test_without_its_scheduler_a_run_ends_in_a_sentence_and_goes_on_later(
    class_: Class, cluster: Cluster
) -> None:
    for name in ("Ada", "Bob", "Cyd"):
        class_.hand_in(name)
    worker = cluster.worker()
    run = begin(class_, f"--cluster={cluster.address}")
    assert run.stdout is not None
    first = run.stdout.readline()

    cluster.scheduler.kill()
    worker.send_signal(signal.SIGTERM)
    told, _ = run.communicate(timeout=120)

    assert "ok" in first
    assert run.returncode == 2
    assert "is gone. What is graded is kept: add --resume to go on." in told
    graded = class_.grade("--resume")
    assert graded.statuses == {"Ada": "ok", "Bob": "ok", "Cyd": "ok"}


def test_no_scheduler_is_one_sentence(class_: Class) -> None:
    class_.hand_in("Ada")

    graded = class_.grade("--cluster=tcp://127.0.0.1:9")

    assert (graded.status, graded.err.count("\n")) == (2, 1)
    assert "There is no scheduler at tcp://127.0.0.1:9" in graded.err
