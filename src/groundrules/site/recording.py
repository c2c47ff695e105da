"""The picture of a terminal in which `groundrules watch` runs, drawn from what was recorded there."""

import re
from html import escape
from pathlib import Path

FRAMES = ("watch-wrong.txt", "watch-done.txt")
LABEL = (
    "groundrules watch in a terminal: it shows the one thing to fix next. After the next save the task is "
    "done, and it goes on to the next one."
)
_LINE = 20  # pixels from one line of text to the next
_COLUMN = 8.4
_MARGIN = 20
_STYLES = (  # of the first group of each
    (re.compile(r"^(\d\d\.\d is done\.)"), "done"),
    (re.compile(r"^(\d\d\.\d .*)$"), "title"),
    (re.compile(r"^\s+(done) "), "done"),
    (re.compile(r"^>\s*(.*)$"), "title"),
    (re.compile(r"^((?:Read|Write)\b.*|\[h\]int.*|\s+(?:to do|\d+ of).*)$"), "quiet"),
)


def picture(examples: Path) -> str:
    """Return an SVG of the screens in a folder, one after the other."""
    screens = [(examples / name).read_text(encoding="utf-8").splitlines() for name in FRAMES]
    columns = max(len(line) for screen in screens for line in screen)
    width = round(columns * _COLUMN) + 2 * _MARGIN
    height = max(map(len, screens)) * _LINE + 2 * _MARGIN
    frames = "".join(f'<g class="frame">{_drawn(screen)}</g>' for screen in screens)
    return (
        f'<svg class="recording" role="img" aria-label="{LABEL}" viewBox="0 0 {width} {height}">'
        f'<rect width="{width}" height="{height}" rx="6"/>{frames}</svg>'
    )


def _drawn(screen: list[str]) -> str:
    below = enumerate(screen, start=1)
    return "".join(
        f'<text x="{_MARGIN}" y="{_MARGIN + number * _LINE - 5}">{_styled(line)}</text>'
        for number, line in below
        if line
    )


def _styled(line: str) -> str:
    for pattern, style in _STYLES:
        if found := pattern.match(line):
            before, middle, after = line[: found.start(1)], found[1], line[found.end(1) :]
            return f'{escape(before)}<tspan class="{style}">{escape(middle)}</tspan>{escape(after)}'
    return escape(line)
