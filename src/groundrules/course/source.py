"""Comparing two files by what they say, not how they are laid out."""

import ast
import tomllib
from pathlib import Path


def same_code(first: Path, second: Path) -> bool:
    """Whether two files say the same: as syntax trees, as TOML data, otherwise byte for byte.

    A file that is missing, or does not parse, is the same only as one with the same bytes.
    """
    try:
        one, other = first.read_bytes(), second.read_bytes()
    except OSError:
        return False
    if one == other:
        return True
    try:
        if first.suffix == ".py":
            return ast.dump(ast.parse(one)) == ast.dump(ast.parse(other))
        if first.suffix == ".toml":
            return tomllib.loads(one.decode()) == tomllib.loads(other.decode())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return one.replace(b"\r\n", b"\n") == other.replace(b"\r\n", b"\n")
