"""Tells a guard, which lets a handler go on or stops it, from branching that chooses what is done."""

import ast
from collections.abc import Callable, Iterator

from groundrules.rules.model.statements import blocks, statements

CallsService = Callable[[list[ast.stmt]], bool]


def choices(
    body: list[ast.stmt], calls_service: CallsService, rest: tuple[list[ast.stmt], ...] = ()
) -> Iterator[ast.If | ast.Match]:
    """Yield the outermost `if` and `match` statements that choose between several services.

    At most one of the ways through a guard may call a service and return: the way on. The ways of
    an `if` are its branches and, where one falls through, what comes after it.

    :param calls_service: whether a block calls a service.
    :param rest: the blocks that follow this one, the nearest first.
    """
    for index, statement in enumerate(body):
        after = (body[index + 1 :], *rest)
        if isinstance(statement, ast.If | ast.Match):
            ways = [each for each in _ways(statement) if calls_service(each) and _returns(each)]
            goes_on = any(not ends(each) for each in _ways(statement)) or not _is_whole(statement)
            on = [each for block in after for each in block]
            if ways and goes_on and calls_service(on) and not isinstance(on[-1], ast.Raise):
                ways.append(on)
            if len(ways) > 1:
                yield statement
                continue
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for block in blocks(statement):
                yield from choices(block, calls_service, after)


def ends(block: list[ast.stmt]) -> bool:
    """Whether a block never goes on to what follows it."""
    if not block:
        return False
    match block[-1]:
        case ast.Return() | ast.Raise() | ast.Continue() | ast.Break():
            return True
        case ast.If() | ast.Match() as last:
            return _is_whole(last) and all(ends(each) for each in _ways(last))
        case ast.With() | ast.AsyncWith() as last:
            return ends(last.body)
        case ast.Try() as last:
            ways = [last.orelse or last.body, *(each.body for each in last.handlers)]
            return ends(last.finalbody) or all(ends(each) for each in ways)
    return False


def _ways(statement: ast.If | ast.Match) -> list[list[ast.stmt]]:
    """Return the branches, those of an `elif` as branches of the same statement."""
    if isinstance(statement, ast.Match):
        return [case.body for case in statement.cases]
    match statement.orelse:
        case []:
            return [statement.body]
        case [ast.If() as other]:
            return [statement.body, *_ways(other)]
    return [statement.body, statement.orelse]


def _is_whole(statement: ast.If | ast.Match) -> bool:
    """Whether one of the branches is always taken."""
    if isinstance(statement, ast.Match):
        last = statement.cases[-1]
        pattern = last.pattern
        return not last.guard and isinstance(pattern, ast.MatchAs) and pattern.pattern is None
    match statement.orelse:
        case [ast.If() as other]:
            return _is_whole(other)
    return bool(statement.orelse)


def _returns(block: list[ast.stmt]) -> bool:
    return ends(block) and any(isinstance(each, ast.Return) for each in statements(block))
