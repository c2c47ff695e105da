"""`groundrules check` and `groundrules rules`."""

import difflib
import os
import sys
import textwrap
import time
from pathlib import Path

from groundrules.course.steps import EXERCISES, is_root
from groundrules.rules import CheckError, Report, check_project, render_finding
from groundrules.rules.cache import remembered
from groundrules.rules.pythons import is_too_old, read_by, wanted_minor
from groundrules.rules.registry import all_rules
from groundrules.terminal import Format, wants_colour

_WIDTH = 80
_PATIENCE = 1.0  # seconds before progress is shown


def run_check(
    path: Path,
    package: str | None,
    select: list[str],
    ignore: list[str],
    output: Format,
    *,
    cache: bool = True,
) -> int:
    """Check `path`, print the report, and return the exit status.

    :param cache: whether the report of an earlier check may be shown if nothing has changed since.
    """
    if package is None and is_root(path):
        application = os.path.relpath(path / EXERCISES)
        _warn(
            f"This is the course itself. To check what you write: groundrules check {application}"
        )
        return 2
    minor = wanted_minor(path)
    if is_too_old(minor) and minor is not None:
        args = _args(path, package, select, ignore, output)
        status = read_by(minor, args if cache else [*args, "--no-cache"])
        if status is not None:
            return status
    progress = _Progress()

    def check() -> Report:
        return check_project(
            path,
            package=package,
            select=_split(select) or None,
            ignore=_split(ignore) or None,
            progress=progress.show,
        )

    try:
        told = [*_split(select), "but", *_split(ignore)]
        report = remembered(path, package, told, check) if cache else check()
    except CheckError as error:
        _warn(str(error))
        return 2
    finally:
        progress.clear()
    _print(report, output)
    return 1 if report.findings else 0


def _args(
    path: Path, package: str | None, select: list[str], ignore: list[str], output: Format
) -> list[str]:
    """Return a check as it is typed."""
    named = [("--package", each) for each in (package,) if each]
    named += [("--select", each) for each in select] + [("--ignore", each) for each in ignore]
    return ["check", f"--format={output}", *(f"{name}={each}" for name, each in named), str(path)]


def list_rules() -> None:
    """Print every rule in a line."""
    for rule in all_rules():
        print(f"{rule.code}  {rule.name:<20} {rule.summary}")
    print("\n`groundrules rules CODE` explains one of them, with examples.")


def explain_rule(code: str) -> int:
    """Print all that is known of one rule, and return the exit status."""
    asked = code.upper() if code.upper().startswith("GR") else f"GR{code}"
    rule = next((each for each in all_rules() if each.code == asked), None)
    if rule is None:
        near = difflib.get_close_matches(
            asked, [each.code for each in all_rules()], n=1, cutoff=0.7
        )
        guess = f" Do you mean {near[0]}?" if near else ""
        _warn(f"There is no rule {code}: `groundrules rules` lists them all.{guess}")
        return 2
    print(f"{rule.code} {rule.name}: {rule.summary}\n")
    for label, text in (("Why", rule.rationale), ("Fix", rule.fix), ("Docs", rule.docs)):
        print(
            textwrap.fill(
                f"{label:<6}{text}", _WIDTH, subsequent_indent=" " * 6, break_on_hyphens=False
            )
        )
    for heading, shown in (
        ("Breaks it", rule.pair.wrong),
        ("Keeps it", rule.pair.right),
        (f"Accepted too: {rule.valid_alternative[0].title}", rule.valid_alternative[0]),
    ):
        print(f"\n{heading}")
        for path, text in shown.files.items():
            lines = "\n".join(f"    {line}".rstrip() for line in text.splitlines())
            print(f"\n  {path}\n{lines}")
    return 0


class _Progress:
    """Says on a terminal how far a check is that takes longer than a second."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._shown = False

    def show(self, number: int, total: int) -> None:
        if number % 100 == 0 and sys.stderr.isatty() and time.monotonic() - self._begun > _PATIENCE:
            self._shown = True
            print(f"\rReading {number} of {total} files", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self._shown:
            print("\r" + " " * 60 + "\r", end="", file=sys.stderr, flush=True)


def _split(given: list[str]) -> list[str]:
    return [code.strip().upper() for each in given for code in each.split(",") if code.strip()]


def _print(report: Report, output: Format) -> None:
    if output == "text":
        for note in report.notes:
            _say(note)
        _say(_as_text(report))
        for unused in report.unused_ignores:
            place = f"{unused.path}:{unused.line}"
            _warn(f"{place} ignores {unused.rule}, but there is no such finding: remove it.")
        return
    from groundrules.rules.report.formats import as_github, as_json, as_sarif

    formatted = {"json": as_json, "github": as_github, "sarif": as_sarif}
    text = formatted[output](report)
    if text:
        _say(text)


def _as_text(report: Report) -> str:
    read = f"{report.files - report.unread} of " if report.unread else ""
    files = f"{read}{report.files} file{'' if report.files == 1 else 's'} of {report.package}"
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
    print(text, flush=True)


def _warn(text: str) -> None:
    print(text, file=sys.stderr)
