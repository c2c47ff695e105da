"""One finding as people read it."""

import tokenize
from pathlib import Path

from groundrules.rules.findings import Finding

_INDENT = "    "


def render_finding(finding: Finding, folder: Path, *, colour: bool = False) -> str:
    """Return a finding as text of several lines, with the line of source it is about.

    :param folder: the folder that was checked, to read that line from.
    """
    bold, red, dim, plain = ("\033[1m", "\033[31m", "\033[2m", "\033[0m") if colour else ("",) * 4
    lines = [
        f"{bold}{finding.rule} {finding.name}{plain}  {finding.path}:{finding.line}",
        f"{_INDENT}{red}{finding.message}{plain}",
    ]
    source = _source_line(folder / finding.path, finding.line)
    if source.strip():
        number = str(finding.line)
        shown = source.rstrip().expandtabs(1)
        width = max(min(finding.end_column - 1, len(shown)) - finding.column + 1, 1)
        carets = " " * (finding.column - 1) + "^" * width
        lines.append(f"{_INDENT}{dim}{number} │{plain} {shown}")
        lines.append(f"{_INDENT}{' ' * len(number)} {dim}│{plain} {red}{carets}{plain}")
    lines += [
        f"{_INDENT}Why   {finding.why}",
        f"{_INDENT}Fix   {finding.fix}",
        f"{_INDENT}Docs  {finding.docs}",
    ]
    return "\n".join(lines)


def _source_line(path: Path, number: int) -> str:
    try:
        with tokenize.open(path) as file:
            return next((line for at, line in enumerate(file, start=1) if at == number), "")
    except (OSError, SyntaxError, ValueError):
        return ""
