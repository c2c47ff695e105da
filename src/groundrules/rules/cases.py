"""Examples that prove a rule: code that must trip it, and code that must not."""

from dataclasses import dataclass
from textwrap import dedent
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Case:
    """A small project, and the lines that must be reported in it.

    :param title: what it shows, as a phrase.
    :param files: each file's text by its path.
    :param lines: for each path, the lines that must be reported; empty for valid code.
    """

    title: str
    files: "Mapping[str, str]"
    lines: "Mapping[str, tuple[int, ...]]"


def case(
    title: str, files: "str | Mapping[str, str]", *lines: int, path: str = "app/api/items.py"
) -> Case:
    """Return a case; a single text is the file at `path`, and `lines` are lines of that file."""
    texts = {path: files} if isinstance(files, str) else dict(files)
    cleaned = {name: dedent(text).lstrip("\n") for name, text in texts.items()}
    return Case(title, cleaned, {path: lines} if lines else {})
