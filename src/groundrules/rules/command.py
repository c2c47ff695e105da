"""`groundrules check` and `groundrules rules`."""

import os
import sys
import textwrap
import time
from pathlib import Path
from typing import Literal

import typer

from groundrules.course.steps import EXERCISES, is_root
from groundrules.rules import CheckError, Report, check_project, render_finding
from groundrules.rules.registry import all_rules
from groundrules.terminal import wants_colour

_WIDTH = 80
_PATIENCE = 1.0  # seconds before progress is shown

Format = Literal["text", "json", "github", "sarif"]


def run_check(
    path: Path, package: str | None, select: list[str], ignore: list[str], output: Format
) -> int:
    """Check `path`, print the report, and return the exit status."""
    if package is None and is_root(path):
        application = os.path.relpath(path / EXERCISES)
        typer.echo(
            f"This is the course itself. To check what you write: groundrules check {application}",
            err=True,
        )
        return 2
    progress = _Progress()
    try:
        report = check_project(
            path,
            package=package,
            select=_split(select) or None,
            ignore=_split(ignore) or None,
            progress=progress.show,
        )
    except CheckError as error:
        typer.echo(str(error), err=True)
        return 2
    finally:
        progress.clear()
    _print(report, output)
    return 1 if report.findings else 0


def list_rules() -> None:
    """Print every rule in a line."""
    for rule in all_rules():
        typer.echo(f"{rule.code}  {rule.name:<20} {rule.summary}")
    typer.echo("\n`groundrules rules CODE` explains one of them, with examples.")


def explain_rule(code: str) -> int:
    """Print all that is known of one rule, and return the exit status."""
    rule = next((each for each in all_rules() if each.code == code.upper()), None)
    if rule is None:
        typer.echo(f"There is no rule {code}: `groundrules rules` lists them all.", err=True)
        return 2
    typer.echo(f"{rule.code} {rule.name}: {rule.summary}\n")
    for label, text in (("Why", rule.rationale), ("Fix", rule.fix), ("Docs", rule.docs)):
        typer.echo(
            textwrap.fill(
                f"{label:<6}{text}", _WIDTH, subsequent_indent=" " * 6, break_on_hyphens=False
            )
        )
    for heading, cases in (
        ("Trips it", rule.invalid[:1]),
        ("Keeps it", rule.valid[:1]),
        ("Unusual but right", rule.valid_alternative[:1]),
    ):
        for case in cases:
            typer.echo(f"\n{heading}: {case.title}")
            for path, text in case.files.items():
                shown = "\n".join(f"    {line}".rstrip() for line in text.splitlines())
                typer.echo(f"\n  {path}\n{shown}")
    return 0


class _Progress:
    """Says on a terminal how far a check is that takes longer than a second."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._shown = False

    def show(self, number: int, total: int) -> None:
        if number % 100 == 0 and sys.stderr.isatty() and time.monotonic() - self._begun > _PATIENCE:
            self._shown = True
            typer.echo(f"\rReading {number} of {total} files", err=True, nl=False)

    def clear(self) -> None:
        if self._shown:
            typer.echo("\r" + " " * 60 + "\r", err=True, nl=False)


def _split(given: list[str]) -> list[str]:
    return [code.strip().upper() for each in given for code in each.split(",") if code.strip()]


def _print(report: Report, output: Format) -> None:
    if output == "text":
        _say(_as_text(report))
        for unused in report.unused_ignores:
            place = f"{unused.path}:{unused.line}"
            typer.echo(f"{place} ignores {unused.rule}, but silences nothing: remove it.", err=True)
        return
    from groundrules.rules.formats import as_github, as_json, as_sarif

    formatted = {"json": as_json, "github": as_github, "sarif": as_sarif}
    text = formatted[output](report)
    if text:
        _say(text)


def _as_text(report: Report) -> str:
    files = f"{report.files} file{'' if report.files == 1 else 's'} of {report.package}"
    if not report.findings:
        return f"No findings in {files}."
    colour = wants_colour()
    shown = [
        render_finding(each, Path(report.root), colour=colour) + "\n" for each in report.findings
    ]
    count = len(report.findings)
    places = len({each.path for each in report.findings})
    in_files = "1 file" if places == 1 else f"{places} files"
    total = f"{count} finding{'' if count == 1 else 's'} in {in_files}; {files} checked."
    return "\n".join([*shown, total])


def _say(text: str) -> None:
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = text.replace("│", "|").encode(encoding, "backslashreplace").decode(encoding)
    typer.echo(text)
