"""Judging on other machines: a Dask scheduler hands each submission to a worker that is free.

What crosses the network is the submission as an archive, what is asked as JSON, and the outcome as JSON. A
worker judges as this machine would: with its own clone of the course, which must be the same by its digest,
its own PostgreSQL and its own sandbox. Results are never unpickled here: where they come from, code of others
ran.

Dask: https://distributed.dask.org
"""

import io
import json
import logging
import os
import platform
import tarfile
import tempfile
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from groundrules.course.states import files_below
from groundrules.course.steps import Course, CourseError, Step, find_root
from groundrules.grade.judge import Judge, Outcome, Settings

HOME = "GROUNDRULES_COURSE"  # where the clone is on a worker, if the tool is not run from it
PATIENCE = 10  # seconds that the scheduler has to answer
PLAIN = ("msgpack",)  # the only encoding of results that is read


class ClusterJudge:
    """Has suites run by a cluster; `stop` gives up what runs.

    :param address: the scheduler's, such as `tcp://10.0.0.1:8786`.
    :param digest: that of the course and the tool, which the workers must have too.
    """

    def __init__(self, settings: Settings, address: str, digest: str) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise CourseError(
                "Grading on a cluster needs Dask: type `.tools/uv-*/bin/uv sync --extra cluster`."
            ) from None
        logging.getLogger("distributed").setLevel(
            logging.CRITICAL
        )  # what matters is told in a sentence
        self._settings = settings
        self._address = address
        self._digest = digest
        try:
            self._client = Client(
                address,
                timeout=PATIENCE,
                serializers=PLAIN,
                deserializers=PLAIN,
                set_as_default=False,
            )
        except (OSError, ValueError, TimeoutError) as error:
            raise CourseError(
                f"There is no scheduler at {address} ({type(error).__name__}): start one with "
                "`dask scheduler`, and name its address."
            ) from None

    @property
    def size(self) -> int:
        """How many submissions the workers judge at a time; 1 while there are no workers."""
        threads: dict[str, int] = self._client.nthreads()
        return max(1, sum(threads.values()))

    def judge(self, application: Path, steps: tuple[Step, ...] | None = None) -> Outcome:
        """Have an application judged by all steps, or by some; raise `CourseError` if the cluster is gone."""
        settings = self._settings
        asked = {
            "course": [step.number for step in settings.steps],
            "steps": [step.number for step in steps or settings.steps],
            "sandbox": settings.sandbox,
            "seed": settings.seed,
            "timeout": settings.timeout,
            "digest": self._digest,
        }
        future = self._client.submit(
            judge_here, json.dumps(asked), packed(application), pure=False, key=None
        )
        try:
            return _outcome(future.result())
        except CancelledError:
            raise CourseError(
                f"The scheduler at {self._address} is gone. What is graded is kept: add --resume to go on."
            ) from None
        except Exception as error:  # of whatever kind Dask has for what went wrong there
            return Outcome("trouble", 0.0, why=f"The workers failed ({type(error).__name__}).")
        finally:
            future.release()

    def stop(self) -> None:
        """Give up what runs, and leave the cluster."""
        with suppress(Exception):
            self._client.close(timeout=5)


def judge_here(asked: str, archive: bytes) -> str:
    """Judge an application on this worker, and return the outcome as JSON; it never raises."""
    try:
        return json.dumps(asdict(_judged(json.loads(asked), archive)))
    except Exception as error:
        told = " ".join(str(error).split()) or type(error).__name__
        return json.dumps(asdict(Outcome("trouble", 0.0, why=f"{platform.node()}: {told}")))


def packed(application: Path) -> bytes:
    """Return an application as an archive; it has been read before, and contains nothing but files."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for file in files_below(application):
            archive.add(file, file.relative_to(application).as_posix(), recursive=False)
    return stream.getvalue()


def _judged(asked: dict[str, Any], archive: bytes) -> Outcome:
    from groundrules.grade.digests import digest_of_course

    course = _course()
    all_steps = [course.step(number) for number in asked["course"]]
    _must_be_the_same(asked["digest"], digest_of_course(all_steps))
    steps = tuple(course.step(number) for number in asked["steps"])
    if any(step.number > 1 for step in steps):
        from groundrules import postgres

        postgres.ensure(course.root)
    with tempfile.TemporaryDirectory(prefix="groundrules-grade-") as name:
        folder = Path(name) / "copy"
        folder.mkdir()
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as packed_files:
            packed_files.extractall(folder, filter="data")
        settings = Settings(course, steps, asked["sandbox"], asked["seed"], 2, asked["timeout"])
        return Judge(settings).judge(folder)


def _course() -> Course:
    root = find_root(Path(os.environ.get(HOME) or __file__))
    if root is None:
        raise CourseError(f"there is no clone of the course; set {HOME} to its folder.")
    return Course(root)


def _must_be_the_same(wanted: str, own: str) -> None:
    if own != wanted:
        raise CourseError(
            f"the course, the tool or the Python is another one here ({own}, not {wanted}): use the same "
            "commit and the same Python."
        )


def _outcome(told: object) -> Outcome:
    """Return the outcome that a worker told of; what is none is trouble."""
    try:
        return Outcome(**json.loads(str(told)))
    except (ValueError, TypeError):
        return Outcome("trouble", 0.0, why="A worker told of no outcome.")
