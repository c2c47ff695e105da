"""`groundrules check` and `groundrules baseline`."""

import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from groundrules.course.steps import EXERCISES, is_root
from groundrules.rules import CheckError, Report, check_project
from groundrules.rules.cache import remembered
from groundrules.rules.findings import STALE, Finding
from groundrules.rules.options import Check, codes_of
from groundrules.rules.output import say, show, warn
from groundrules.rules.pythons import is_too_old, read_by, wanted_minor
from groundrules.rules.report.baseline import Baseline
from groundrules.rules.report.entries import FILE, write_entries
from groundrules.rules.report.settings import read_settings
from groundrules.rules.source.files import unsaved
from groundrules.rules.targets import Target, target_of
from groundrules.terminal import harmless

_PATIENCE = 1.0  # seconds before progress is shown


def run_check(asked: Check) -> int:
    """Check what is asked for, print the report, and return the exit status."""
    return _with_target(asked, asked.typed(), lambda target: _check(asked, target))


def run_baseline(path: Path, package: str | None, file: Path | None, *, grow: bool) -> int:
    """Write the baseline of a project, and return the exit status."""
    asked = Check([path], package, baseline=file)
    named = [("--package", package), ("--baseline", file)]
    options = [f"{name}={value}" for name, value in named if value] + ["--grow"] * grow
    args = ["baseline", *options, "--", str(path)]
    return _with_target(asked, args, lambda target: _baseline(asked, target, grow=grow))


def _with_target(asked: Check, args: list[str], run: Callable[[Target], int]) -> int:
    """Return the exit status of a run, with a newer Python if the project needs one."""
    if asked.package is None and len(asked.paths) < 2 and is_root(Path(*asked.paths)):
        application = os.path.relpath(Path(*asked.paths) / EXERCISES)
        warn(f"This is the course itself. To check what you write: groundrules check {application}")
        return 2
    try:
        target = _target(asked)
        minor = wanted_minor(target.root)
        if is_too_old(minor) and minor is not None:
            status = read_by(minor, args)
            if status is not None:
                return status
        return run(target)
    except (CheckError, ValueError) as error:
        warn(str(error))
        return 2


def _target(asked: Check) -> Target:
    paths = [each for each in asked.paths if str(each) != "-"]
    if asked.stdin_filename is None:
        if len(paths) < len(asked.paths):
            raise CheckError(
                "Code on standard input needs a name: --stdin-filename app/api/items.py."
            )
        return target_of(paths, asked.package)
    if paths:
        raise CheckError("With --stdin-filename, no other file is reported: leave the paths out.")
    if not asked.stdin_filename.is_file():
        raise CheckError(f"{asked.stdin_filename} does not exist: save the file once.")
    return target_of([asked.stdin_filename], asked.package)


def _check(asked: Check, target: Target) -> int:
    with _from_stdin(asked):
        report = _report(asked, target)
        if not asked.no_baseline:
            path = _baseline_of(asked, target.root)
            report = Baseline.read(path).held_back(report) if path is not None else report
        report = target.only(_new(report, asked, target.root))
        show(report, asked.format, statistics=asked.statistics, file=asked.output_file)
    return 1 if report.findings and not asked.exit_zero else 0


def _from_stdin(asked: Check) -> AbstractContextManager[None]:
    if asked.stdin_filename is None:
        return nullcontext()
    return unsaved(asked.stdin_filename, sys.stdin.buffer.read())


def _new(report: Report, asked: Check, root: Path) -> Report:
    """Return what is new in a report since the commit that is asked for, if one is."""
    if asked.since is None:
        return report
    from groundrules.rules.since import known_in

    select, ignore = codes_of("select", asked.select), codes_of("ignore", asked.ignore)
    known = known_in(asked.since, root, report.package, select, ignore)
    return known.held_back(report, may_shrink=True)


def _report(asked: Check, target: Target) -> Report:
    select, ignore = codes_of("select", asked.select), codes_of("ignore", asked.ignore)
    progress = _Progress()

    def check() -> Report:
        return check_project(
            target.root,
            package=asked.package,
            select=select,
            ignore=ignore,
            progress=progress.show,
        )

    try:
        told = [*(select or ()), "but", *(ignore or ())]
        return check() if asked.no_cache else remembered(target.root, asked.package, told, check)
    finally:
        progress.clear()


def _baseline_of(asked: Check, root: Path) -> Path | None:
    """Return the baseline that is named, or the one beside the project file if it is there."""
    if asked.baseline is not None:
        return asked.baseline
    settings = read_settings(root)
    folder = settings.folder or root
    if settings.baseline is not None:
        return Path(os.path.relpath(folder / settings.baseline))
    found = folder / FILE
    return Path(os.path.relpath(found)) if found.exists() else None


def _baseline(asked: Check, target: Target, *, grow: bool) -> int:
    report = _report(asked, target)
    settings = read_settings(target.root)
    path = _baseline_of(asked, target.root)
    if path is None:
        path = Path(os.path.relpath((settings.folder or target.root) / FILE))
    exists = path.exists() or path.is_symlink()
    known = Baseline.read(path) if exists else Baseline(path, {})
    if exists and not grow:
        new = [each for each in known.held_back(report).findings if each.rule != STALE]
        if new:
            for each in new:
                say(f"{each.path}:{each.line}: {each.rule} {harmless(each.message)}")
            warn(
                f"{_number(new, 'finding')} not in {path}, which was not changed: fix them, or add them with "
                "`groundrules baseline --grow`."
            )
            return 1
    entries = known.updated(report)
    if not exists and not entries:
        say("There are no findings, so that no baseline is needed.")
        return 0
    write_entries(path, entries.values())
    fewer = len(known.entries.keys() - entries.keys())
    removed = f" Removed: {fewer}." if fewer else ""
    say(f"{path} lists {_number(report.findings, 'finding')} in {len(entries)} entries.{removed}")
    return 0


def _number(findings: Sequence[Finding], noun: str) -> str:
    return f"{len(findings)} {noun}{'' if len(findings) == 1 else 's'}"


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
