"""What the site makes of Markdown that is also read as it is: notes, marked listings, wordless headings."""

import re

_NOTE = re.compile(r"^> \[!(NOTE|TIP|WARNING)\]\n((?:>.*\n?)+)", re.MULTILINE)
_MARKED = re.compile(r'<div class="([^"]*\bhighlight)">(<span class="filename">)([✗✓])')
_MARKS = {"✗": "wrong", "✓": "right"}


def with_notes(text: str) -> str:
    """Return Markdown with each `> [!NOTE]`, as GitHub shows it, as an admonition."""

    def note(found: re.Match[str]) -> str:
        lines = [line.removeprefix(">").removeprefix(" ") for line in found[2].splitlines()]
        body = "\n".join(f"    {line}".rstrip() for line in lines)
        return f"!!! {found[1].lower()}\n\n{body}\n"

    return _NOTE.sub(note, text)


def with_marks(html: str) -> str:
    """Return a page whose listings titled ✗ or ✓ look so, and whose wordless column headings are cells."""
    html = _MARKED.sub(
        lambda found: f'<div class="{found[1]} {_MARKS[found[3]]}">{found[2]}{found[3]}', html
    )
    return re.sub(r"<th((?: [^>]*)?)></th>", r"<td\1></td>", html)
