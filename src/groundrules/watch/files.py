"""Noticing that files of the exercises were saved, in whatever way an editor does it."""

import threading
from collections.abc import Callable
from pathlib import Path

from groundrules.course.states import files_below

Stamps = dict[Path, tuple[int, int, int]]

EVERY = 1.0  # seconds between two looks at the files where events tell of them
EVERY_POLLED = 0.25  # seconds where none do


def stamps(folder: Path) -> Stamps:
    """Return what changes when a file is saved, of each file of source."""
    found: Stamps = {}
    for path in files_below(folder):
        try:
            state = path.stat()
        except OSError:
            continue  # a link to nothing, or gone since
        found[path] = (state.st_mtime_ns, state.st_size, state.st_ino)
    return found


def changed(before: Stamps, after: Stamps) -> list[Path]:
    """Return the files that differ, were made or were deleted."""
    return sorted(
        path for path in before.keys() | after.keys() if before.get(path) != after.get(path)
    )


def tell_of_events(folder: Path, post: Callable[[], None], stop: threading.Event) -> None:
    """Call `post` on each event below the folder, in a thread of its own, until `stop` is set."""
    from watchfiles import watch

    def follow() -> None:
        try:
            for _ in watch(
                folder,
                debounce=200,
                step=20,
                stop_event=stop,
                rust_timeout=500,
                raise_interrupt=False,
            ):
                post()
        except (OSError, RuntimeError):
            pass  # the folder is gone, or the system has no more watches: it is looked at instead

    threading.Thread(target=follow, daemon=True).start()
