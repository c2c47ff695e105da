"""How complex a function is: McCabe's cyclomatic complexity, counted the way radon does."""

import ast

from groundrules.rules.source.tree import Function, FunctionNode

_LEAVES = (ast.Name, ast.Constant, ast.expr_context, ast.operator, ast.cmpop, ast.unaryop)
_OF_THEIR_OWN = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def is_complex(function: Function, limit: int) -> bool:
    """Whether a function's complexity is `limit` or more."""
    at_most = 1 + sum(_branches(each) for each in function.branches)
    return at_most >= limit and complexity(function.node) >= limit


def complexity(node: FunctionNode) -> int:
    """Return how many paths lead through a function's body, 1 for straight code.

    Functions and classes inside it are left out, with their decorators and defaults. The idea is
    T. J. McCabe's, "A Complexity Measure" (1976).
    """
    count = 1
    todo: list[ast.AST] = list(node.body)
    while todo:
        each = todo.pop()
        if isinstance(each, _OF_THEIR_OWN):
            continue
        count += _branches(each)
        if not isinstance(each, ast.Assert):
            todo.extend(
                child for child in ast.iter_child_nodes(each) if not isinstance(child, _LEAVES)
            )
    return count


def _branches(node: ast.AST) -> int:
    match node:
        case ast.If() | ast.IfExp() | ast.Assert():
            return 1
        case ast.For() | ast.AsyncFor() | ast.While():
            return 1 + bool(node.orelse)
        case ast.BoolOp():
            return len(node.values) - 1
        case ast.comprehension():
            return 1 + len(node.ifs)
        case ast.Try():
            return len(node.handlers) + bool(node.orelse)
        case ast.Match():
            return len(node.cases) - any(_catches_all(case.pattern) for case in node.cases)
    return 0


def _catches_all(pattern: ast.pattern) -> bool:
    return isinstance(pattern, ast.MatchAs) and pattern.pattern is None
