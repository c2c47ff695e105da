"""What the commands print on."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

Format = Literal["text", "json", "github", "sarif"]  # of the findings


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
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        where = error.filename2 or error.filename
        place = f"{where}: " if where else ""
        print(f"{place}{reason}; mend that and try again.", file=sys.stderr)
        raise typer.Exit(2) from None
