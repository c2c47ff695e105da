"""Where a system cannot fork, each worker is a process of its own.

The slow tests run everything else in this folder with both kinds.
"""

import pytest

from groundrules.worker.errors import Ended
from tests.worker.conftest import Start, must_be_fine


@pytest.mark.parametrize("launcher", ["process"], indirect=True)
async def test_a_process_of_its_own_serves_and_is_replaced(start: Start) -> None:
    app = start("", other="import os\n\ndef leave() -> None:\n    os._exit(4)")
    await must_be_fine(app)

    with pytest.raises(
        Ended, match=r"^app.other.leave\(\) ended the whole process with exit status 4"
    ):
        await app.other.leave()

    await must_be_fine(app)
