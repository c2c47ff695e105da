"""The commands of `groundrules`, each with its options and its help.

Only what a command needs is imported, and only when it runs.
"""

import json
from pathlib import Path
from typing import Annotated

import typer

from groundrules import __version__, db
from groundrules.grade.command import grade
from groundrules.terminal import Format, plain_errors

Package = Annotated[
    str | None, typer.Option(help="The application package, if it is not found automatically.")
]
app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Learn a team's FastAPI backend rules by building one application, and check any project.",
)
app.add_typer(db.app, name="db")
app.command()(grade)
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
        int | None, typer.Argument(help="The step whose tasks to list; by default, the next one.")
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
    step: Annotated[int, typer.Argument(help="The number of the step to start.")],
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
    """Undo the last goto or reset; run it again to undo the one before."""
    from groundrules.course import command

    with plain_errors():
        command.undo()


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


@app.command()
def serve(
    folder: Annotated[
        Path | None,
        typer.Option(
            "--app", help="The folder that contains the app package; by default, solution."
        ),
    ] = None,
    port: Annotated[int, typer.Option(help="The port, on this machine only.", max=65535)] = 8000,
    reload: Annotated[
        bool, typer.Option("--reload", help="Restart when the code changes.")
    ] = False,
) -> None:
    """Serve the finished application, or yours, with a login and some sample books.

    It has its own database, which is kept for the next time. For your application: --app exercises
    """
    from groundrules.serve import serve as run

    with plain_errors():
        status = run(folder, port, reload=reload)
    raise typer.Exit(status)


@app.command()
def doctor() -> None:
    """Show what the course needs, what is missing of it, and how to get it.

    Exits with 0 if all is there, and with 1 if something is missing.
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

    `python3 course.py docs` installs the packages that it needs first.
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

    `python3 course.py notebooks` installs the packages that it needs first. Press Ctrl-C twice to stop.
    """
    from groundrules.notebooks.jupyter import start as run

    with plain_errors():
        status = run(port, browser=browser)
    raise typer.Exit(status)


@app.command()
def check(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            help="The folder that contains the package, the package itself, or files and folders of it."
        ),
    ] = None,
    package: Package = None,
    select: Annotated[
        list[str] | None, typer.Option(help="Rules to check, such as GR201,GR4; by default, all.")
    ] = None,
    ignore: Annotated[list[str] | None, typer.Option(help="Rules to ignore.")] = None,
    output: Annotated[Format, typer.Option("--format", help="The output format.")] = "text",
    baseline: Annotated[
        Path | None,
        typer.Option(
            help="A file of accepted findings; by default, groundrules-baseline.toml beside pyproject.toml."
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            help="Report only what is new since a commit, such as origin/main.", metavar="REV"
        ),
    ] = None,
    output_file: Annotated[
        Path | None, typer.Option(help="Write the report to a file, instead of standard output.")
    ] = None,
    stdin_filename: Annotated[
        Path | None,
        typer.Option(help="Read this file's code from standard input, and report it alone."),
    ] = None,
    no_baseline: Annotated[
        bool, typer.Option("--no-baseline", help="Report what the baseline lists, too.")
    ] = False,
    statistics: Annotated[
        bool, typer.Option("--statistics", help="Print the number of findings by rule instead.")
    ] = False,
    exit_zero: Annotated[
        bool, typer.Option("--exit-zero", help="Exit with 0 even if there are findings.")
    ] = False,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Do not reuse results of unchanged files.")
    ] = False,
) -> None:
    """Check that a project keeps the rules, without running its code.

    Exits with 0 if there are no findings, 1 if there are some, 2 if it could not check.
    """
    from groundrules.rules.command import run_check
    from groundrules.rules.options import Check

    asked = Check(
        paths or [],
        package,
        select or [],
        ignore or [],
        output,
        baseline,
        since,
        output_file,
        stdin_filename,
        no_cache,
        no_baseline,
        statistics,
        exit_zero,
    )
    raise typer.Exit(run_check(asked))


@app.command()
def baseline(
    path: Annotated[
        Path, typer.Argument(help="The folder that contains the package, or the package itself.")
    ] = Path(),
    package: Package = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--baseline",
            help="The file; by default, groundrules-baseline.toml beside pyproject.toml.",
        ),
    ] = None,
    grow: Annotated[
        bool, typer.Option("--grow", help="Add new findings to an existing baseline, too.")
    ] = False,
) -> None:
    """Write the findings of today to a file, so that `check` reports new ones only.

    Run again, it removes from the file whatever has been fixed.
    """
    from groundrules.rules.command import run_baseline

    raise typer.Exit(run_baseline(path, package, file, grow=grow))


@app.command()
def rules(
    code: Annotated[str | None, typer.Argument(help="A rule to explain, such as GR201.")] = None,
    as_instructions: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the rules for coding agents to a section of a file, such as AGENTS.md.",
        ),
    ] = None,
    check: Annotated[
        bool,
        typer.Option("--check", help="Write nothing; exit with 1 if that file is out of date."),
    ] = False,
) -> None:
    """List the rules, explain one, or write them down for coding agents."""
    from groundrules.rules.explaining import explain_rule, list_rules

    if check and as_instructions is None:
        raise typer.BadParameter("--check needs --as-instructions FILE")
    if as_instructions is not None:
        from groundrules.rules.instructions import write_instructions

        if code is not None:
            raise typer.BadParameter("--as-instructions writes all rules: leave the code out")
        raise typer.Exit(write_instructions(as_instructions, check=check))
    if code is None:
        list_rules()
    else:
        raise typer.Exit(explain_rule(code))


@authors.command()
def verify(
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    static: Annotated[
        bool, typer.Option("--static", help="Leave out what takes running the suites.")
    ] = False,
) -> None:
    """Check the course itself: lessons, demands, tests, states and versions.

    Prints how many tests hold each demand of the lessons and how many wrong versions break it. To run the
    suites on all versions takes about half an hour the first time. If you stop it, the next call continues.

    Exits with 0 if all is well, and with 1 and a line for each problem if not.
    """
    from groundrules.course.matrix import as_data, as_text
    from groundrules.course.steps import find_course, say
    from groundrules.course.verify import verify as problems

    with plain_errors():
        course, found = find_course(), []
        for problem in problems(course, say, static=static):
            found.append(problem)
            typer.echo(str(problem), err=as_json)
        if as_json:
            told = [{"place": each.place, "text": each.text} for each in found]
            typer.echo(json.dumps({"problems": told, "steps": as_data(course)}, indent=2))
        elif not found:
            typer.echo(as_text(course))
    well = "No problems, as far as shows without running the suites." if static else "No problems."
    typer.echo(f"Problems: {len(found)}." if found else well, err=bool(found) or as_json)
    raise typer.Exit(1 if found else 0)


@authors.command()
def digests() -> None:
    """Update the digests of steps/ and solution/; run it after a change there."""
    from groundrules.course.digests import write_digests
    from groundrules.course.steps import find_course

    with plain_errors():
        written = write_digests(find_course())
    typer.echo(f"Written: {written}")
