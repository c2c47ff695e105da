"""Wrong versions of the application are caught where they are wrong; right ones pass, however unusual.

`groundrules.course.versions` says how they are written. There are many, and each takes seconds. So a few
of each step are drawn by a fixed seed. For all of them:

    groundrules course verify
"""

import os
import random
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from groundrules.course.progress import TestResult
from groundrules.course.versions import Kind, Version, versions_of
from tests.course.conftest import COURSE

SEED = 20
FEW: dict[Kind, int] = {"wrong": 3, "right": 1}  # of each step


def drawn(kind: Kind) -> list[Version]:
    """Return some versions of each step, or all."""
    versions = versions_of(COURSE, kind)
    if os.environ.get("GROUNDRULES_VERSIONS") == "all":
        return list(versions)
    found: list[Version] = []
    for step in COURSE.ready_steps:
        of_step = versions_of(COURSE, kind, step)
        found += random.Random(SEED).sample(of_step, FEW[kind])
    return found


def parameters(kind: Kind) -> list[Any]:
    return [
        pytest.param(
            version,
            id=version.name,
            marks=pytest.mark.skipif(not version.runs_here, reason="a newer Python is needed"),
        )
        for version in sorted(drawn(kind), key=lambda version: version.name)
    ]


@pytest.fixture(scope="module")
def verdicts(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[list[TestResult]]]]:
    """The verdicts on all versions of this run, by path; two at a time, for they take a while."""
    chosen: list[Any] = [
        item.callspec.params["version"]
        for item in request.session.items
        if isinstance(item, pytest.Function)
        and item.path == request.path
        and "version" in item.callspec.params
    ]

    def judged(version: Version) -> list[TestResult]:
        folder = tmp_path_factory.mktemp("version")
        version.write(COURSE, folder)
        return version.judge(COURSE, folder)

    pool = ThreadPoolExecutor(2)
    yield {version.path: pool.submit(judged, version) for version in chosen}
    pool.shutdown(cancel_futures=True)


@pytest.mark.slow
@pytest.mark.parametrize("version", parameters("wrong"))
def test_a_wrong_version_is_caught_at_its_demand(
    version: Version, verdicts: dict[str, Future[list[TestResult]]]
) -> None:
    assert version.problem(verdicts[version.path].result()) is None


@pytest.mark.slow
@pytest.mark.parametrize("version", parameters("right"))
def test_a_right_version_passes(
    version: Version, verdicts: dict[str, Future[list[TestResult]]]
) -> None:
    assert version.problem(verdicts[version.path].result()) is None
