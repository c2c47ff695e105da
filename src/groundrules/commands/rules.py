"""Commands for any project: its findings, its baseline, and the rules."""

from pathlib import Path
from typing import Annotated

import typer

from groundrules.commands.root import app
from groundrules.terminal import Format

Package = Annotated[
    str | None, typer.Option(help="The application package, if it is not found automatically.")
]


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
        list[str] | None,
        typer.Option(
            help="Rules to check, such as GR201,GR4, instead of those that pyproject.toml selects."
        ),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(help="Rules to ignore, instead of those that pyproject.toml ignores."),
    ] = None,
    output: Annotated[Format, typer.Option("--format", help="The output format.")] = "text",
    baseline: Annotated[
        Path | None,
        typer.Option(
            help="A file of accepted findings. The default is groundrules-baseline.toml next to "
            "pyproject.toml."
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            help="Report only what is new since a commit, such as origin/main.", metavar="REV"
        ),
    ] = None,
    output_file: Annotated[
        Path | None, typer.Option(help="Write the report to a file instead of standard output.")
    ] = None,
    stdin_filename: Annotated[
        Path | None,
        typer.Option(
            help="Read this file's code from standard input and report only its findings."
        ),
    ] = None,
    no_baseline: Annotated[
        bool,
        typer.Option("--no-baseline", help="Also report the findings that the baseline lists."),
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
    """Check that a project follows the rules, without running its code.

    Exits with 0 if there are no findings, with 1 if there are some, and with 2 if the check could not run.
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
            help="The file. The default is groundrules-baseline.toml next to pyproject.toml.",
        ),
    ] = None,
    grow: Annotated[
        bool, typer.Option("--grow", help="Also add new findings to an existing baseline.")
    ] = False,
) -> None:
    """Write the current findings to a file, so that `check` reports only new ones.

    Run the command again to remove the entries that have been fixed.
    """
    from groundrules.rules.command import run_baseline

    raise typer.Exit(run_baseline(path, package, file, grow=grow))


@app.command()
def rules(
    code: Annotated[
        str | None,
        typer.Argument(
            help="A rule to explain, such as GR201, or `test`.", metavar="[CODE | test]"
        ),
    ] = None,
    tested: Annotated[
        str | None,
        typer.Argument(
            help="After `test`: one of your own rules. The default is all of them.", metavar="[OWN]"
        ),
    ] = None,
    as_instructions: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write instructions for coding agents to a section of a file, such as AGENTS.md.",
        ),
    ] = None,
    check: Annotated[
        bool,
        typer.Option("--check", help="Write nothing, and exit with 1 if that file is out of date."),
    ] = False,
) -> None:
    """List the rules, explain one, test your own rules, or write instructions for coding agents.

    `groundrules rules test` runs the cases of the rules that `own-rules` in pyproject.toml names.
    """
    from groundrules.rules.explaining import explain_rule, list_rules

    if check and as_instructions is None:
        raise typer.BadParameter("--check needs --as-instructions FILE")
    if as_instructions is not None:
        from groundrules.rules.instructions import write_instructions

        if code is not None:
            raise typer.BadParameter("--as-instructions writes all rules: leave the code out")
        raise typer.Exit(write_instructions(as_instructions, check=check))
    if code == "test":
        from groundrules.rules.proving import test_rules

        raise typer.Exit(test_rules(tested))
    if tested is not None:
        raise typer.BadParameter(f"a second code is for `test`: groundrules rules test {tested}")
    if code is None:
        list_rules()
    else:
        raise typer.Exit(explain_rule(code))
