"""The `groundrules` command.

`check` must answer in a blink, so that it is run without Typer where it is written plainly: importing
that takes longer than checking a small project. Help and mistakes are left to Typer.
"""

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from groundrules.rules.options import Check


def main() -> None:
    """Run the command line; the entry point of the package.

    A bad option or argument is one line on standard error, and exit status 2.
    """
    try:
        asked = _plain_check()
        status = _run_typer() if asked is None else _check(asked)
        sys.stdout.flush()
    except BrokenPipeError:  # who reads this has seen enough
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(nowhere, stream.fileno())
        status = 1
    except KeyboardInterrupt:  # before a command has begun, which may take a second
        status = 130
    sys.exit(status)


def _plain_check() -> "Check | None":
    if sys.argv[1:2] != ["check"]:
        return None
    from groundrules.rules.options import plain_check

    return plain_check(sys.argv[2:])


def _check(asked: "Check") -> int:
    from groundrules.rules.command import run_check

    try:
        return run_check(asked)
    except KeyboardInterrupt:
        return 130


def _run_typer() -> int:
    from importlib.util import find_spec

    import typer

    from groundrules.commands import app

    try:
        status = app(standalone_mode=False)
    except typer.Abort:
        return 130
    except ModuleNotFoundError as error:
        if find_spec("fastapi") is not None:
            raise
        print(
            f"This command is a part of the course, which needs {error.name} and other packages: type "
            "`python3 course.py start`, which installs them.",
            file=sys.stderr,
        )
        return 2
    except Exception as error:
        explain = getattr(error, "format_message", None)
        if explain is None:
            raise
        message = " ".join(explain().split()).rstrip(".")
        if message:  # otherwise the help was asked for, and shown
            end = "" if message.endswith("?") else "."
            print(f"{message}{end} See `groundrules --help`.", file=sys.stderr)
        return 2
    return status if isinstance(status, int) else 0
