"""The commands of `groundrules`, each with its options and its help.

Only what a command needs is imported, and only when it runs.
"""

from pathlib import Path
from typing import Annotated

import typer

from groundrules import db
from groundrules.terminal import Format, plain_errors

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Learn a team's FastAPI backend rules by building one application, and check code by them.",
)
app.add_typer(db.app, name="db")
authors = typer.Typer(no_args_is_help=True, help="Look after the course, for those who write it.")
app.add_typer(authors, name="course")


@app.callback()
def groundrules() -> None:
    """Learn a team's FastAPI backend rules by building one application, and check code by them."""


@app.command()
def start() -> None:
    """Set up, show where you stand in the course, and say what to do next."""
    from groundrules.course import command

    with plain_errors():
        command.start()


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show where you stand in the course, by checking your code."""
    from groundrules.course import command

    with plain_errors():
        command.status(as_json)


@app.command()
def hint(
    task: Annotated[
        str | None, typer.Argument(help="The task, as 01.2; the next one to do if left out.")
    ] = None,
    number: Annotated[str, typer.Argument(help="Which hint; each says more than the last.")] = "1",
) -> None:
    """Give a hint for a task."""
    from groundrules.course import command

    with plain_errors():
        command.hint(task, number)


@app.command()
def goto(
    step: Annotated[int, typer.Argument(help="The step to begin, by its number.")],
) -> None:
    """Make exercises/ what it is when a step begins, with all steps before it done.

    What you have is saved first, and `groundrules undo` brings it back.
    """
    from groundrules.course import command

    with plain_errors():
        command.go_to(step)


@app.command()
def reset(
    what: Annotated[
        str | None,
        typer.Argument(help="A task, as 01.2, or a file as the lessons name it: app/main.py."),
    ] = None,
) -> None:
    """Put the files of a task, or one file, back to what you began with.

    What you have is saved first, and `groundrules undo` brings it back.
    """
    from groundrules.course import command

    with plain_errors():
        command.reset(what)


@app.command()
def undo() -> None:
    """Take back the last goto or reset; again, the one before it."""
    from groundrules.course import command

    with plain_errors():
        command.undo()


@app.command()
def compare(
    file: Annotated[
        str | None,
        typer.Argument(help="A file as the lessons name it, app/main.py; all of them if left out."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Compare with the finished application at once.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Compare your files with the course's own, as far as you have finished its steps."""
    from groundrules.course.compare import compare as run

    with plain_errors():
        run(file, force=force, as_json=as_json)


@app.command()
def serve(
    folder: Annotated[
        Path | None,
        typer.Option("--app", help="The folder that holds the app package; solution by default."),
    ] = None,
    port: Annotated[int, typer.Option(help="The port, on this machine only.", max=65535)] = 8000,
    reload: Annotated[
        bool, typer.Option("--reload", help="Restart when the code changes.")
    ] = False,
) -> None:
    """Serve the finished application, or yours, with a login and some books to play with.

    It has a database of its own, which stays for the next time. For yours: --app exercises
    """
    from groundrules.serve import serve as run

    with plain_errors():
        status = run(folder, port, reload=reload)
    raise typer.Exit(status)


@app.command()
def docs(
    port: Annotated[
        int, typer.Option(help="The port, on this machine only.", min=1, max=65535)
    ] = 8080,
) -> None:
    """Serve the documentation: lessons, rules, guides and reference, without the network.

    `python3 course.py docs` installs first what it needs.
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

    `python3 course.py notebooks` installs first what it needs. Stop it with Ctrl-C, twice.
    """
    from groundrules.notebooks.jupyter import start as run

    with plain_errors():
        status = run(port, browser=browser)
    raise typer.Exit(status)


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
        Format,
        typer.Option("--format", help="How to print the findings."),
    ] = "text",
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Check anew, even if nothing has changed.")
    ] = False,
) -> None:
    """Check a project by the rules, without running it.

    Exits with 0 if nothing is found, 1 if something is, 2 if it could not check.
    """
    from groundrules.rules.command import run_check

    status = run_check(path, package, select or [], ignore or [], output, cache=not no_cache)
    raise typer.Exit(status)


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


@authors.command()
def verify() -> None:
    """Check the course itself: that its exercises fail, its states pass, and its lessons are whole.

    Exits with 0 if all holds, and 1 with a line for each thing to mend.
    """
    from groundrules.course.steps import find_course, say
    from groundrules.course.verify import verify as problems

    with plain_errors():
        count = 0
        for problem in problems(find_course(), say):
            count += 1
            typer.echo(str(problem))
    typer.echo(f"{count} to mend." if count else "All holds.", err=bool(count))
    raise typer.Exit(1 if count else 0)


@authors.command()
def digests() -> None:
    """Write the digests of steps/ and solution/ anew, after you have changed something there."""
    from groundrules.course.digests import write_digests
    from groundrules.course.steps import find_course

    with plain_errors():
        written = write_digests(find_course())
    typer.echo(f"Written: {written}")
