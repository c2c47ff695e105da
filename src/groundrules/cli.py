"""The `groundrules` command.

Only what a command needs is imported, and only when it runs: `check` must answer in a blink.
"""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from groundrules import db

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Learn a team's FastAPI backend rules by building one application, and check code by them.",
)
app.add_typer(db.app, name="db")


@app.callback()
def groundrules() -> None:
    """Learn a team's FastAPI backend rules by building one application, and check code by them."""


@app.command()
def check(
    path: Annotated[
        Path, typer.Argument(help="The folder that holds the package, or the package itself.")
    ] = Path(),
    package: Annotated[
        str | None, typer.Option(help="The application package, if it is not found by itself.")
    ] = None,
    select: Annotated[
        list[str] | None, typer.Option(help="Codes to check, as in GR201,GR202; all by default.")
    ] = None,
    ignore: Annotated[list[str] | None, typer.Option(help="Codes to leave out.")] = None,
    output: Annotated[
        Literal["text", "json", "github", "sarif"],
        typer.Option("--format", help="How to print the findings."),
    ] = "text",
) -> None:
    """Check a project by the rules, without running it.

    Exits with 0 if nothing is found, 1 if something is, 2 if it could not check.
    """
    from groundrules.rules.command import run_check

    raise typer.Exit(run_check(path, package, select or [], ignore or [], output))


@app.command()
def rules(
    code: Annotated[str | None, typer.Argument(help="A rule to explain, such as GR201.")] = None,
) -> None:
    """List the rules, or explain one."""
    from groundrules.rules.command import explain_rule, list_rules

    if code is None:
        list_rules()
    else:
        raise typer.Exit(explain_rule(code))


def main() -> None:
    """Run the command line; the entry point of the package.

    A bad option or argument is one line on standard error, and exit status 2.
    """
    try:
        status = app(standalone_mode=False)
    except typer.Abort:
        sys.exit(130)
    except Exception as error:
        explain = getattr(error, "format_message", None)
        if explain is None:
            raise
        message = " ".join(explain().split()).rstrip(".")
        if message:  # otherwise the help was asked for, and shown
            typer.echo(f"{message}. See `groundrules --help`.", err=True)
        sys.exit(2)
    sys.exit(status if isinstance(status, int) else 0)
