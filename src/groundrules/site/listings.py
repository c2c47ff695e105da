"""Listings of code that is tested elsewhere, taken from its file when a page is built.

A line `<!-- listing: solution/app/core/security.py read_access_token -->` becomes that function, class or
assignment. Marks for a section, as other tools want them, would stand in what trainees read.
"""

import ast
import re
from pathlib import Path

from groundrules.course.steps import CourseError

_LISTING = re.compile(r"^<!-- listing: (\S+)((?: \w+)+) -->$", re.MULTILINE)


def put_in(text: str, root: Path) -> str:
    """Return a page with its listings; raise `CourseError` for a file or a name that is not there."""
    return _LISTING.sub(lambda mark: _listing(root, mark[1], mark[2].split()), text)


def _listing(root: Path, file: str, names: list[str]) -> str:
    path = root / file
    if not path.is_file():
        raise CourseError(f"A page shows {file}, which does not exist.")
    source = path.read_text(encoding="utf-8")
    lines = source.splitlines()
    places = {name: node for node in ast.parse(source).body for name in _names(node)}
    parts = []
    for name in names:
        node = places.get(name)
        if node is None or node.end_lineno is None:
            raise CourseError(f"A page shows `{name}` of {file}, which is not at its top level.")
        decorators = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(each.lineno for each in decorators)])
        parts.append("\n".join(lines[first - 1 : node.end_lineno]))
    title = file.removeprefix("solution/")
    return f'```python title="{title}"\n' + "\n\n\n".join(parts) + "\n```"


def _names(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return []
