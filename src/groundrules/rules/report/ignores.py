"""`# groundrules: ignore[GR402]` on a line silences a rule there, after other comments too."""

import io
import re
import tokenize
from collections.abc import Iterable
from dataclasses import dataclass

from groundrules.rules.facts.project import Project
from groundrules.rules.findings import Finding, UnusedIgnore
from groundrules.rules.source.tree import Module

_MARK = "groundrules:"
_COMMENT = re.compile(r"(?<![\w.-])groundrules:\s*ignore\[([^\]]*)\]")


@dataclass(frozen=True)
class Ignore:
    """One code in one comment."""

    path: str
    line: int
    rule: str


def find_ignores(project: Project) -> list[Ignore]:
    """Return every code that a comment of the project silences."""
    return [each for module in project.modules.values() for each in _in_module(module)]


def silence(
    findings: Iterable[Finding], ignores: Iterable[Ignore], skipped: set[str]
) -> tuple[list[Finding], list[UnusedIgnore]]:
    """Return the findings that no comment silences, and the comments that silence none.

    :param skipped: the codes that were not checked; nobody knows whether comments for them are of use.
    """
    found = list(findings)
    places = {(each.path, each.line, each.rule) for each in found}
    silent = {(each.path, each.line, each.rule) for each in ignores}
    kept = [each for each in found if (each.path, each.line, each.rule) not in silent]
    unused = [UnusedIgnore(*each) for each in silent - places if each[2] not in skipped]
    return kept, unused


def _in_module(module: Module) -> Iterable[Ignore]:
    if not module.mentions(_MARK):
        return
    reader = io.StringIO(module.text).readline
    for token in tokenize.generate_tokens(reader):
        for match in _COMMENT.finditer(token.string) if token.type == tokenize.COMMENT else ():
            for code in match[1].split(","):
                if code.strip():
                    yield Ignore(module.path, token.start[0], code.strip().upper())
