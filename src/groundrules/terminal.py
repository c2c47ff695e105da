"""What the commands print on."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

Format = Literal["text", "concise", "json", "github", "gitlab", "junit", "sarif"]  # of the findings


def wants_colour() -> bool:
    """Whether standard output is a terminal that shows colours, and nobody has asked for none."""
    plain = "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    return sys.stdout.isatty() and not plain


def paint(text: str, style: str) -> str:
    """Return a text as a terminal shows it in a colour, or `bold`; as it is where none is wanted."""
    if not wants_colour():
        return text
    import typer

    return typer.style(text, bold=True) if style == "bold" else typer.style(text, fg=style)


def harmless(text: str) -> str:
    """Return a text in which what does not print, or is no UTF-8, is written as an escape."""
    return "".join(each if each.isprintable() else _escaped(each) for each in text)


def _escaped(character: str) -> str:
    number = ord(character)
    if 0xDC80 <= number <= 0xDCFF:  # a byte of a file's name that is no UTF-8
        number -= 0xDC00
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn an error that is meant for a person into one line on standard error, and exit status 2."""
    import typer

    from groundrules.course.steps import CourseError
    from groundrules.postgres import PostgresError

    try:
        yield
    except (CourseError, PostgresError, ValueError) as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None
    except BrokenPipeError:
        raise  # nobody reads any more, which is no error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        where = error.filename2 or error.filename
        place = f"{harmless(os.fsdecode(where))}: " if where else ""
        print(f"{place}{reason}; fix that and try again.", file=sys.stderr)
        raise typer.Exit(2) from None
