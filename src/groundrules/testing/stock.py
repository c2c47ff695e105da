"""Databases that were made before a check, so that it need not wait for any.

Each is used by one check at most. A template is filled by a check and then copied for the next ones, as long
as nothing has changed that the migrations or the models could rest on.
"""

import ast
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from groundrules.course.states import files_below
from groundrules.testing.database import Role

# What a module with one of these rests on cannot be told from its imports.
UNTOLD = re.compile(
    r"import_module|__import__|pkgutil|runpy|\bexec\(|\beval\(|\bopen\(|\.read_|^\s*from \.", re.M
)
ROOTS = ("migrations/**/*.py", "app/models/**/*.py", "app/models.py")


@dataclass(frozen=True)
class Stock:
    """The databases for one check, all of one role.

    :ivar spares: the names of empty ones.
    :ivar key: what the template rests on; empty if there is no template.
    :ivar template: the name of one with tables.
    :ivar copies: the names of copies of it that nobody has used.
    :ivar told: where the check writes the key and the name of a template that it has made.
    """

    role: Role
    spares: tuple[str, ...]
    key: str
    template: str
    copies: tuple[str, ...]
    told: Path


def key_of(folder: Path, tables: str) -> str:
    """Return a digest of all that the tables of an application rest on.

    :param tables: where they come from, as a word.
    """
    files = files_below(folder)
    modules = set(_modules(folder))
    if any(UNTOLD.search(_text(path)) for path in modules):
        modules = {path for path in files if path.suffix == ".py"}
    digest = hashlib.sha256(tables.encode())
    for path in files:
        if path in modules or path.suffix != ".py":
            content = path.read_bytes()
            digest.update(f"{path.relative_to(folder)} {len(content)}\n".encode(errors="replace"))
            digest.update(content)
    return digest.hexdigest()


def _modules(folder: Path) -> Iterator[Path]:
    """Yield the modules that the migrations and the models import, directly or not."""
    left = [path for root in ROOTS for path in folder.glob(root)]
    seen: set[Path] = set()
    while left:
        path = left.pop()
        if path in seen or not path.is_file():
            continue
        seen.add(path)
        yield path
        for name in _imported(path):
            parts = name.split(".")
            for end in range(1, len(parts) + 1):
                place = folder.joinpath(*parts[:end])
                left += [place.with_suffix(".py"), place / "__init__.py"]


def _imported(path: Path) -> Iterator[str]:
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return  # it cannot be imported either
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{each.name}" for each in node.names)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")
