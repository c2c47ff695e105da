"""Which lines of a file run when it is imported, and not when something calls a function of it."""

import ast
from pathlib import Path

from groundrules.worker.protocol import Frame


def runs_at_import(frame: Frame, folder: Path) -> bool:
    """Whether a line stands outside of every function; one of a file that cannot be read counts as such."""
    try:
        tree = ast.parse((folder / frame.file).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, SyntaxError, RecursionError):
        return True
    return not any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        and node.body
        and _first(node) <= frame.line <= (node.end_lineno or 0)
        for node in ast.walk(tree)
    )


def _first(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> int:
    """Return the first line of a function's body; its decorators and defaults run at the import."""
    return node.body.lineno if isinstance(node, ast.Lambda) else node.body[0].lineno
