"""One finding as people read it."""

import io
import os
import textwrap
import tokenize
from pathlib import Path

from groundrules.rules.findings import Finding
from groundrules.rules.source.files import read_bytes
from groundrules.terminal import harmless

_CLONE = Path(__file__).parents[4]  # installed from an index, the tool is without its pages
_INDENT = "    "
_LABEL = 6  # columns of `Why   ` and the like
_MOST_LINES = 2  # of one sentence; the page of the rule has the whole of it


def render_finding(
    finding: Finding,
    folder: Path,
    *,
    before: Finding | None = None,
    colour: bool = False,
    width: int = 80,
) -> str:
    """Return a finding as text of several lines, with the line of source it is about.

    :param folder: the folder that was checked, to read that line from.
    :param before: the finding shown before this one: what stands in the same line is not shown again.
    :param width: the columns that a line may have.
    """
    bold, red, dim, plain = ("\033[1m", "\033[31m", "\033[2m", "\033[0m") if colour else ("",) * 4
    at = (finding.path, finding.line)
    is_same = before is not None and at == (before.path, before.line)
    place = "on the same line" if is_same else f"{harmless(finding.path)}:{finding.line}"
    lines = [f"{bold}{finding.rule} {finding.name}{plain}  {place}"]
    lines += [f"{_INDENT}{red}{line}{plain}" for line in _wrapped(finding.message, width, 0)]
    source = _source_line(folder / finding.path, finding.line).rstrip().expandtabs(1)
    source = "".join(each if each.isprintable() else "\ufffd" for each in source)  # columns stay
    if source.strip() and not is_same:
        number = str(finding.line)
        shown, start, end = _window(
            source, finding.column - 1, finding.end_column - 1, width - len(_INDENT + number) - 3
        )
        carets = " " * start + "^" * max(end - start, 1)
        lines.append(f"{_INDENT}{dim}{number} │{plain} {shown}")
        lines.append(f"{_INDENT}{' ' * len(number)} {dim}│{plain} {red}{carets}{plain}")
    for label, text in (("Why", finding.why), ("Fix", finding.fix)):
        first, *rest = _wrapped(text, width, _LABEL)
        lines.append(f"{_INDENT}{label:<{_LABEL}}{first}")
        lines += [f"{_INDENT}{' ' * _LABEL}{line}" for line in rest]
    lines.append(f"{_INDENT}Docs  {_docs(finding)}")
    return "\n".join(lines)


def _docs(finding: Finding) -> str:
    """Return where the rule is explained: a page that can be opened from here, or else a command."""
    if "://" in finding.docs:
        return finding.docs
    page, here = _CLONE / finding.docs, Path.cwd()
    if page.is_file() and here.is_relative_to(_CLONE):
        return Path(os.path.relpath(page, here)).as_posix()
    return f"groundrules rules {finding.rule}"


def _wrapped(text: str, width: int, label: int) -> list[str]:
    return textwrap.wrap(
        harmless(text),
        width - len(_INDENT) - label,
        break_on_hyphens=False,
        max_lines=_MOST_LINES,
        placeholder=" …",
    ) or [""]


def _window(source: str, start: int, end: int, room: int) -> tuple[str, int, int]:
    """Return as much of the line as there is room for, and where in it the columns lie."""
    end = min(end, len(source))
    if len(source) <= room:
        return source, start, end
    left = 0 if start < room * 2 // 3 else start - room // 3
    shown = source[left : left + room]
    if left:
        shown = "…" + shown[1:]
    if left + room < len(source):
        shown = shown[:-1] + "…"
    return shown, start - left, min(end - left, room)


def _source_line(path: Path, number: int) -> str:
    try:
        content = read_bytes(path)
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        lines = io.TextIOWrapper(io.BytesIO(content), encoding)
        return next((line for at, line in enumerate(lines, start=1) if at == number), "")
    except (OSError, SyntaxError, ValueError):
        return ""
