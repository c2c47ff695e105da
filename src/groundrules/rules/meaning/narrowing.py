"""Says what `isinstance` and `match` tell of a name at a place: which classes it is of, or is not."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from groundrules.rules.source.statements import blocks, ends
from groundrules.rules.source.tree import Scope

_DEPTH = 40


@dataclass(frozen=True)
class Told:
    """What one test tells of a name: that it is of one of some classes, or of none of them."""

    classes: tuple[ast.expr, ...]
    is_one: bool


def told_of(name: str, node: ast.expr, scope: Scope) -> list[Told]:
    """Return what holds of a name where `node` stands, as far as the function around it tests."""
    function = scope.function
    body = function.node.body if function else scope.module.tree.body
    return list(_in_block(name, node, body))


def _in_block(name: str, node: ast.expr, body: Sequence[ast.stmt]) -> Iterator[Told]:
    for index, statement in enumerate(body):
        if not _holds(statement, node):
            continue
        for before in body[:index]:
            if isinstance(before, ast.If) and not before.orelse and ends(before.body):
                yield from _tests(name, before.test, outcome=False)
            if isinstance(before, ast.Assert):
                yield from _tests(name, before.test, outcome=True)
        yield from _in_statement(name, node, statement)


def _in_statement(name: str, node: ast.expr, statement: ast.stmt) -> Iterator[Told]:
    match statement:
        case (
            ast.If(test=test, body=body, orelse=orelse)
            | ast.While(test=test, body=body, orelse=orelse)
        ):
            if _holds(test, node):
                yield from _in_expression(name, node, test)
            elif any(_holds(each, node) for each in body):
                yield from _tests(name, test, outcome=True)
            elif any(_holds(each, node) for each in orelse):
                yield from _tests(name, test, outcome=False)
        case ast.Match(subject=ast.Name(id=subject)) if subject == name:
            yield from _in_match(node, statement)
    inner = blocks(statement)
    for block in inner:
        yield from _in_block(name, node, block)
    if not any(_holds(each, node) for block in inner for each in block):
        for child in ast.iter_child_nodes(statement):
            if isinstance(child, ast.expr) and _holds(child, node):
                yield from _in_expression(name, node, child)


def _in_match(node: ast.expr, statement: ast.Match) -> Iterator[Told]:
    for case in statement.cases:
        classes = tuple(
            each.cls for each in ast.walk(case.pattern) if isinstance(each, ast.MatchClass)
        )
        is_whole = isinstance(case.pattern, (ast.MatchClass, ast.MatchOr, ast.MatchAs))
        if any(_holds(each, node) for each in case.body) or (
            case.guard is not None and _holds(case.guard, node)
        ):
            if classes and is_whole:
                yield Told(classes, is_one=True)
            return
        if classes and is_whole and case.guard is None and _takes_all(case.pattern):
            yield Told(classes, is_one=False)


def _takes_all(pattern: ast.pattern) -> bool:
    """Whether a pattern matches every object of its classes."""
    match pattern:
        case ast.MatchClass(patterns=[], kwd_patterns=[]):
            return True
        case ast.MatchOr(patterns=patterns):
            return all(map(_takes_all, patterns))
        case ast.MatchAs(pattern=ast.pattern() as inner):
            return _takes_all(inner)
    return False


def _in_expression(name: str, node: ast.expr, around: ast.expr, depth: int = 0) -> Iterator[Told]:
    if depth > _DEPTH:
        return
    match around:
        case ast.IfExp(test=test, body=body, orelse=orelse):
            if _holds(body, node):
                yield from _tests(name, test, outcome=True)
            elif _holds(orelse, node):
                yield from _tests(name, test, outcome=False)
        case ast.BoolOp(op=op, values=values):
            for each in values:
                if _holds(each, node):
                    break
                yield from _tests(name, each, outcome=isinstance(op, ast.And))
    if isinstance(around, (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)):
        conditions = [test for each in around.generators for test in each.ifs]
        for test in conditions:
            if not _holds(test, node):
                yield from _tests(name, test, outcome=True)
    for child in ast.iter_child_nodes(around):
        if isinstance(child, (ast.expr, ast.keyword, ast.comprehension)) and _holds(child, node):
            inner = [child] if isinstance(child, ast.expr) else list(ast.iter_child_nodes(child))
            for part in inner:
                if isinstance(part, ast.expr) and _holds(part, node):
                    yield from _in_expression(name, node, part, depth + 1)


def _tests(name: str, test: ast.expr, *, outcome: bool) -> Iterator[Told]:
    """Yield what a test tells of a name if it comes out true, or false."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            yield from _tests(name, inner, outcome=not outcome)
        case ast.BoolOp(op=op, values=values):
            if isinstance(op, ast.And) is outcome:
                for each in values:
                    yield from _tests(name, each, outcome=outcome)
        case ast.NamedExpr(value=value):
            yield from _tests(name, value, outcome=outcome)
        case ast.Call(func=ast.Name(id="isinstance"), args=[tested, kinds]):
            subject = tested.target if isinstance(tested, ast.NamedExpr) else tested
            if isinstance(subject, ast.Name) and subject.id == name:
                yield Told(tuple(_classes(kinds)), is_one=outcome)


def _classes(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.Tuple(elts=parts):
            for each in parts:
                yield from _classes(each)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            yield from _classes(left)
            yield from _classes(right)
        case _:
            yield node


def _holds(outer: ast.AST, node: ast.expr) -> bool:
    if isinstance(outer, (ast.comprehension, ast.arguments)):
        return any(_holds(each, node) for each in ast.iter_child_nodes(outer))
    first = getattr(outer, "lineno", 0), getattr(outer, "col_offset", 0)
    last = getattr(outer, "end_lineno", 0), getattr(outer, "end_col_offset", 0)
    return first <= (node.lineno, node.col_offset) < last
