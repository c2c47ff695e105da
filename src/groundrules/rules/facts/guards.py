"""Tells a guard, which lets a handler go on or stops it, from branching that chooses what is done."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from groundrules.rules.source.statements import blocks, ends, is_whole, statements, ways


@dataclass(frozen=True)
class Choice:
    """A statement that chooses what is done, and whether it does so by the state of a row."""

    statement: ast.If | ast.Match
    by_state: bool


class Handler(Protocol):
    """What has to be known of a handler's code to tell its guards from its choices."""

    def serves(self, block: list[ast.stmt]) -> bool:
        """Whether a block calls a service."""

    def sets_state(self, block: list[ast.stmt]) -> bool:
        """Whether a block gives a row another state."""

    def asks_state(self, statement: ast.If | ast.Match) -> bool:
        """Whether the branches of a statement are chosen by the state of a row."""

    def hands_on(self, names: set[str], block: list[ast.stmt]) -> bool:
        """Whether a block gives what one of some variables holds to a service."""


def choices(
    body: list[ast.stmt], handler: Handler, rest: tuple[list[ast.stmt], ...] = ()
) -> Iterator[Choice]:
    """Yield the outermost `if` and `match` statements that choose between several services.

    At most one of the ways through a guard may call a service and return: the way on. The ways of
    an `if` are its branches and, where one falls through, what comes after it. If they are chosen by
    the state of a row, at most one may call a service or set a state at all.

    :param rest: the blocks that follow this one, the nearest first.
    """
    for index, statement in enumerate(body):
        after = (body[index + 1 :], *rest)
        if isinstance(statement, (ast.If, ast.Match)):
            branches = ways(statement)
            on = [each for block in after for each in block]
            goes_on = any(not ends(each) for each in branches) or not is_whole(statement)
            left = goes_on and bool(on) and not isinstance(on[-1], ast.Raise)
            serving = [each for each in branches if handler.serves(each) and _returns(each)]
            if serving and left and handler.serves(on):
                serving.append(on)
            by_state = _decides(statement, branches, on if left else [], handler)
            if len(serving) > 1 or by_state:
                yield Choice(statement, by_state)
                continue
        elif isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        else:
            branches = blocks(statement)
        for block in branches:
            yield from choices(block, handler, after)


def _decides(
    statement: ast.If | ast.Match,
    branches: list[list[ast.stmt]],
    on: list[ast.stmt],
    handler: Handler,
) -> bool:
    """Whether the state of a row decides which service is called, or which state is set."""
    going = [each for each in branches if not (each and isinstance(each[-1], ast.Raise))]
    if not going or len(going) + bool(on) < 2 or not handler.asks_state(statement):
        return False
    acting = [each for each in going if handler.serves(each) or handler.sets_state(each)]
    if any(_returns(each) for each in acting) and (handler.serves(on) or handler.sets_state(on)):
        acting.append(on)
    if len(acting) > 1:
        return True
    assigned = [_assigned(each) for each in going]
    shared = {
        name for each in assigned for name in each if sum(name in one for one in assigned) > 1
    }
    return bool(shared) and handler.hands_on(shared, on)


def _assigned(block: list[ast.stmt]) -> set[str]:
    """Return the variables to which a block gives the name of a state: a text, or a member of an enum."""
    return {
        target.id
        for statement in statements(block)
        if isinstance(statement, (ast.Assign, ast.AnnAssign)) and _names_state(statement.value)
        for target in (
            statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        )
        if isinstance(target, ast.Name)
    }


def _names_state(value: ast.expr | None) -> bool:
    match value:
        case ast.Constant(value=str()):
            return True
        case (
            ast.Attribute(value=ast.Name(id=owner)) | ast.Attribute(value=ast.Attribute(attr=owner))
        ):
            return owner[:1].isupper()
    return False


def _returns(block: list[ast.stmt]) -> bool:
    return ends(block) and any(isinstance(each, ast.Return) for each in statements(block))
