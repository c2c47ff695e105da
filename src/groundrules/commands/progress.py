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
    """Check your code and show your progress in the course."""
    from groundrules.course import command

    with plain_errors():
        command.status(as_json)


@app.command(name="list")
def list_tasks(
    step: Annotated[
        str | None,
        typer.Argument(help="The step whose tasks to list. The default is the next one."),
    ] = None,
) -> None:
    """List the steps and the tasks of one step, and show which are done."""
    from groundrules.course import command

    with plain_errors():
        command.list_tasks(step)


@app.command()
def watch(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="[TASK or STEP]",
            help="A task, such as 05.3, or a step. The default is the next one.",
        ),
    ] = None,
    poll: Annotated[
        bool,
        typer.Option("--poll", help="Poll the files, for systems that do not report saves."),
    ] = False,
    manual: Annotated[
        bool, typer.Option("--manual", help="Check when you press Enter, not after each save.")
    ] = False,
) -> None:
    """Check the current task after each save and show the one thing to do next."""
    from groundrules.watch.session import watch as run

    with plain_errors():
        run(what, poll=poll, manual=manual)


@app.command()
def hint(
    task: Annotated[
        str | None, typer.Argument(help="A task, such as 01.2. The default is the next one.")
    ] = None,
    number: Annotated[
        str, typer.Argument(help="The number of the hint. Each says more than the one before.")
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
    """Start a step in exercises/, with all steps before it done for you.

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
    """Reset a file, or all files of a task, to their state at the start.

    Your files are saved first, and `groundrules undo` restores them.
    """
    from groundrules.course import command

    with plain_errors():
        command.reset(what)


@app.command()
def undo() -> None:
    """Undo the last goto, reset or update. Run it again to undo the one before."""
    from groundrules.course import command

    with plain_errors():
        command.undo()


@app.command()
def update(
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="[FOLDER or REMOTE]",
            help="Where the newer course is. The default is the git remote of this clone.",
        ),
    ] = None,
) -> None:
    """Replace the course with a newer version and keep your own work.

    Replaces the stubs that you have not changed and lists the new requirements of the lessons.
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
            help="A file as in the lessons, such as app/main.py. The default is all files."
        ),
    ] = None,
    force: Annotated[
        bool,
        typer.Option("--force", help="Compare with the finished application and reveal its code."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Compare your files with the course's version, for the steps that you have finished."""
    from groundrules.course.compare import compare as run

    with plain_errors():
        run(file, force=force, as_json=as_json)
