"""The log of requests."""

import json
import logging
from collections.abc import Iterator

import httpx2
import pytest
from fastapi import FastAPI
from starlette.types import Message

from app.core.database import get_engine
from app.core.logging import configure_logging

NAMES = (None, "uvicorn", "uvicorn.access")


@pytest.fixture(autouse=True)
def _keep_the_log() -> Iterator[None]:
    """Put pytest's own handlers back after the test."""
    loggers = [logging.getLogger(name) for name in NAMES]
    before = [(each.level, each.handlers[:], each.propagate) for each in loggers]
    yield
    for logger, (level, handlers, propagate) in zip(loggers, before, strict=True):
        logger.setLevel(level)
        logger.handlers[:] = handlers
        logger.propagate = propagate


def entries(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


async def test_each_request_is_a_line_with_its_id(
    client: httpx2.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging("INFO")

    response = await client.get("/books/7", headers={"X-Request-ID": "trace-0001"})

    [entry] = [entry for entry in entries(capsys) if entry["message"] == "request"]
    assert response.headers["X-Request-ID"] == "trace-0001"
    assert entry["request_id"] == "trace-0001"
    assert (entry["method"], entry["path"], entry["status"]) == ("GET", "/api/v1/books/7", 404)
    assert isinstance(entry["milliseconds"], float)


@pytest.mark.parametrize("sent", ["", "short", "x" * 65, "line\tbreak", "é" * 8])
async def test_an_id_that_does_not_fit_is_replaced(client: httpx2.AsyncClient, sent: str) -> None:
    response = await client.get("/health", headers={b"X-Request-ID": sent.encode()})

    assert len(response.headers["X-Request-ID"]) == 32


def test_an_exception_is_part_of_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("INFO")

    try:
        raise LookupError("nowhere")
    except LookupError:
        logging.getLogger("uvicorn.error").exception("It went wrong.")

    [entry] = entries(capsys)
    assert (entry["level"], entry["message"]) == ("ERROR", "It went wrong.")
    assert "LookupError: nowhere" in str(entry["exception"])


async def test_the_start_configures_the_log_and_the_end_closes_the_connections(
    application: FastAPI, capsys: pytest.CaptureFixture[str]
) -> None:
    connections: list[str] = []

    async def receive() -> dict[str, str]:
        if not connections:
            async with get_engine().connect():
                connections.append("opened")
            return {"type": "lifespan.startup"}
        logging.getLogger("uvicorn.error").info("started")
        connections.append(get_engine().pool.status())
        return {"type": "lifespan.shutdown"}

    async def send(message: Message) -> None:
        assert message["type"] in ("lifespan.startup.complete", "lifespan.shutdown.complete")

    await application({"type": "lifespan", "app": application}, receive, send)

    assert "Connections in pool: 1" in connections[1]
    assert "Connections in pool: 0" in get_engine().pool.status()
    assert entries(capsys)[0]["message"] == "started"
