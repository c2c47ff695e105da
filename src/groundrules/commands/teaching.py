"""The commands that grade a folder of submissions, and convert the grades."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from groundrules.commands.root import app
from groundrules.terminal import plain_errors


@app.command()
def grade(
    submissions: Annotated[
        Path,
        typer.Argument(
            help="A folder with a folder, archive or repository for each person, or a CSV file of names and "
            "paths."
        ),
    ],
    out: Annotated[Path, typer.Option(help="The folder for the gradebook, report and feedback.")],
    steps: Annotated[
        str, typer.Option(help="The steps to grade, such as 01-05 or 03. The default is all.")
    ] = "",
    jobs: Annotated[
        int | None,
        typer.Option(help="How many to grade at a time. The default is one for each core.", min=1),
    ] = None,
    timeout: Annotated[
        float, typer.Option(help="Stop grading a submission after this many seconds.", min=1)
    ] = 600,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Keep the grades of submissions that have not changed."),
    ] = False,
    again: Annotated[
        list[str] | None,
        typer.Option(help="Grade this person again and keep all other grades.", metavar="NAME"),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Grade this person only. Others keep their grades.", metavar="NAME"),
    ] = None,
    isolate: Annotated[
        bool,
        typer.Option(
            "--isolate",
            help="Grade a step that fails once more, with the course's own files of the other steps.",
        ),
    ] = False,
    deadline: Annotated[
        datetime | None,
        typer.Option(
            help="Grade the last commit before it, and mark submissions with newer files as late.",
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"],
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Use the values of the run that had this seed.")
    ] = None,
    explain: Annotated[
        str | None,
        typer.Option(
            help="Explain this person's grade, and grade the same files again.", metavar="NAME"
        ),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            help="Let the workers of the Dask scheduler at this address do the grading, such as tcp://10.0.0.1:8786.",
            metavar="ADDRESS",
        ),
    ] = None,
    trust: Annotated[
        bool,
        typer.Option("--trust", help="Run the code without a sandbox, with all your rights."),
    ] = False,
) -> None:
    """Grade a folder of submissions, each in a sandbox.

    Every person gets a row in gradebook.csv, individual feedback and a row in report.html. Without --cluster,
    nothing leaves this machine.

    Exits with 0 if everybody has a verdict, with 1 if somebody has none, and with 2 if it could
    not start.
    """
    from groundrules.course.steps import find_course
    from groundrules.grade.command import run, steps_named
    from groundrules.grade.session import Wanted
    from groundrules.machine import cores

    with plain_errors():
        course = find_course()
        wanted = Wanted(
            course=course,
            steps=steps_named(course, steps),
            out=out,
            jobs=jobs or cores(),
            timeout=timeout,
            sandbox=not trust,
            resume=resume or bool(again) or bool(only) or explain is not None,
            again=frozenset(again or ([explain] if explain else ())),
            seed=seed,
            deadline=None if deadline is None else deadline.astimezone(),
            isolate=isolate,
            cluster=cluster,
        )
        status = run(wanted, submissions, only or [], explain)
    raise typer.Exit(status)


@app.command()
def export(
    grades: Annotated[
        Path, typer.Argument(help="The folder that `grade` wrote.", metavar="GRADES")
    ],
    platform: Annotated[
        str, typer.Argument(help="moodle, canvas, gradescope or github.", metavar="PLATFORM")
    ],
    sheet: Annotated[
        Path | None,
        typer.Option(help="The CSV file from Moodle or Canvas to fill in."),
    ] = None,
    column: Annotated[
        str, typer.Option(help="The assignment in that file, for Canvas.", metavar="NAME")
    ] = "",
    output_file: Annotated[
        Path | None, typer.Option(help="Write to a file instead of standard output.")
    ] = None,
) -> None:
    """Convert grades to the format of a platform: Moodle, Canvas, Gradescope or GitHub Actions.

    A person without a verdict gets no grade and is named on standard error.

    Exits with 0 if everybody has a grade, with 1 if somebody has none, and with 2 if the conversion failed.
    """
    from groundrules.grade.exporting import run

    with plain_errors():
        status = run(grades, platform, sheet, column, output_file)
    raise typer.Exit(status)
