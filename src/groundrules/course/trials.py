"""The suites tried on wrong and right versions; what is known already is not run again."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from groundrules.course.kept import Kept
from groundrules.course.progress import Say, TestResult
from groundrules.course.steps import Course, CourseError
from groundrules.course.versions import Version, digest_of
from groundrules.worker.warm import shared_server

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
    kept = Kept(course.root / KEPT)
    able = [version for version in versions if version.runs_here]
    with shared_server(course.root), ThreadPoolExecutor(AT_ONCE) as pool:
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
    course: Course, version: Version, kept: Kept, begin: Callable[[Version], None]
) -> str | None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "version"
        try:
            version.write(course, folder)
        except CourseError as error:
            return str(error)
        digest = digest_of(course, version, folder)
        failed = _results(kept.get(version.path, digest))
        if failed is None:
            begin(version)
            failed = [each for each in version.judge(course, folder) if not each.passed]
            kept.put(version.path, digest, [asdict(each) for each in failed])
    return version.problem(failed)


def _results(found: Any) -> list[TestResult] | None:
    try:
        return [TestResult(**each) for each in found]
    except TypeError:
        return None
