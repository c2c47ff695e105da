"""The `groundrules` command.

Only what a command needs is imported, and only when it runs: `check` must answer in a blink.
"""

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


def main() -> None:
    """Run the command line; the entry point of the package."""
    app()
