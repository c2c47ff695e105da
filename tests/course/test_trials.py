"""Versions are judged once, and again when something that the verdict rests on has changed."""

from dataclasses import replace

import pytest

from groundrules.course.progress import TestResult
from groundrules.course.trials import trials
from groundrules.course.versions import Version, versions_of
from tests.course.conftest import Copy, copy_versions

FAILED = TestResult("t::test", "01.4", "01.4", False, "PUT must answer 405", ["only-get"])
WRONG = Version("wrong", "tests/wrong/01-x.toml", 1, "", "01.4", "only-get", "must answer 405")


@pytest.fixture
def copy(copy: Copy) -> Copy:
    """A copy of the course with the versions."""
    copy_versions(copy.root)
    return copy


def named(copy: Copy, name: str) -> Version:
    [version] = [each for each in versions_of(copy.course, "wrong") if each.name == name]
    return version


def test_a_verdict_is_kept_until_what_it_rests_on_changes(copy: Copy) -> None:
    version = named(copy, "01-up-and-running")
    told: list[str] = []

    first = list(trials(copy.course, [version], told.append))
    again = list(trials(copy.course, [version], told.append))

    assert [each.problem for each in (*first, *again)] == [None, None]
    assert told == ["Judging version 1 of 1, 01-up-and-running …"]
    suite = copy.file("steps/01-setup/test_health.py")
    suite.write_text(suite.read_text().replace('== "ok"', '== "up"'))
    [changed] = trials(copy.course, [version], told.append)
    assert changed.problem is not None
    assert "passes task 01.4" in changed.problem


def test_a_version_that_does_not_fit_its_state_is_told(copy: Copy) -> None:
    version = named(copy, "01-up-and-running")
    odd = replace(version, edits={"app/api/health.py": [("nothing", "something")]})

    [trial] = trials(copy.course, [odd], lambda line: None)

    assert trial.problem == (
        f"{version.path} does not fit its state: app/api/health.py contains 0 times: 'nothing'"
    )


@pytest.mark.parametrize(
    ("version", "results", "told"),
    [
        (WRONG, [FAILED], None),
        (WRONG, [], "it passes task 01.4"),
        (WRONG, [replace(FAILED, task="01.3")], "it passes task 01.4"),
        (WRONG, [replace(FAILED, demands=["title"])], "fails only at title"),
        (replace(WRONG, says="405 to GET"), [FAILED], "no message says '405 to GET'"),
        (replace(WRONG, never="405"), [FAILED], "a message says '405'"),
        (
            replace(WRONG, kind="right"),
            [FAILED],
            "it is right, and is refused: PUT must answer 405",
        ),
        (replace(WRONG, kind="right"), [replace(FAILED, passed=True)], None),
    ],
)
def test_a_wrong_version_must_fail_at_its_demand_and_a_right_one_nowhere(
    version: Version, results: list[TestResult], told: str | None
) -> None:
    problem = version.problem(results)

    assert problem == told or (told is not None and problem is not None and told in problem)
