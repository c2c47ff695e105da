"""What does not come to an end is told with the line at which it is, and the next request works.

A process that was not forked can tell less: not whether a line runs or waits, and nothing of C code.
"""

import os
import signal
import time

import pytest

from groundrules.worker.errors import Hung, MachineTrouble
from tests.worker.conftest import Start, must_be_fine, only_forks, spot


async def test_an_endless_loop_at_import_is_told_with_its_line(start: Start) -> None:
    app = start("while True:\n    pass", starts_within=0.6)

    with pytest.raises(
        Hung, match=r"^The import of app.main did not end within 0.6 s: (this line|it is still)"
    ) as told:
        await app.get("/fine")

    assert spot(told.value) in ("app/main.py: while True:", "app/main.py: pass")


@pytest.mark.slow
async def test_a_start_that_failed_is_not_tried_again(start: Start) -> None:
    app = start("while True:\n    pass", starts_within=0.6)
    with pytest.raises(Hung):
        await app.get("/fine")

    began = time.monotonic()
    with pytest.raises(Hung):
        await app.get("/fine")

    assert time.monotonic() - began < 0.3


async def test_after_an_endless_import_other_modules_can_be_called(start: Start) -> None:
    app = start(
        "while True:\n    pass", starts_within=0.6, other="def four() -> int:\n    return 4"
    )
    with pytest.raises(Hung):
        await app.get("/fine")

    assert await app.other.four() == 4


@only_forks
async def test_a_module_whose_import_hung_is_not_imported_with_other_variables(
    start: Start,
) -> None:
    app = start("from app import slow", limit=0.6, slow="while True:\n    pass")
    with pytest.raises(Hung):
        await app.get("/fine")

    began = time.monotonic()
    async with app.started(WISH="another") as other:
        for again in (other.slow.four(), other.get("/fine")):
            with pytest.raises(Hung, match=r"^The import of app.main"):
                await again

    assert time.monotonic() - began < 0.3


async def test_an_endless_loop_in_a_handler_is_told_with_its_line(start: Start) -> None:
    app = start(
        """
        @app.get("/loop")
        async def loop() -> None:
            while True:
                pass
        """,
        limit=0.8,
    )
    await must_be_fine(app)

    with pytest.raises(
        Hung,
        match=r"^GET /loop did not end within 0.8 s: (this line is still running|it is still at)",
    ):
        await app.get("/loop")

    await must_be_fine(app)


@pytest.mark.slow
@only_forks
async def test_a_loop_that_python_cannot_interrupt_is_told_with_its_line(start: Start) -> None:
    app = start(
        """
        import re

        @app.get("/regex")
        async def regex() -> None:
            re.match("(a+)+$", "a" * 99 + "b")
        """,
        limit=0.8,
    )
    await must_be_fine(app)

    with pytest.raises(Hung, match=r"^GET /regex did not end") as told:
        await app.get("/regex")

    assert spot(told.value) == 'app/main.py: re.match("(a+)+$", "a" * 99 + "b")'
    await must_be_fine(app)


async def test_a_handler_that_waits_for_ever_is_told_with_its_line(start: Start) -> None:
    app = start(
        """
        import asyncio
        from contextlib import asynccontextmanager

        @asynccontextmanager
        async def lifespan(app: FastAPI):
            yield

        app.router.lifespan_context = lifespan

        @app.get("/wait")
        async def wait() -> None:
            await asyncio.Event().wait()
        """,
        limit=0.8,
    )
    await must_be_fine(app)

    with pytest.raises(
        Hung, match=r"^GET /wait did not end within 0.8 s: (it is waiting|it is still)"
    ) as told:
        await app.get("/wait")

    assert [frame.source for frame in told.value.frames] == ["await asyncio.Event().wait()"]
    await must_be_fine(app)


@pytest.mark.slow
async def test_a_handler_that_sleeps_in_a_thread_is_told_with_its_line(start: Start) -> None:
    app = start(
        """
        import time

        @app.get("/sleep")
        def sleep() -> None:
            time.sleep(1000)
        """,
        limit=0.8,
    )
    await must_be_fine(app)

    with pytest.raises(
        Hung, match=r"^GET /sleep did not end within 0.8 s: (it is waiting|it is still)"
    ) as told:
        await app.get("/sleep")

    assert spot(told.value) == "app/main.py: time.sleep(1000)"


@pytest.mark.slow
async def test_an_import_that_waits_on_a_socket_is_told_with_its_line(start: Start) -> None:
    app = start(
        """
        import socket
        listener = socket.create_server(("127.0.0.1", 0))
        listener.accept()
        """,
        starts_within=0.8,
    )

    with pytest.raises(
        Hung, match=r"^The import of app.main did not end .* (it is waiting|it is still) at"
    ) as told:
        await app.get("/fine")

    assert spot(told.value) == "app/main.py: listener.accept()"


async def test_a_start_up_that_waits_for_ever_is_told_with_its_line(start: Start) -> None:
    app = start(
        """
        import asyncio
        from contextlib import asynccontextmanager

        @asynccontextmanager
        async def lifespan(app: FastAPI):
            await asyncio.Event().wait()
            yield

        app.router.lifespan_context = lifespan
        """,
        starts_within=0.8,
    )

    with pytest.raises(Hung) as told:
        await app.get("/fine")

    assert spot(told.value) == "app/main.py: await asyncio.Event().wait()"


@only_forks
async def test_a_busy_worker_that_sleeps_is_told_to_wait(start: Start) -> None:
    app = start(
        """
        import time

        @app.get("/work")
        async def work() -> None:
            end = time.process_time() + 0.5
            while time.process_time() < end:
                pass

        @app.get("/sleep")
        async def sleep() -> None:
            time.sleep(1000)
        """,
        limit=1,
    )
    with app.taking(10):
        await app.get("/work")

    with pytest.raises(Hung, match=r"^GET /sleep did not end within 1 s: it is waiting at") as told:
        await app.get("/sleep")

    assert spot(told.value) == "app/main.py: time.sleep(1000)"


@only_forks
async def test_a_machine_that_gives_no_time_is_not_the_trainees_fault(start: Start) -> None:
    app = start("", other="import os\n\ndef number() -> int:\n    return os.getpid()", limit=0.8)
    await must_be_fine(app)
    os.kill(await app.other.number(), signal.SIGSTOP)

    with pytest.raises(
        MachineTrouble, match=r"^GET /fine .* only 0.0 s of processor time: the machine"
    ):
        await app.get("/fine")

    await must_be_fine(app)
