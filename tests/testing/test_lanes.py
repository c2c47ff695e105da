"""Forks that run tests: one that hangs is ended, and what it was at is told to be unknown."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
HANGING = """\
import time
from groundrules.testing.lanes import Lanes

def enter(lane):
    if lane == {hangs}:
        time.sleep(60)

def run(item):
    time.sleep(60 if item == {bad!r} else 0.1)
    return item.upper()

lanes = Lanes(2, enter, run, lambda: None, silence=0.8)
print([*lanes.outcomes([*"abcdef"], lambda item: False)])
"""


@pytest.mark.parametrize(
    ("hangs", "bad", "lost"), [(None, "b", "b"), (1, None, ""), (0, "a", "abcdef")]
)
def test_a_fork_that_hangs_is_given_up(hangs: int | None, bad: str | None, lost: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", HANGING.format(hangs=hangs, bad=bad)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    known = [(each, None if each in lost else each.upper()) for each in "abcdef"]
    assert run.stdout == f"{known}\n", run.stderr
