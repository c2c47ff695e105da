"""Commands that serve something, and the one that says what they need."""

from pathlib import Path
from typing import Annotated

import typer

from groundrules.commands.root import app
from groundrules.terminal import plain_errors


@app.command()
def serve(
    folder: Annotated[
        Path | None,
        typer.Option(
            "--app", help="The folder that contains the app package. The default is solution."
        ),
    ] = None,
    port: Annotated[int, typer.Option(help="The port, on this machine only.", max=65535)] = 8000,
    reload: Annotated[
        bool, typer.Option("--reload", help="Restart when the code changes.")
    ] = False,
    browse: Annotated[
        bool, typer.Option("--open", help="Open its documentation in a browser.")
    ] = False,
) -> None:
    """Serve the finished application, or yours, with a login and some sample books.

    The application gets its own database, which is kept for the next time. To serve yours, use
    --app exercises.
    """
    from groundrules.serve import serve as run

    with plain_errors():
        status = run(folder, port, reload=reload, browse=browse)
    raise typer.Exit(status)


@app.command()
def doctor() -> None:
    """Show what the course needs, what is missing, and how to install it.

    Exits with 0 if nothing is missing, and with 1 otherwise.
    """
    from groundrules.course.doctor import doctor as run

    with plain_errors():
        status = run()
    raise typer.Exit(status)


@app.command()
def docs(
    port: Annotated[
        int, typer.Option(help="The port, on this machine only.", min=1, max=65535)
    ] = 8080,
) -> None:
    """Serve the documentation on this machine: lessons, rules, guides and reference.

    `python3 course.py docs` first installs the packages that this needs.
    """
    from groundrules.site.serve import serve as run

    with plain_errors():
        status = run(port)
    raise typer.Exit(status)


@app.command()
def notebooks(
    port: Annotated[
        int, typer.Option(help="The port, on this machine only.", min=1, max=65535)
    ] = 8888,
    browser: Annotated[bool, typer.Option(help="Open a browser.")] = True,
) -> None:
    """Open the explorations in JupyterLab: a notebook for each step.

    `python3 course.py notebooks` first installs the packages that this needs. Press Ctrl-C twice to stop.
    """
    from groundrules.notebooks.jupyter import start as run

    with plain_errors():
        status = run(port, browser=browser)
    raise typer.Exit(status)
