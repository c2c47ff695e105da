"""Requests to the application: many at a time, and answers that do not come as they should."""

import asyncio

import pytest

from groundrules.worker.errors import Hung, WorkerError
from tests.worker.conftest import Start, must_be_fine, only_forks


async def test_every_method_is_sent(start: Start) -> None:
    app = start(
        """
        from fastapi import Request

        @app.api_route("/method", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
        async def method(request: Request) -> str:
            return request.method
        """
    )

    answers = [
        await send("/method") for send in (app.get, app.post, app.put, app.patch, app.delete)
    ]

    assert [each.json() for each in answers] == ["GET", "POST", "PUT", "PATCH", "DELETE"]


@only_forks
async def test_fifty_requests_run_at_the_same_time(start: Start) -> None:
    app = start(
        """
        import asyncio

        arrived = 0
        all_here = asyncio.Event()

        @app.get("/together")
        async def together() -> int:
            global arrived
            arrived += 1
            if arrived == 50:
                all_here.set()
            await all_here.wait()
            return arrived
        """
    )

    answers = await asyncio.gather(*(app.get("/together") for _ in range(50)))

    assert [each.json() for each in answers] == [50] * 50


@only_forks
async def test_an_answer_that_drips_for_ever_ends_in_time(start: Start) -> None:
    app = start(
        """
        import asyncio
        from collections.abc import AsyncIterator
        from fastapi.responses import StreamingResponse

        @app.get("/drip")
        async def drip() -> StreamingResponse:
            async def drops() -> AsyncIterator[bytes]:
                while True:
                    yield b"x"
                    await asyncio.sleep(0.05)
            return StreamingResponse(drops())
        """,
        limit=0.8,
    )
    await must_be_fine(app)

    with pytest.raises(Hung, match=r"^GET /drip did not end within 0.8 s"):
        await app.get("/drip")

    await must_be_fine(app)


@only_forks
async def test_an_answer_that_is_too_large_is_told(start: Start) -> None:
    app = start('@app.get("/large")\nasync def large() -> str:\n    return "x" * 6_000_000')

    with pytest.raises(WorkerError, match=r"^GET /large returned more than 5 MiB"):
        await app.get("/large")

    await must_be_fine(app)


@pytest.mark.slow
@only_forks
async def test_what_may_take_longer_is_waited_for(start: Start) -> None:
    app = start(
        """
        import asyncio

        @app.get("/slow")
        async def slow() -> str:
            await asyncio.sleep(1)
            return "done"
        """,
        limit=0.7,
    )
    await must_be_fine(app)

    with app.taking(5):
        answer = await app.get("/slow")

    assert answer.json() == "done"
    with pytest.raises(Hung, match=r"^GET /slow did not end within 0.7 s"):
        await app.get("/slow")
