"""The marks of a suite's tests."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

rules_so_far = pytest.mark.rules_so_far
"""Run the test once for each rule that holds at the end of the step; it gets the code as `rule`."""

when_begun = pytest.mark.when_begun
"""Run the test only when none of its task's files is a stub any more, for what takes all of them."""

waits = pytest.mark.waits
"""Begin the test before others: it waits for the clock, and they can run meanwhile."""


def task(task_id: str, *demands: str) -> pytest.MarkDecorator:
    """Name the task that a test belongs to, as in `"05.2"`, and the demands of its lesson that it holds."""
    return pytest.mark.task(task_id, demands)


@contextmanager
def demand(*names: str) -> Iterator[None]:
    """Name those of a test's demands that are broken if the code inside fails; the innermost counts."""
    try:
        yield
    except Exception as error:
        if not broken_demands(error):
            error.__dict__["demands"] = names
        raise


def broken_demands(error: BaseException) -> tuple[str, ...]:
    """Return the names that a `demand` around the failing code gave; none if there was none."""
    found: tuple[str, ...] = error.__dict__.get("demands", ())
    return found
