"""Telling what went wrong in the trainee's code, and where, as plain JSON."""

import asyncio
import gc
import linecache
import sys
import traceback
from collections.abc import Iterator
from inspect import CO_ASYNC_GENERATOR, CO_GENERATOR
from opcode import opmap
from pathlib import Path
from types import AsyncGeneratorType, CoroutineType, FrameType, GeneratorType, TracebackType
from typing import Any

from groundrules.worker.answers import refused_answer
from groundrules.worker.protocol import FRAME_LIMIT, JSON, NAME_LIMIT, TEXT_LIMIT

AT_A_YIELD = {opmap["YIELD_VALUE"], opmap["RESUME"]}  # where a generator waits, by version


def describe(error: BaseException, folder: Path) -> dict[str, JSON]:
    """Return an exception as JSON, with the frames of its traceback that lie below `folder`."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    frames = [
        _frame(each.tb_frame.f_code.co_filename, each.tb_lineno, folder)
        for each in _raised_through(error.__traceback__)
        if _is_below(each.tb_frame.f_code.co_filename, folder)
    ]
    if isinstance(error, SyntaxError) and error.filename and _is_below(error.filename, folder):
        frames.append(_frame(error.filename, error.lineno or 1, folder))
    message = _text(error)
    refused = refused_answer(error)
    if refused is not None and _is_below(refused[1], folder):
        message, file, line = refused
        frames.append(_frame(file, line, folder))
    if len(frames) > FRAME_LIMIT:
        frames = frames[: FRAME_LIMIT // 2] + frames[-FRAME_LIMIT // 2 :]
    return {
        "kind": type(error).__name__,
        "message": message,
        "kinds": [kind.__name__ for kind in type(error).__mro__],
        "frames": frames,
        "fields": _fields(error),
    }


def running_frames(folder: Path) -> list[JSON]:
    """Return, for every thread of the process, the innermost line below `folder` that it executes."""
    frames: list[JSON] = []
    for thread in sys._current_frames().values():
        for frame, line in traceback.walk_stack(thread):
            if _is_below(frame.f_code.co_filename, folder):
                frames.append(_frame(frame.f_code.co_filename, line, folder))
                break
    return frames[:FRAME_LIMIT]


def waiting_frames(folder: Path, *, starting: bool) -> list[JSON]:
    """Return, for every task of the running loop, the innermost line below `folder` it waits at.

    The lifespan of an application waits at its `yield` for ever: it counts only while it is `starting`.
    """
    frames: list[JSON] = []
    for task in asyncio.all_tasks():
        innermost: JSON = None
        awaited: Any = task.get_coro()
        if awaited.__qualname__ == "LifespanOn.main" and not starting:
            continue
        while awaited is not None:
            frame = _frame_of(awaited)
            if frame is not None and _is_below(frame.f_code.co_filename, folder):
                innermost = _frame(frame.f_code.co_filename, frame.f_lineno, folder)
            awaited = _awaited_by(awaited)
        if innermost is not None:
            frames.append(innermost)
    return frames[:FRAME_LIMIT]


def _raised_through(step: TracebackType | None) -> Iterator[TracebackType]:
    """Yield the steps of a traceback, without generators that an exception of others was thrown into.

    One that waits at its `yield`, as `get_db` does, has not called what raised the exception.
    """
    while step is not None:
        code = step.tb_frame.f_code
        is_generator = code.co_flags & (CO_GENERATOR | CO_ASYNC_GENERATOR)
        if not (is_generator and code.co_code[step.tb_lasti] in AT_A_YIELD):
            yield step
        step = step.tb_next


def _awaited_by(waiting: Any) -> Any:
    """Return what a coroutine, a generator, or a step of an asynchronous generator waits for."""
    if isinstance(waiting, CoroutineType):
        return waiting.cr_await
    if isinstance(waiting, AsyncGeneratorType):
        return waiting.ag_await
    if isinstance(waiting, GeneratorType):
        return waiting.gi_yieldfrom
    kinds = CoroutineType, AsyncGeneratorType, GeneratorType
    return next((each for each in gc.get_referents(waiting) if isinstance(each, kinds)), None)


def _frame_of(waiting: Any) -> FrameType | None:
    for name in ("cr_frame", "ag_frame", "gi_frame"):
        if hasattr(waiting, name):
            frame: FrameType | None = getattr(waiting, name)
            return frame
    return None


def _frame(file: str, line: int, folder: Path) -> JSON:
    source = linecache.getline(file, line).strip()
    shown = Path(file).relative_to(folder).as_posix()
    return {"file": shown, "line": line, "source": source[:TEXT_LIMIT]}


def _is_below(file: str, folder: Path) -> bool:
    path = Path(file)
    return path.is_relative_to(folder) and not path.is_relative_to(sys.prefix)


def _fields(error: BaseException) -> list[JSON]:
    """Return which fields a validation by Pydantic refused."""
    pydantic = sys.modules.get("pydantic")
    if pydantic is None or not isinstance(error, pydantic.ValidationError):
        return []
    try:
        return [".".join(map(str, each["loc"])) for each in error.errors()[:NAME_LIMIT]]
    except Exception:  # what was refused may not even be shown
        return []


def _text(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return str(error.msg)
    try:
        return str(error)[:TEXT_LIMIT]
    except BaseException:
        return "(its message cannot be shown)"
