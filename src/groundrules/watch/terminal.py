"""The terminal as `watch` uses it: keys one by one, and a screen of its own that is given back whole."""

import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from groundrules.terminal import wants_colour
from groundrules.watch.screen import Size, draw
from groundrules.watch.state import State

OPENED = "\x1b[?1049h\x1b[?25l"  # another screen, and no cursor
CLOSED = "\x1b[?25h\x1b[?1049l"


def is_interactive() -> bool:
    """Whether somebody looks at a terminal and can type in it."""
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def size() -> Size:
    """Return the size of the terminal."""
    columns, lines = shutil.get_terminal_size((80, 24))
    return Size(columns, lines)


def show(state: State) -> None:
    """Draw the state, in one write, so that nothing flickers."""
    lines = draw(state, size(), colour=wants_colour())
    sys.stdout.write("\x1b[H" + "\n".join(f"{line}\x1b[K" for line in lines))
    sys.stdout.flush()


@contextmanager
def screen(post_key: Callable[[str], None], post_resize: Callable[[], None]) -> Iterator[None]:
    """Take the terminal over, and give it back as it was, however this ends."""
    with _keys(post_key):
        sys.stdout.write(OPENED)
        try:
            with _signals(post_resize):
                yield
        finally:
            sys.stdout.write(CLOSED)
            sys.stdout.flush()


@contextmanager
def _signals(post_resize: Callable[[], None]) -> Iterator[None]:
    def resized(number: int, frame: FrameType | None) -> None:
        post_resize()

    def ended(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    handlers: dict[str, Any] = {
        "SIGWINCH": resized,
        "SIGTERM": ended,
        "SIGHUP": ended,
        "SIGTSTP": signal.SIG_IGN,  # Ctrl-Z would leave the shell on this screen
    }
    before = {
        getattr(signal, name): signal.signal(getattr(signal, name), handler)
        for name, handler in handlers.items()
        if hasattr(signal, name)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


if sys.platform == "win32":

    @contextmanager
    def _keys(post: Callable[[str], None]) -> Iterator[None]:
        import msvcrt

        def read() -> None:
            while True:
                post(msvcrt.getwch())

        os.system("")  # lets the console understand escape sequences
        threading.Thread(target=read, daemon=True).start()
        yield

else:

    @contextmanager
    def _keys(post: Callable[[str], None]) -> Iterator[None]:
        import termios
        import tty

        def read() -> None:
            while typed := os.read(descriptor, 64):
                text = typed.decode(errors="replace")
                # An arrow or a function key is one key, whose letters mean nothing.
                for key in [text] if text.startswith("\x1b") else text:
                    post(key)

        descriptor = sys.stdin.fileno()
        before = termios.tcgetattr(descriptor)
        tty.setcbreak(descriptor)
        threading.Thread(target=read, daemon=True).start()
        try:
            yield
        finally:
            termios.tcsetattr(descriptor, termios.TCSAFLUSH, before)
