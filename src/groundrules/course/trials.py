"""The suites tried on wrong and right versions; what is known already is not run again."""

import json
import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from groundrules.course.progress import Say, TestResult
from groundrules.course.steps import Course, CourseError
from groundrules.course.versions import Version, digest_of

AT_ONCE = 2
KEPT = ".groundrules/versions.json"


@dataclass(frozen=True)
class Trial:
    """A verdict on a version; `problem` is None if it is as it must be."""

    version: Version
    problem: str | None


def trials(course: Course, versions: Sequence[Version], say: Say) -> Iterator[Trial]:
    """Judge versions, and keep each verdict with a digest of what it rests on as soon as it is there.

    So a call that is broken off loses at most the two that were being judged. Those that need a newer Python
    are left out. `say` is told of the progress.
    """
    kept = _Kept(course)
    able = [version for version in versions if version.runs_here]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        running = [
            pool.submit(_judged, course, version, kept, partial(_begin, say, number, len(able)))
            for number, version in enumerate(able, start=1)
        ]
        try:
            for version, outcome in zip(able, running, strict=True):
                yield Trial(version, outcome.result())
        finally:
            pool.shutdown(cancel_futures=True)


def _begin(say: Say, number: int, count: int, version: Version) -> None:
    say(f"Judging version {number} of {count}, {version.name} …")


def _judged(
    course: Course, version: Version, kept: "_Kept", begin: Callable[[Version], None]
) -> str | None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "version"
        try:
            version.write(course, folder)
        except CourseError as error:
            return f"it does not fit: {error}"
        digest = digest_of(course, version, folder)
        results = kept.get(version, digest)
        if results is None:
            begin(version)
            results = version.judge(course, folder)
            kept.put(version, digest, results)
    return version.problem(results)


class _Kept:
    """The verdicts in a file; what cannot be read or written is simply judged again."""

    def __init__(self, course: Course) -> None:
        self._file = course.root / KEPT
        self._lock = threading.Lock()

    def get(self, version: Version, digest: str) -> list[TestResult] | None:
        try:
            kept = self._read()[version.path]
            return (
                [TestResult(**each) for each in kept["tests"]] if kept["digest"] == digest else None
            )
        except (KeyError, TypeError):
            return None

    def put(self, version: Version, digest: str, results: Sequence[TestResult]) -> None:
        """Keep what failed, which is all that a verdict on a version needs."""
        failed = [asdict(result) for result in results if not result.passed]
        with self._lock:
            kept = {**self._read(), version.path: {"digest": digest, "tests": failed}}
            try:
                self._file.parent.mkdir(exist_ok=True)
                fresh = self._file.with_suffix(f".{os.getpid()}")
                fresh.write_text(json.dumps(kept), encoding="utf-8")
                fresh.replace(self._file)
            except OSError:
                pass

    def _read(self) -> dict[str, Any]:
        try:
            found = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}
