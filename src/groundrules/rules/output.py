"""Prints a report, or writes it to a file."""

import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

from groundrules.rules.findings import Report
from groundrules.rules.report.render import render_finding
from groundrules.rules.source.files import CheckError
from groundrules.terminal import Format, wants_colour

_MANY = 40  # findings, before which the summary is shown


def show(report: Report, output: Format, *, statistics: bool, file: Path | None) -> None:
    """Print a report; raise `CheckError` if it cannot be written to `file`."""
    colour = file is None and wants_colour()
    text = _statistics(report) if statistics else _formatted(report, output, colour=colour)
    if file is not None:
        try:
            file.write_text(
                f"{text}\n" if text else "", encoding="utf-8", errors="backslashreplace"
            )
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise CheckError(f"{file} cannot be written: {reason}.") from None
    elif text:
        say(text)
    for unused in report.unused_ignores if output in ("text", "concise") else ():
        place = f"{unused.path}:{unused.line}"
        warn(f"{place} ignores {unused.rule}, but there is no such finding: remove it.")


def say(text: str) -> None:
    """Print a text on standard output, in letters that it has."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = text.replace("│", "|").encode(encoding, "backslashreplace").decode(encoding)
    print(text, flush=True)


def warn(text: str) -> None:
    """Print a text on standard error."""
    print(text, file=sys.stderr)


def _formatted(report: Report, output: Format, *, colour: bool) -> str:
    if output == "text":
        return "\n".join([*report.notes, _as_text(report, colour=colour)])
    from importlib import import_module

    module = "ci" if output in ("gitlab", "junit") else "formats"
    chosen = import_module(f"groundrules.rules.report.{module}")
    return str(getattr(chosen, f"as_{output}")(report))


def _statistics(report: Report) -> str:
    """Return how many findings each rule has, the most first."""
    counts = Counter((each.rule, each.name) for each in report.findings)
    ranked = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    lines = [f"{count:>6}  {code}  {name}" for (code, name), count in ranked]
    return "\n".join([*lines, _total(report)])


def _as_text(report: Report, *, colour: bool) -> str:
    if not report.findings:
        return _total(report)
    root = Path(report.root)
    shown = [
        render_finding(each, root, before=before, colour=colour) + "\n"
        for before, each in pairwise((None, *report.findings))
        if each is not None
    ]
    first = [_statistics(report) + "\n"] if len(report.findings) > _MANY else []
    return "\n".join([*first, *shown, _total(report)])


def _total(report: Report) -> str:
    read = f"{report.files - report.unread} of " if report.unread else ""
    files = f"{read}{report.files} file{'' if report.files == 1 else 's'} of {report.package}"
    held = f" Known and not shown: {report.held}." if report.held else ""
    if not report.findings:
        return f"No findings in {files}.{held}"
    count = len(report.findings)
    places = len({each.path for each in report.findings})
    in_files = "1 file" if places == 1 else f"{places} files"
    total = f"{count} finding{'' if count == 1 else 's'} in {in_files}; {files} checked."
    return total + held
