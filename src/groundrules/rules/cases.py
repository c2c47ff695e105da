"""Examples that prove a rule: code that must trip it, and code that must not."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Case:
    """A small project, and the lines that must be reported in it.

    :param title: what it shows, as a phrase.
    :param texts: each file's text by its path, indented as the code around it is.
    :param lines: for each path, the lines that must be reported; empty for valid code.
    """

    title: str
    texts: "Mapping[str, str]"
    lines: "Mapping[str, tuple[int, ...]]"

    @cached_property
    def files(self) -> "Mapping[str, str]":
        """Each file's text by its path."""
        from textwrap import dedent  # for documentation and tests: no check needs it

        return {path: dedent(text).lstrip("\n") for path, text in self.texts.items()}


def case(
    title: str, files: "str | Mapping[str, str]", *lines: int, path: str = "app/api/items.py"
) -> Case:
    """Return a case; a single text is the file at `path`, and `lines` are lines of that file."""
    texts = {path: files} if isinstance(files, str) else files
    return Case(title, texts, {path: lines} if lines else {})


@dataclass(frozen=True)
class Pair:
    """The same code twice, for a reader: it breaks the rule, and then it is fixed.

    :param context: files of the application that both need and neither shows.
    :param matters: what the wrong code costs in production.
    :param links: official pages that explain the mechanism, by their titles.
    """

    wrong: Case
    right: Case
    context: Case
    matters: str
    links: "Mapping[str, str]"


def pair(
    *,
    wrong: "Mapping[str, str]",
    right: "Mapping[str, str]",
    context: "Mapping[str, str] | None" = None,
    matters: str,
    links: "Mapping[str, str]",
) -> Pair:
    """Return a pair; a file that both versions have is the same file before and after the fix."""
    return Pair(
        Case("breaks the rule", wrong, {}),
        Case("keeps the rule", right, {}),
        Case("what both need", context or {}, {}),
        matters,
        links,
    )
