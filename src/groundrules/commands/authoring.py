"""Commands for the authors of the course."""

import json
from typing import Annotated

import typer

from groundrules.commands.root import authors
from groundrules.terminal import plain_errors


@authors.command()
def verify(
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    static: Annotated[
        bool, typer.Option("--static", help="Skip every check that runs the suites.")
    ] = False,
) -> None:
    """Check the course itself: lessons, requirements, tests, states and versions.

    Prints how many tests cover each requirement of the lessons and how many wrong versions break it. Running
    the suites on all versions takes about half an hour the first time. If you stop the command, the next call
    continues where it stopped.

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
    """Update the checksums of steps/ and solution/. Run this after you change a file there."""
    from groundrules.course.digests import write_digests
    from groundrules.course.steps import find_course

    with plain_errors():
        written = write_digests(find_course())
    typer.echo(f"Written: {written}")
