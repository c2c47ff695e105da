"""Goes over the statements of a function, each with the expressions of its own."""

import ast
from collections.abc import Iterator
from itertools import takewhile

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield every statement in the order written, but for those of nested functions and classes."""
    todo = list(reversed(body))
    while todo:
        statement = todo.pop()
        if isinstance(statement, _DEFINITIONS):
            continue
        yield statement
        for block in reversed(blocks(statement)):
            todo.extend(reversed(block))


def blocks(statement: ast.stmt) -> list[list[ast.stmt]]:
    """Return the blocks of statements below a compound statement."""
    match statement:
        case ast.Try() | ast.TryStar():
            handlers = [each.body for each in statement.handlers]
            return [statement.body, *handlers, statement.orelse, statement.finalbody]
        case ast.If() | ast.For() | ast.AsyncFor() | ast.While():
            return [statement.body, statement.orelse]
        case ast.With() | ast.AsyncWith():
            return [statement.body]
        case ast.Match():
            return [case.body for case in statement.cases]
    return []


def ways(statement: ast.If | ast.Match) -> list[list[ast.stmt]]:
    """Return the branches of a statement, those of each `elif` as branches of the first `if`."""
    if isinstance(statement, ast.Match):
        return [case.body for case in statement.cases]
    found = [statement.body]
    while len(statement.orelse) == 1 and isinstance(statement.orelse[0], ast.If):
        statement = statement.orelse[0]
        found.append(statement.body)
    return [*found, statement.orelse] if statement.orelse else found


def is_whole(statement: ast.If | ast.Match) -> bool:
    """Whether one of the branches is always taken."""
    if isinstance(statement, ast.Match):
        last = statement.cases[-1]
        pattern = last.pattern
        return not last.guard and isinstance(pattern, ast.MatchAs) and pattern.pattern is None
    while len(statement.orelse) == 1 and isinstance(statement.orelse[0], ast.If):
        statement = statement.orelse[0]
    return bool(statement.orelse)


def ends(block: list[ast.stmt]) -> bool:
    """Whether a block never goes on to what follows it."""
    if not block:
        return False
    match block[-1]:
        case ast.Return() | ast.Raise() | ast.Continue() | ast.Break():
            return True
        case ast.If() | ast.Match() as last:
            return is_whole(last) and all(ends(each) for each in ways(last))
        case ast.With() | ast.AsyncWith() as last:
            return ends(last.body)
        case ast.Try() as last:
            left = [last.orelse or last.body, *(each.body for each in last.handlers)]
            return ends(last.finalbody) or all(ends(each) for each in left)
    return False


def following(body: list[ast.stmt], statement: ast.stmt) -> list[ast.stmt]:
    """Return what surely runs after a statement; what may depend on the same condition is left out."""
    for index, each in enumerate(body):
        if each is statement:
            return body[index + 1 :]
        for block in blocks(each):
            if any(inner is statement for inner in statements(block)):
                inside, rest = following(block, statement), body[index + 1 :]
                is_left = ends(block) or any(isinstance(last, ast.Return) for last in inside)
                plain = takewhile(lambda later: not blocks(later), rest)
                return inside if is_left else [*inside, *plain]
    return []


def expressions(statement: ast.stmt) -> Iterator[ast.expr]:
    """Yield the expressions of a statement, nested ones too, but for those of its blocks."""
    todo: list[ast.AST] = [
        child
        for child in ast.iter_child_nodes(statement)
        if isinstance(child, (ast.expr, ast.withitem))
    ]
    if isinstance(statement, ast.Match):
        todo.extend(case.guard for case in statement.cases if case.guard)
    while todo:
        each = todo.pop()
        if isinstance(each, ast.expr):
            yield each
        if not isinstance(each, ast.Lambda):
            todo.extend(ast.iter_child_nodes(each))
