"""Runs the rules over a project."""

import gc
import os
import sys
import warnings
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from groundrules.rules.facts.project import Project, load_project
from groundrules.rules.findings import UNREADABLE, Finding, OwnRule, Report
from groundrules.rules.own import own_rules
from groundrules.rules.pythons import command_for, is_too_old, wanted_minor
from groundrules.rules.registry import all_rules
from groundrules.rules.report.anchors import anchored
from groundrules.rules.report.ignores import Ignore, find_ignores, silence
from groundrules.rules.report.settings import Settings, read_settings
from groundrules.rules.rule import Rule, Violation
from groundrules.rules.source.files import CheckError, Package, find_package
from groundrules.rules.source.loading import Broken, Progress, relative
from groundrules.rules.source.options import Options
from groundrules.rules.source.pyproject import broken_pyproject

_BROKEN_NAME = "readable"
_BROKEN_WHY = "A file that cannot be read cannot be checked, and cannot be run."
_BROKEN_FIX = "Fix what the message says; all other files were checked."


def check_project(
    root: Path,
    *,
    package: str | None = None,
    select: Iterable[str] | None = None,
    ignore: Iterable[str] | None = None,
    honour_ignores: bool = True,
    exclude: Collection[str] = (),
    every_file: bool = False,
    own: Sequence[Rule] | None = None,
    progress: Progress | None = None,
) -> Report:
    """Check a project and return the report, its findings sorted by place.

    :param root: the folder that holds the application package, or the package itself.
    :param package: the package's name; found by itself if left out.
    :param select: the codes to check, all if left out; `ignore` leaves some of them out.
    :param honour_ignores: whether comments and `[tool.groundrules]` may silence rules.
    :param exclude: paths relative to `root` whose findings are left out; their code still counts.
    :param every_file: whether each `.py` file of the package is its code, tests and migrations included.
    :param own: rules to choose from besides the catalogue's; those that the settings name if left out.
    :param progress: called with the number of each file read, and of all of them.

    Raises `CheckError` if it cannot check: no such folder or package, an unknown code, or a rule that fails.
    """
    settings = read_settings(root) if honour_ignores else Settings()
    found = find_package(root, package or settings.package, as_named=every_file)
    chosen = (
        settings.select if select is None else tuple(select),
        settings.ignore if ignore is None else tuple(ignore),
    )
    by_file = (code for codes in settings.per_file_ignores.values() for code in codes)
    added = own_rules(settings) if own is None else own
    known = (*all_rules(), *added)
    rules = choose_rules(known, *chosen, by_file)
    with _no_collection(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the compiler's, on the code that is read
        seen = _look(found, rules, progress, settings.options, every_file=every_file)
    pyproject = broken_pyproject(found)
    unreadable = [*seen.broken, *([pyproject] if pyproject else [])]
    if not _is_chosen(UNREADABLE, *chosen):
        unreadable = []

    def is_left_out(path: str, rule: str) -> bool:
        return path in exclude or settings.silences(_from_settings(settings, found, path), rule)

    findings = {*seen.findings, *map(_unreadable, unreadable)}
    kept, unused = silence(
        {each for each in findings if not is_left_out(each.path, each.rule)},
        seen.ignores if honour_ignores else [],
        {rule.code for rule in known} - {rule.code for rule in rules},
    )
    unused = [each for each in unused if not is_left_out(each.path, each.rule)]
    if settings.docs_url:
        kept = [_with_docs(each, settings.docs_url) for each in kept]
    return Report(
        root=str(found.root),
        package=found.name,
        files=seen.files,
        findings=tuple(sorted(kept)),
        unused_ignores=tuple(sorted(unused)),
        unread=len(seen.broken),
        notes=tuple(_notes(found, seen)),
        rules=(
            *([UNREADABLE] if _is_chosen(UNREADABLE, *chosen) else []),
            *(r.code for r in rules),
        ),
        docs_url=settings.docs_url,
        folder=relative(found.folder, found.root),
        read=seen.read,
        broken=tuple(each.path for each in seen.broken),
        own=tuple(OwnRule(r.code, r.name, r.rationale, r.fix, r.docs) for r in added),
    )


@dataclass(frozen=True)
class _Seen:
    """What remains of a project once it was checked."""

    files: int
    findings: list[Finding]
    broken: list[Broken]
    ignores: list[Ignore]
    read: tuple[str, ...]


def _look(
    package: Package,
    rules: list[Rule],
    progress: Progress | None,
    options: Options,
    *,
    every_file: bool,
) -> _Seen:
    project = load_project(package, progress, every_file=every_file, options=options)
    try:
        findings = [
            _finding(rule, violation, options)
            for rule in rules
            for violation in _violations(rule, project)
        ]
        modules = project.modules.values()
        return _Seen(
            project.files,
            anchored(findings, modules),
            project.broken,
            find_ignores(project),
            tuple(each.path for each in modules),
        )
    finally:
        project.release()


def _violations(rule: Rule, project: Project) -> Iterator[Violation]:
    try:
        yield from rule.check(project)
    except (Exception, SystemExit) as error:
        if not rule.page:
            raise
        told = f"{type(error).__name__}: {' '.join(str(error).split())}".rstrip(": .")
        raise CheckError(
            f"The rule {rule.code} of {rule.page} failed ({told}): fix it, and run `groundrules rules test`."
        ) from None


def _notes(package: Package, seen: _Seen) -> Iterator[str]:
    """Yield what was chosen, and what could not be read and how it can."""
    if package.choice:
        yield package.choice
    minor = wanted_minor(package.folder)
    unread = f"{len(seen.broken)} of {seen.files} files could not be read"
    if is_too_old(minor) and minor is not None:
        this = f"{sys.version_info.major}.{sys.version_info.minor}"
        could = f"{unread}. To read them" if seen.broken else "all files could be read. To be sure"
        command = command_for(minor, os.path.relpath(package.root))
        yield f"The project asks for Python 3.{minor}, and this is {this}; {could}: {command}"
    elif seen.broken:
        yield f"{unread}: see {UNREADABLE}."


def codes() -> tuple[str, ...]:
    """Return the codes of all rules, sorted."""
    return tuple(rule.code for rule in all_rules())


def choose_rules(
    rules: Sequence[Rule],
    select: tuple[str, ...] | None,
    ignore: tuple[str, ...] | None,
    others: Iterable[str] = (),
) -> list[Rule]:
    """Return those of some rules that are to run; raise `CheckError` for a code that none has or begins with.

    :param others: more codes that must be known.
    """
    known = (UNREADABLE, *(rule.code for rule in rules))
    for code in (*(select or ()), *(ignore or ()), *others):
        if not any(each.startswith(code) for each in known):
            raise CheckError(f"There is no rule {code}: `groundrules rules` lists them all.")
    return [rule for rule in rules if _is_chosen(rule.code, select, ignore)]


def _is_chosen(code: str, select: tuple[str, ...] | None, ignore: tuple[str, ...] | None) -> bool:
    return (select is None or code.startswith(select)) and not code.startswith(ignore or ())


def _from_settings(settings: Settings, package: Package, path: str) -> str:
    """Return the path of a finding as settings name it."""
    return relative(package.root / path, settings.folder) if settings.folder else path


@contextmanager
def _no_collection() -> Iterator[None]:
    """Pause the garbage collector: all trees live to the end, and are gone with the project."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _finding(rule: Rule, at: Violation, options: Options) -> Finding:
    return Finding(
        path=at.path,
        line=at.line,
        column=at.column,
        rule=rule.code,
        name=rule.name,
        message=at.message,
        why=rule.rationale,
        fix=options.reworded(at.fix or rule.fix, rule.code),
        docs=rule.docs,
        end_column=at.end_column,
    )


def _with_docs(finding: Finding, url: str) -> Finding:
    """Return a finding that links to the page of its rule, if that is one of the catalogue's."""
    if finding.rule == UNREADABLE or not finding.rule.startswith("GR"):
        return finding
    return replace(finding, docs=url.format(code=finding.rule))


def _unreadable(broken: Broken) -> Finding:
    return Finding(
        path=broken.path,
        line=broken.line,
        column=broken.column,
        rule=UNREADABLE,
        name=_BROKEN_NAME,
        message=broken.message,
        why=_BROKEN_WHY,
        fix=_BROKEN_FIX,
        docs="docs/rules/index.md",
        end_column=broken.column + 1,
    )
