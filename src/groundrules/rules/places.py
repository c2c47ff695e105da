"""Where in the source a violation is shown."""

import ast
import re
from collections.abc import Iterable, Iterator
from typing import cast

from groundrules.rules.rule import Violation
from groundrules.rules.source.tree import Class, Function, Module, Scope

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


def at_statement(where: Module | Scope, node: ast.expr | ast.stmt, message: str) -> Violation:
    """Return a violation on the first line of the statement that holds an expression.

    It points at the expression if that begins on this line, else at the whole of the line.
    """
    module = where.module if isinstance(where, Scope) else where
    statement = statement_of(module, node)
    line = min(statement.lineno, node.lineno)
    if node.lineno != line:
        text = module.line(line)
        start = module.column(statement)
        return Violation(module.path, line, start, len(text.rstrip()) + 1, message)
    return at_node(module, node, message)


def at_node(module: Module, node: ast.expr | ast.stmt, message: str) -> Violation:
    """Return a violation that points at an expression or statement, as far as its line goes."""
    start = module.column(node)
    end = len(module.line(node.lineno).rstrip()) + 1
    if node.end_lineno == node.lineno and node.end_col_offset is not None:
        end = module.column_at(node.lineno, node.end_col_offset)
    return Violation(module.path, node.lineno, start, end, message)


def statement_of(module: Module, node: ast.expr | ast.stmt) -> ast.stmt | ast.expr:
    """Return the innermost statement, or the decorator, around a node; itself if there is none."""
    place = (node.lineno, node.col_offset)
    found: ast.stmt | ast.expr = node
    todo: list[ast.AST] = list(module.tree.body)
    while todo:
        each = todo.pop()
        if isinstance(each, ast.stmt) and _holds(each, place):
            found = each
            todo = _statements(each)
    for decorator in getattr(found, "decorator_list", ()):
        if _holds(decorator, place):
            return cast(ast.expr, decorator)
    return found


def one_a_line(violations: Iterable[Violation]) -> Iterator[Violation]:
    """Yield the first violation on each line."""
    seen = set[tuple[str, int]]()
    for each in violations:
        if (each.path, each.line) not in seen:
            seen.add((each.path, each.line))
            yield each


def _holds(statement: ast.stmt | ast.expr, place: tuple[int, int]) -> bool:
    first = (statement.lineno, statement.col_offset)
    decorators = getattr(statement, "decorator_list", [])
    if decorators:
        first = (decorators[0].lineno, decorators[0].col_offset)
    last = (statement.end_lineno or first[0], statement.end_col_offset or 0)
    return first <= place < last


def _statements(outer: ast.AST) -> list[ast.AST]:
    found: list[ast.AST] = []
    for each in ast.iter_child_nodes(outer):
        if isinstance(each, ast.stmt):
            found.append(each)
        elif isinstance(each, (ast.excepthandler, ast.match_case)):
            found += _statements(each)
    return found
