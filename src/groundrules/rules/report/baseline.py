"""The baseline: findings that a team accepts for now, and that are not reported again.

An entry names a rule, a file and a definition, never a line, so that it survives moved and reformatted code.
It stands for a number of statements. More of them are reported, and so is an entry that stands for more than
there are: a baseline can only shrink, until somebody says otherwise.
"""

import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from groundrules.rules.findings import STALE, UNREADABLE, Finding, Report
from groundrules.rules.registry import all_rules
from groundrules.rules.report.entries import Entry, Key, read_entries
from groundrules.terminal import harmless

_NAME = "baseline"
_WHY = "A baseline that lists more than there is would let new findings pass."
_FIX = "Run `groundrules baseline`, which updates the file, and commit it."

_Found = dict[Key, list[Finding]]


@dataclass(frozen=True)
class Baseline:
    """What a baseline holds, and where it is."""

    path: Path
    entries: dict[Key, Entry]

    @classmethod
    def read(cls, path: Path) -> "Baseline":
        """Return the baseline of a file; raise `CheckError` if it is broken, or is none."""
        return cls(path, read_entries(path))

    def held_back(self, report: Report, *, may_shrink: bool = False) -> Report:
        """Return a report without what the baseline holds, and with the entries that hold too much.

        :param may_shrink: whether entries may hold too much.
        """
        found = self.found(report)
        kept, notes, held_back = list[Finding](), list(report.notes), 0
        for key, findings in found.items():
            held = self.entries[key].count if key in self.entries else 0
            if _count(findings) > held:
                kept += findings
            else:
                held_back += len(findings)
            if _count(findings) > held > 0:
                notes.append(_more(key, held, _count(findings)))
        is_whole = all(
            each.rule != UNREADABLE for each in kept
        )  # else an entry may be about the rest
        if is_whole and not may_shrink:
            stale = [self._stale(entry, found, report) for entry in self._judged(report)]
            kept += [each for each in stale if each is not None]
        return replace(
            report, findings=tuple(sorted(kept)), notes=tuple(notes), held=report.held + held_back
        )

    def updated(self, report: Report) -> dict[Key, Entry]:
        """Return the entries that a report asks for; those of rules and files it does not judge stay."""
        judged = {each.key for each in self._judged(report)}
        kept = {key: each for key, each in self.entries.items() if key not in judged}
        for key, findings in self.found(report).items():
            kept[key] = replace(self.entries.get(key, Entry(key)), count=_count(findings))
        return kept

    def found(self, report: Report) -> _Found:
        """Return the findings of a report by what an entry for them is found by."""
        found: _Found = defaultdict(list)
        for each in report.findings:
            file = self._from_here(report, each.path)
            found[Key(file, harmless(each.definition), each.rule)].append(each)
        return found

    def _judged(self, report: Report) -> Iterator[Entry]:
        """Yield the entries that a report can say something about.

        It cannot about a rule that was not checked, nor about a file that could not be read or is another
        package's.
        """
        known = _codes(report)
        broken = {self._from_here(report, each) for each in report.broken}
        read = {self._from_here(report, each) for each in report.read}
        package = self._from_here(report, report.folder)
        for entry in self.entries.values():
            file, _, rule = entry.key
            if rule in known - set(report.rules) or (file in broken and rule != UNREADABLE):
                continue
            is_own = file in read or package == "." or file.startswith(f"{package}/")
            if is_own or file.endswith("pyproject.toml") or not (self.path.parent / file).exists():
                yield entry

    def _stale(self, entry: Entry, found: _Found, report: Report) -> Finding | None:
        """Return the finding that an entry is itself, None if all that it stands for is there."""
        count = _count(found.get(entry.key, []))
        if count >= entry.count:
            return None
        path = Path(os.path.relpath(self.path, report.root)).as_posix()
        return Finding(
            path=path,
            line=entry.line,
            column=1,
            rule=STALE,
            name=_NAME,
            message=_too_much(entry, count, _codes(report)),
            why=_WHY,
            fix=_FIX,
            docs="docs/guides/adopting.md",
            end_column=len("[[finding]]") + 1,
            statement=entry.line,
        )

    def _from_here(self, report: Report, path: str) -> str:
        place = os.path.join(report.root, path)  # noqa: PTH118  # links stay as they are
        return harmless(Path(os.path.relpath(place, self.path.parent)).as_posix())


def _count(findings: list[Finding]) -> int:
    """Return in how many statements some findings are: formatting never changes that."""
    return len({each.statement or each.line for each in findings})


def _where(key: Key) -> str:
    return f"`{key.definition}` in {key.file}" if key.definition else f"the top level of {key.file}"


def _more(key: Key, held: int, count: int) -> str:
    return (
        f"{key.rule} in {_where(key)} is broken by {count} statements, of which {held} are known: all are "
        "shown, as the new ones cannot be told from the others."
    )


def _codes(report: Report) -> set[str]:
    return {UNREADABLE, *(r.code for r in all_rules()), *(r.code for r in report.own)}


def _too_much(entry: Entry, count: int, known: set[str]) -> str:
    key = entry.key
    if key.rule not in known:
        return harmless(
            f"The baseline lists {key.rule} in {_where(key)}, but there is no such rule."
        )
    left = "it is not found any more"
    if count:
        left = f"only {count} of {entry.count} {'is' if count == 1 else 'are'} left"
    return harmless(f"The baseline lists {key.rule} in {_where(key)}, but {left}.")
