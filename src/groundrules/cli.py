"""The `groundrules` command.

`check` must answer in a blink, so that it is run without Typer where it is written plainly: importing
that takes longer than checking a small project. Help and mistakes are left to Typer.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from groundrules.terminal import Format


@dataclass
class Check:
    """What `groundrules check` is asked for."""

    path: Path = field(default_factory=Path)
    package: str | None = None
    select: list[str] = field(default_factory=list)
    ignore: list[str] = field(default_factory=list)
    format: Format = "text"
    cache: bool = True


def plain_check(args: Sequence[str]) -> Check | None:
    """Return what a check is asked for; None for anything but a path and whole options."""
    found, paths, rest = Check(), list[str](), list(args)
    while rest:
        name, given, value = rest.pop(0).partition("=")
        if not name.startswith("-"):
            paths.append(name + given + value)
            continue
        if name == "--no-cache" and not given:
            found.cache = False
            continue
        if not given and not rest:
            return None
        value = value if given else rest.pop(0)
        if name in ("--select", "--ignore"):
            getattr(found, name[2:]).append(value)
        elif name == "--package":
            found.package = value
        elif name == "--format" and value in get_args(Format):
            found.format = value  # type: ignore[assignment]
        else:
            return None
    if len(paths) > 1:
        return None
    found.path = Path(*paths)
    return found


def main() -> None:
    """Run the command line; the entry point of the package.

    A bad option or argument is one line on standard error, and exit status 2.
    """
    asked = plain_check(sys.argv[2:]) if sys.argv[1:2] == ["check"] else None
    try:
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


def _check(asked: Check) -> int:
    from groundrules.rules.command import run_check

    try:
        return run_check(
            asked.path,
            asked.package,
            asked.select,
            asked.ignore,
            asked.format,
            cache=asked.cache,
        )
    except KeyboardInterrupt:
        return 130


def _run_typer() -> int:
    import typer

    from groundrules.commands import app

    try:
        status = app(standalone_mode=False)
    except typer.Abort:
        return 130
    except Exception as error:
        explain = getattr(error, "format_message", None)
        if explain is None:
            raise
        message = " ".join(explain().split()).rstrip(".")
        if message:  # otherwise the help was asked for, and shown
            print(f"{message}. See `groundrules --help`.", file=sys.stderr)
        return 2
    return status if isinstance(status, int) else 0
