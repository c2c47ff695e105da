"""Wrong versions of the application are caught where they are wrong; right ones pass, however unusual.

`tests/wrong/*.toml` and `tests/right/*.toml` are each a change of the state after a step:

    state = 1                       # the step after which it is the trainee's code
    task = "01.4"                   # wrong ones: the task whose tests must fail
    says = "must answer 200"        # wrong ones: what the message must say, so that the mistake is found
    never = "cannot be run again"   # wrong ones: what no message may say, if one might accuse falsely
    why = "…"                       # why somebody would write it
    python = "3.12"                 # if older ones cannot run it
    [files]
    "app/api/router.py" = '…'       # files that take the place of the state's
    [edits]
    "app/main.py" = [["old", "new"]]  # or what changes in one; each old text stands in it once

`removed = ["app/models/book.py"]` names files of the state that it does without.

There are many, and each takes seconds. So a few of each step are drawn by a fixed seed. For all of them:

    GROUNDRULES_VERSIONS=all python3 course.py test --all tests/course/test_versions.py
"""

import os
import random
import sys
import tomllib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from groundrules.course.progress import TestResult, run_suites
from groundrules.course.states import write_state
from groundrules.course.steps import Step
from tests.course.conftest import COURSE

TESTS = Path(__file__).parents[1]
SEED = 20
FEW = {"wrong": 3, "right": 1}  # of each step


def drawn(kind: str) -> list[Path]:
    """Return the files of some versions of each step, or of all."""
    paths = sorted((TESTS / kind).glob("*.toml"))
    if os.environ.get("GROUNDRULES_VERSIONS") == "all":
        return paths
    of_step = [list(each) for _, each in groupby(paths, key=lambda path: path.name[:2])]
    return [
        path
        for each in of_step
        for path in sorted(random.Random(SEED).sample(each, min(FEW[kind], len(each))))
    ]


def versions(kind: str) -> list[Any]:
    found = []
    for path in drawn(kind):
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        needed = tuple(map(int, data.get("python", "3.11").split(".")))
        too_old = pytest.mark.skipif(sys.version_info < needed, reason="a newer Python is needed")
        found.append(pytest.param(data, id=path.stem, marks=too_old))
    return found


def verdict_on(version: dict[str, Any], folder: Path) -> list[TestResult]:
    write_state(COURSE, version["state"], folder)
    for file in version.get("removed", ()):
        (folder / file).unlink()
    for file, text in version.get("files", {}).items():
        target = folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text.lstrip("\n"), encoding="utf-8")
    for file, edits in version.get("edits", {}).items():
        text = (folder / file).read_text(encoding="utf-8")
        for old, new in edits:
            assert text.count(old) == 1, f"{file} has {text.count(old)} times: {old}"
            text = text.replace(old, new)
        (folder / file).write_text(text, encoding="utf-8")
    if "task" in version:
        step, task = COURSE.task(version["task"])
        return run_suites(COURSE, folder, [step], task=task)
    return run_suites(COURSE, folder, COURSE.steps[: version["state"]])


@pytest.fixture(scope="module")
def verdicts(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[int, Future[list[TestResult]]]]:
    """The verdicts on all versions of this run, by the version's id; two at a time, for they take a while."""
    chosen: list[Any] = [
        item.callspec.params["version"]
        for item in request.session.items
        if isinstance(item, pytest.Function)
        and item.path == request.path
        and "version" in item.callspec.params
    ]
    pool = ThreadPoolExecutor(2)
    yield {
        id(version): pool.submit(verdict_on, version, tmp_path_factory.mktemp("version"))
        for version in chosen
    }
    pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("step", COURSE.ready_steps, ids=lambda step: step.name)
def test_a_step_is_judged_by_wrong_and_by_right_versions(step: Step) -> None:
    of_step = f"{step.number:02}-*.toml"

    assert len(list((TESTS / "wrong").glob(of_step))) >= 8
    assert len(list((TESTS / "right").glob(of_step))) >= 5


@pytest.mark.slow
@pytest.mark.parametrize("version", versions("wrong"))
def test_a_wrong_version_is_caught_at_its_task(
    version: dict[str, Any], verdicts: dict[int, Future[list[TestResult]]]
) -> None:
    results = verdicts[id(version)].result()

    told = [each.message for each in results if each.task == version["task"] and not each.passed]
    assert told, f"task {version['task']} passes"
    words = [" ".join(message.split()) for message in told]
    assert any(version["says"] in message for message in words), words
    assert "never" not in version or all(version["never"] not in message for message in words), (
        words
    )


@pytest.mark.slow
@pytest.mark.parametrize("version", versions("right"))
def test_a_right_version_passes(
    version: dict[str, Any], verdicts: dict[int, Future[list[TestResult]]]
) -> None:
    results = verdicts[id(version)].result()

    assert [each.message for each in results if not each.passed] == []
