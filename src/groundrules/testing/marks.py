"""The marks of a suite's tests."""

import pytest

rules_so_far = pytest.mark.rules_so_far
"""Run the test once for each rule that holds at the end of the step; it gets the code as `rule`."""

when_begun = pytest.mark.when_begun
"""Run the test only when none of its task's files is a stub any more, for what takes all of them."""

waits = pytest.mark.waits
"""Begin the test before others: it waits for the clock, and they can run meanwhile."""


def task(task_id: str, *rules: str) -> pytest.MarkDecorator:
    """Name the task that a test belongs to, as in `"05.2"`, and the rules it is evidence for."""
    return pytest.mark.task(task_id, rules)
