"""Where in the source a violation is shown."""

import ast
import re

from groundrules.rules.model.statements import statements
from groundrules.rules.model.tree import Class, Function, Module, Scope
from groundrules.rules.rule import Violation

_KEYWORDS = re.compile(r"\s*(?:async\s+)?(?:def|class)\s+")


def at_name(defined: Function | Class, message: str) -> Violation:
    """Return a violation that points at the name of a function or class."""
    module, node = defined.module, defined.node
    line, start = module.line(node.lineno), module.column(node) - 1
    match = _KEYWORDS.match(line, start)
    if match and line.startswith(defined.name, match.end()):
        start, end = match.end(), match.end() + len(defined.name)
    else:  # the name stands on a later line, or is written in other letters
        end = len(line.rstrip())
    return Violation(module.path, node.lineno, start + 1, end + 1, message)


def at_node(module: Module, node: ast.expr | ast.stmt, message: str) -> Violation:
    """Return a violation that points at a node, or at what of it stands on its first line."""
    line, start = module.line(node.lineno), module.column(node)
    end = len(line.rstrip()) + 1
    if node.end_lineno == node.lineno and node.end_col_offset is not None:
        before = line.encode("utf-8", "surrogatepass")[: node.end_col_offset]
        end = len(before.decode("utf-8", "replace")) + 1
    return Violation(module.path, node.lineno, start, max(end, start + 1), message)


def at_statement(scope: Scope, node: ast.expr | ast.stmt, message: str) -> Violation:
    """Return a violation on the first line of the statement that an expression stands in.

    It points at the expression if that begins on the same line.
    """
    around = _statement(scope, node) or _outermost_call(scope.module, node)
    return at_node(scope.module, around if around.lineno < node.lineno else node, message)


def _outermost_call(module: Module, node: ast.expr | ast.stmt) -> ast.expr | ast.stmt:
    """Return the largest call around an expression: what stands outside functions has no other."""
    around = [node, *(site.node for site in module.calls if _holds(site.node, node))]
    return min(around, key=lambda each: (each.lineno, each.col_offset))


def _holds(outer: ast.expr | ast.stmt, node: ast.expr | ast.stmt) -> bool:
    return outer.lineno <= node.lineno and (node.end_lineno or 0) <= (outer.end_lineno or 0)


def _statement(scope: Scope, node: ast.expr | ast.stmt) -> ast.stmt | None:
    function = scope.enclosing_function()
    if function is None:
        return None
    found = None
    for each in statements(function.node.body):
        if _holds(each, node):
            found = each
    return found
