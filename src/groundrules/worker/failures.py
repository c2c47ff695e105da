"""Telling what went wrong in the trainee's code, and where, as plain JSON."""

import asyncio
import linecache
import sys
import traceback
from pathlib import Path
from typing import Any

from groundrules.worker.protocol import FRAME_LIMIT, JSON, TEXT_LIMIT


def describe(error: BaseException, folder: Path) -> dict[str, JSON]:
    """Return an exception as JSON, with the frames of its traceback that lie below `folder`."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    frames = [
        _frame(frame.f_code.co_filename, line, folder)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if _is_below(frame.f_code.co_filename, folder)
    ]
    if isinstance(error, SyntaxError) and error.filename and _is_below(error.filename, folder):
        frames.append(_frame(error.filename, error.lineno or 1, folder))
    if len(frames) > FRAME_LIMIT:
        frames = frames[: FRAME_LIMIT // 2] + frames[-FRAME_LIMIT // 2 :]
    return {
        "kind": type(error).__name__,
        "message": _text(error),
        "kinds": [kind.__name__ for kind in type(error).__mro__],
        "frames": frames,
    }


def waiting_frames(folder: Path) -> list[JSON]:
    """Return, for every task of the running loop, the innermost line below `folder` it waits at."""
    frames: list[JSON] = []
    for task in asyncio.all_tasks():
        innermost: JSON = None
        awaited: Any = task.get_coro()
        while awaited is not None:
            frame = _attribute(awaited, "frame")
            if frame is not None and _is_below(frame.f_code.co_filename, folder):
                innermost = _frame(frame.f_code.co_filename, frame.f_lineno, folder)
            awaited = _attribute(awaited, "await") or getattr(awaited, "gi_yieldfrom", None)
        if innermost is not None:
            frames.append(innermost)
    return frames[:FRAME_LIMIT]


def _attribute(awaited: Any, name: str) -> Any:
    for prefix in ("cr_", "ag_", "gi_"):
        if hasattr(awaited, prefix + name):
            return getattr(awaited, prefix + name)
    return None


def _frame(file: str, line: int, folder: Path) -> JSON:
    source = linecache.getline(file, line).strip()
    shown = Path(file).relative_to(folder).as_posix()
    return {"file": shown, "line": line, "source": source[:TEXT_LIMIT]}


def _is_below(file: str, folder: Path) -> bool:
    path = Path(file)
    return path.is_relative_to(folder) and not path.is_relative_to(sys.prefix)


def _text(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return str(error.msg)
    try:
        return str(error)[:TEXT_LIMIT]
    except BaseException:
        return "(its message cannot be shown)"
