"""Submissions that are nearly identical: a question to ask, and never a verdict.

The measure: each Python file is read as tokens, without comments; one name counts as any other, and so does a
string. Every eight tokens in a row make a print. Prints that the course's own files have,
its starters and its finished application, are left out, since everybody may have those. Two submissions are
alike if they share at least nine tenths of their prints, and each has at least 200 of its own.
"""

import hashlib
import io
import keyword
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from groundrules.course.steps import SOLUTION, Course

TOKENS = 8
LEAST = 200
SHARED = 0.9
IGNORED = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENCODING, tokenize.ENDMARKER)

Prints = frozenset[int]


@dataclass(frozen=True)
class Pair:
    """Two people whose submissions are alike, and which part of their prints they share."""

    one: str
    other: str
    share: float


def prints_of(folder: Path) -> Prints:
    """Return the prints of the Python files in a folder; a file that cannot be read has none."""
    return frozenset(each for path in folder.rglob("*.py") for each in _of_file(path))


def prints_of_course(course: Course) -> Prints:
    """Return the prints that everybody may have."""
    folders = [course.root / SOLUTION / "app", *(step.starter for step in course.steps)]
    return frozenset(
        each
        for folder in (*folders, *(step.draft for step in course.steps))
        for each in prints_of(folder)
    )


def pairs_alike(prints: Mapping[str, Prints], common: Prints) -> tuple[Pair, ...]:
    """Return the pairs that are alike, those that share most first."""
    own = {name: found - common for name, found in prints.items()}
    many = {name: found for name, found in own.items() if len(found) >= LEAST}
    pairs = (
        Pair(one, other, _share(many[one], many[other]))
        for one, other in combinations(sorted(many), 2)
    )
    return tuple(
        sorted((pair for pair in pairs if pair.share >= SHARED), key=lambda each: -each.share)
    )


def _share(one: Prints, other: Prints) -> float:
    if min(len(one), len(other)) < SHARED * max(len(one), len(other)):
        return 0.0  # whatever they have in common
    both = len(one & other)
    return both / (len(one) + len(other) - both)


def _of_file(path: Path) -> Iterator[int]:
    tokens: list[str] = []
    with suppress(OSError, UnicodeDecodeError, SyntaxError, tokenize.TokenError, RecursionError):
        text = path.read_bytes()
        tokens.extend(_tokens(text))
    for place in range(len(tokens) - TOKENS + 1):
        shingle = " ".join(tokens[place : place + TOKENS])
        yield int.from_bytes(hashlib.blake2b(shingle.encode(), digest_size=6).digest())


def _tokens(text: bytes) -> Iterable[str]:
    for token in tokenize.tokenize(io.BytesIO(text).readline):
        if token.type in IGNORED:
            continue
        if token.type == tokenize.NAME and not keyword.iskeyword(token.string):
            yield "name"
        elif token.type == tokenize.STRING:
            yield "string"
        else:
            yield token.string.strip() or tokenize.tok_name[token.type]
