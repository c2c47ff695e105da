"""The part of the pytest plugin that runs the tests of suites beside each other."""

import os
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from groundrules.machine import cores
from groundrules.testing.fixtures import STEP, Fixtures
from groundrules.testing.lanes import Lanes

if TYPE_CHECKING:
    from groundrules.testing.plugin import Suites

TESTS_PER_LANE = 8  # fewer are done before another fork has its database
MOST_LANES = 6


class Parallel:
    """Runs tests in forks, where there are enough of them, and tells of each in its order."""

    def __init__(self, config: pytest.Config, suites: "Suites", fixtures: Fixtures) -> None:
        self._lanes = lanes(config)
        self._suites = suites
        self._fixtures = fixtures

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Run all tests, or leave that to pytest."""
        items = session.items
        if (
            session.testsfailed
            or session.config.option.collectonly
            or not all(STEP in item.stash for item in items)
        ):
            return None
        worth = [item for item in items if self._suites.obstacle(item) is None]
        number = min(self._lanes, len(worth) // TESTS_PER_LANE)
        if number < 2:
            return None
        self._fixtures.begin_lanes(number, {item.stash[STEP].number for item in worth})
        forks = Lanes(number, self._fixtures.enter_lane, self._run, self._fixtures.leave_lane)
        with closing(forks.outcomes(items, _waits)) as outcomes:
            for item, outcome in outcomes:
                if outcome is None:  # the fork was lost
                    self._suites.pytest_runtest_protocol(item, None)
                else:
                    self._suites.reports, seed_used = outcome
                    self._fixtures.seed_used |= seed_used
                    self._suites.tell(item)
                if session.shouldfail:
                    raise session.Failed(session.shouldfail)
                if session.shouldstop:
                    raise session.Interrupted(session.shouldstop)
        self._fixtures.end_lanes()
        return True

    def _run(self, item: pytest.Item) -> tuple[list[pytest.TestReport], bool]:
        # Which test is next is not known: whatever is not the session's own is torn down.
        nextitem: Any = item.session
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=nextitem)
        return self._suites.reports, self._fixtures.seed_used


def _waits(item: pytest.Item) -> bool:
    return item.get_closest_marker("waits") is not None


def lanes(config: pytest.Config) -> int:
    """Return how many tests may run at a time: one, where somebody wants to look at it."""
    option = config.option
    watched = option.capture == "no" or option.usepdb or option.trace or option.setupshow
    if watched or not hasattr(os, "fork"):
        return 1
    wanted: int | None = config.getoption("--groundrules-lanes")
    if wanted is not None:
        return wanted
    return min(cores() + 1, MOST_LANES)  # one more than can run: a test waits half of its time
