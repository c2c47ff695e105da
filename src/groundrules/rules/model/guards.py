"""Tells a guard, which lets a handler go on or stops it, from branching that chooses what is done."""

import ast
from collections.abc import Callable, Iterator

from groundrules.rules.model.statements import blocks, is_whole, statements, ways

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
        if isinstance(statement, (ast.If, ast.Match)):
            branches = ways(statement)
            serving = [each for each in branches if calls_service(each) and _returns(each)]
            goes_on = any(not ends(each) for each in branches) or not is_whole(statement)
            on = [each for block in after for each in block]
            if serving and goes_on and calls_service(on) and not isinstance(on[-1], ast.Raise):
                serving.append(on)
            if len(serving) > 1:
                yield statement
                continue
        elif isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        else:
            branches = blocks(statement)
        for block in branches:
            yield from choices(block, calls_service, after)


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


def _returns(block: list[ast.stmt]) -> bool:
    return ends(block) and any(isinstance(each, ast.Return) for each in statements(block))
