"""The command line itself: its help and its groups of commands."""

from typing import Annotated

import typer

from groundrules import __version__, db

app = typer.Typer(
    no_args_is_help=True,
    help="Learn a team's FastAPI backend rules by building one application, and check any project.",
)
app.add_typer(db.app, name="db")
authors = typer.Typer(no_args_is_help=True, help="Maintain the course: for its authors.")
app.add_typer(authors, name="course")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"groundrules {__version__}")
        raise typer.Exit


@app.callback()
def groundrules(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Learn a team's FastAPI backend rules by building one application, and check any project."""
