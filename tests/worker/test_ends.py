"""What ends or breaks the worker is told, nothing of it stays behind, and the next request works."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from groundrules.worker.errors import Ended, WorkerError
from tests.worker.conftest import Start, must_be_fine, only_forks


async def test_sys_exit_in_a_task_is_told_with_its_status(start: Start) -> None:
    app = start(
        """
        import asyncio, sys

        async def leave() -> None:
            sys.exit(3)

        @app.get("/exit")
        async def exit() -> None:
            await asyncio.create_task(leave())
        """
    )

    with pytest.raises(Ended, match=r"^GET /exit ended the whole process with exit status 3"):
        await app.get("/exit")

    await must_be_fine(app)


async def test_an_answer_that_breaks_off_is_told(start: Start) -> None:
    app = start(
        """
        from collections.abc import Iterator
        from fastapi.responses import StreamingResponse

        @app.get("/half")
        async def half() -> StreamingResponse:
            def body() -> Iterator[str]:
                yield "half"
                raise ValueError("broken off")
            return StreamingResponse(body())
        """
    )

    with pytest.raises(
        WorkerError, match=r"^GET /half closed the connection without a complete response"
    ):
        await app.get("/half")

    assert "ValueError: broken off" in map(str, app.account().raised)
    await must_be_fine(app)


async def test_os_exit_at_import_is_told(start: Start) -> None:
    app = start("import os\nos._exit(0)", other="def four() -> int:\n    return 4")

    with pytest.raises(
        Ended, match=r"^The import of app.main ended the whole process with exit status 0"
    ):
        await app.get("/fine")

    assert await app.other.four() == 4


async def test_os_exit_in_a_handler_is_told(start: Start) -> None:
    app = start(
        """
        import os

        @app.get("/exit")
        async def exit() -> None:
            os._exit(0)
        """
    )

    with pytest.raises(Ended, match=r"^GET /exit ended the whole process with exit status 0"):
        await app.get("/exit")

    await must_be_fine(app)


async def test_a_crash_of_the_interpreter_is_told_with_its_signal(start: Start) -> None:
    app = start(
        """
        import ctypes

        @app.get("/crash")
        async def crash() -> None:
            ctypes.string_at(0)
        """
    )

    with pytest.raises(Ended, match=r"^GET /crash crashed the Python interpreter \(SIGSEGV\)\.$"):
        await app.get("/crash")

    await must_be_fine(app)


@only_forks
async def test_a_child_that_keeps_everything_open_delays_nothing(start: Start) -> None:
    app = start(
        """
        import os, time

        @app.get("/fork")
        async def fork() -> None:
            if os.fork() == 0:
                os.setsid()
                open("child", "w").write(str(os.getpid()))
                time.sleep(1000)
            while not os.path.exists("child") or not open("child").read():
                time.sleep(0.01)
            os._exit(0)
        """
    )

    with pytest.raises(Ended, match=r"^GET /fork ended the whole process with exit status 0"):
        await app.get("/fork")

    await must_be_fine(app)


@only_forks
async def test_children_of_a_worker_end_with_it(start: Start, folder: Path) -> None:
    app = start(
        """
        import subprocess

        @app.get("/spawn")
        async def spawn() -> int:
            return subprocess.Popen(["sleep", "1000"], start_new_session=True).pid
        """,
        os="import os\n\ndef kill() -> None:\n    os.kill(os.getpid(), 9)",
    )
    child = (await app.get("/spawn")).json()

    with pytest.raises(Ended):
        await app.os.kill()

    must_end(child)


@only_forks
async def test_memory_eaten_without_end_is_told_with_its_line(start: Start) -> None:
    app = start(
        """
        @app.get("/eat")
        async def eat() -> None:
            eaten = []
            while True:
                eaten.append(bytes(50_000_000))
        """
    )

    response = await app.get("/eat")

    assert response.status_code == 500
    [raised] = app.account().raised
    assert raised.kind == "MemoryError"
    assert raised.frames[-1].source == "eaten.append(bytes(50_000_000))"
    await must_be_fine(app)


async def test_closing_all_descriptors_is_told(start: Start) -> None:
    app = start(
        """
        import os

        @app.get("/close")
        async def close() -> None:
            os.closerange(0, 1000)
        """
    )

    with pytest.raises(Ended, match=r"^GET /close broke the worker's event loop or connection"):
        await app.get("/close")

    await must_be_fine(app)


@only_forks
async def test_a_killed_fork_server_is_replaced(start: Start) -> None:
    app = start(
        """
        import os, signal

        @app.get("/patricide")
        async def patricide() -> None:
            os.kill(os.getppid(), signal.SIGKILL)
        """
    )
    await must_be_fine(app)

    lost = app._runner.worker()
    with suppress(Ended):  # unless the answer is quicker
        await app.get("/patricide")
    await lost.gone()

    await must_be_fine(app)


def must_end(pid: int) -> None:
    """Fail unless a process ends within a second."""
    deadline = time.monotonic() + 1
    with suppress(ProcessLookupError):
        while time.monotonic() < deadline:
            os.kill(pid, 0)
            time.sleep(0.01)
        os.kill(pid, signal.SIGKILL)
        pytest.fail(f"process {pid} lives")
