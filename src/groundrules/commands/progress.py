"""Commands for trainees: what to do next, and the files to do it in."""

from typing import Annotated

import typer

from groundrules.commands.root import app
from groundrules.terminal import plain_errors


@app.command()
def start() -> None:
    """Set up the course, show your progress, and name the next task."""
    from groundrules.course import command

    with plain_errors():
        command.start()


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Check your code, and show your progress in the course."""
    from groundrules.course import command

    with plain_errors():
        command.status(as_json)


@app.command(name="list")
def list_tasks(
    step: Annotated[
        str | None, typer.Argument(help="The step whose tasks to list; by default, the next one.")
    ] = None,
) -> None:
    """List the steps and the tasks of one of them, with what is known to be done."""
    from groundrules.course import command

    with plain_errors():
        command.list_tasks(step)


@app.command()
def watch(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="[TASK or STEP]",
            help="A task, such as 05.3, or a step; by default, the next one.",
        ),
    ] = None,
    poll: Annotated[
        bool,
        typer.Option("--poll", help="Look at the files, where the system tells of no saves."),
    ] = False,
    manual: Annotated[
        bool, typer.Option("--manual", help="Check when you press Enter, not after each save.")
    ] = False,
) -> None:
    """Check the task at hand after each save, and show the one thing to do next."""
    from groundrules.watch.session import watch as run

    with plain_errors():
        run(what, poll=poll, manual=manual)


@app.command()
def hint(
    task: Annotated[
        str | None, typer.Argument(help="A task, such as 01.2; by default, the next one.")
    ] = None,
    number: Annotated[
        str, typer.Argument(help="The number of the hint; each says more than the one before.")
    ] = "1",
) -> None:
    """Show a hint for a task."""
    from groundrules.course import command

    with plain_errors():
        command.hint(task, number)


@app.command()
def goto(
    step: Annotated[str, typer.Argument(help="The step to start, such as 03.")],
) -> None:
    """Start a step, with all steps before it done, in exercises/.

    Your files are saved first, and `groundrules undo` restores them.
    """
    from groundrules.course import command

    with plain_errors():
        command.go_to(step)


@app.command()
def reset(
    what: Annotated[
        str | None,
        typer.Argument(help="A task, such as 01.2, or a file as in the lessons: app/main.py."),
    ] = None,
) -> None:
    """Reset a file, or the files of a task, to the state in which you got them.

    Your files are saved first, and `groundrules undo` restores them.
    """
    from groundrules.course import command

    with plain_errors():
        command.reset(what)


@app.command()
def undo() -> None:
    """Undo the last goto, reset or update; run it again to undo the one before."""
    from groundrules.course import command

    with plain_errors():
        command.undo()


@app.command()
def update(
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="[FOLDER or REMOTE]",
            help="Where the newer course is; by default, the git remote of this clone.",
        ),
    ] = None,
) -> None:
    """Replace the course with a newer one, and keep your own work.

    Stubs that you have not touched are renewed, and what the lessons newly demand is listed.
    `groundrules undo` restores the course and your files.
    """
    from groundrules.course import command

    with plain_errors():
        command.update(source)


@app.command()
def compare(
    file: Annotated[
        str | None,
        typer.Argument(
            help="A file as in the lessons, such as app/main.py; by default, all files."
        ),
    ] = None,
    force: Annotated[
        bool,
        typer.Option("--force", help="Compare with the finished application, and reveal its code."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Compare your files with the course's version, for the steps that you have finished."""
    from groundrules.course.compare import compare as run

    with plain_errors():
        run(file, force=force, as_json=as_json)
