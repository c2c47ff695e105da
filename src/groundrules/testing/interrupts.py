"""Ending a run on Ctrl-C, wherever it is."""

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interrupt_between_steps() -> Iterator[None]:
    """Let Ctrl-C end a running event loop from between the steps of its tasks.

    Raised inside a task, a `KeyboardInterrupt` would end the task as well, and be told once more as an
    exception that nobody retrieved. The second Ctrl-C ends what does not come to its next step.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    interrupted = False

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal interrupted
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            raise KeyboardInterrupt from None
        if interrupted:
            raise KeyboardInterrupt
        interrupted = True
        loop.call_soon_threadsafe(_stop)

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _stop() -> None:
    raise KeyboardInterrupt
