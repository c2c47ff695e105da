"""What a trainee is told of a refusal that is another than it must be."""

import pytest

from groundrules.course.steps import Course
from groundrules.testing.failures import explain
from groundrules.testing.snapshot import Snapshot
from groundrules.worker.errors import Raised
from tests.worker.conftest import ROOT, Start, only_forks


@only_forks
async def test_the_refusal_that_must_come_is_told(start: Start) -> None:
    app = start("", other="def lend() -> None:\n    raise ValueError('no.')")
    with pytest.raises(Raised) as told, app.refuses("NoCopyLeft"):
        await app.other.lend()

    words = explain(
        told.value, Course(ROOT), Course(ROOT).task("01.2")[1], None, Snapshot(ROOT, ROOT)
    )

    assert words is not None
    assert "app/other.py:2  ValueError: no; it must raise NoCopyLeft." in str(words)
