"""The databases that wait for the next check: the verdicts are those of a run that makes its own."""

import asyncio
import os
import queue
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import closing

import pytest

from groundrules import postgres
from groundrules.course.states import state_after, write_state
from groundrules.course.steps import Course
from groundrules.watch.checks import Checked, Checks
from tests.watch.conftest import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing waits without a fork"),
]
MIGRATION = "migrations/versions/0002_copies.py"
Check = Callable[[str], tuple[int, int, str]]


@pytest.fixture
def check(course: Course) -> Iterator[Check]:
    """What checks a task, and returns how many tests passed, of how many, and the first finding."""
    done: queue.SimpleQueue[Checked] = queue.SimpleQueue()
    of_other_tests = own_databases()
    with closing(Checks(course.root, done.put)) as checks:

        def run(named: str) -> tuple[int, int, str]:
            checks.order(named)
            report = done.get(timeout=120).report
            assert report is not None
            passed = sum(test["passed"] for test in report["tests"])
            return passed, len(report["tests"]), str(report["first"])

        yield run
    assert own_databases() == of_other_tests


def own_databases() -> list[str]:
    """Return the databases of this process."""

    async def names() -> list[str]:
        async with postgres.connection(postgres.ensure(ROOT)) as session:
            found = await session.fetch("SELECT datname FROM pg_database")
        return [row["datname"] for row in found if f"_{os.getpid()}_" in row["datname"]]

    return asyncio.run(names())


def wait_for_databases(label: str, but: Collection[str] = ()) -> set[str]:
    """Return three databases that wait for the next check, as soon as there are as many new ones."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found = {name for name in own_databases() if name.endswith(label)} - {*but}
        if len(found) >= 3:
            return found
        time.sleep(0.1)
    raise AssertionError(f"no {label} waits: {own_databases()}")


def test_a_changed_migration_is_seen_and_so_is_its_repair(course: Course, check: Check) -> None:
    write_state(course, 5, course.root / "exercises")
    migration = course.root / "exercises" / MIGRATION
    right = migration.read_text(encoding="utf-8")
    user = course.root / "exercises" / "app/models/user.py"

    before = wait_for_databases("spare")
    for _ in range(3):  # the first makes the tables, those after it have copies
        passed, tests, _first = check("05.3")
        assert passed == tests > 0
        before = wait_for_databases("copy", but=before)
    migration.write_text(
        right.replace("def upgrade() -> None:", "def upgrade() -> None:\n    1 / 0\n")
    )
    broken = check("05.3")
    migration.write_text(right, encoding="utf-8")
    repaired = check("05.3")

    assert broken[0] == 0
    assert "step 04 comes first, alembic upgrade head raises ZeroDivisionError" in broken[2]
    assert repaired[0] == repaired[1] > 0
    assert user.read_bytes() == state_after(course, 5)["app/models/user.py"].read_bytes()


def test_what_a_check_leaves_in_its_database_is_not_there_for_the_next(
    course: Course, check: Check
) -> None:
    write_state(course, 3, course.root / "exercises")
    loan = course.root / "exercises" / "app/models/loan.py"
    right = loan.read_text(encoding="utf-8")
    wait_for_databases("spare")
    assert check("03.5")[0] == check("03.5")[0] > 0
    wait_for_databases("copy")

    loan.write_text(right.replace('__tablename__ = "loans"', '__tablename__ = "loan"'))
    passed, tests, first = check("03.5")

    assert passed < tests
    assert "There is no table loans" in first
