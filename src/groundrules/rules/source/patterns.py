"""Says what the patterns of a `match` bind to names."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce


@dataclass(frozen=True)
class Capture:
    """One name that a pattern binds: to `value`, or to an object of the classes in `annotation`.

    :param at: the positions inside `value`, the outermost first.
    """

    name: str
    node: ast.pattern
    value: ast.expr | None = None
    annotation: ast.expr | None = None
    at: tuple[int, ...] = ()


def captures(
    pattern: ast.pattern, value: ast.expr | None, at: tuple[int, ...] = ()
) -> Iterator[Capture]:
    """Yield what a pattern binds when it is matched with a value, or with what stands in it."""
    match pattern:
        case ast.MatchAs(pattern=inner, name=name):
            if name:
                classes = _classes(inner)
                held = None if classes else value
                yield Capture(name, pattern, held, classes, at if held else ())
            if inner is not None:
                yield from captures(inner, value, at)
        case ast.MatchClass(cls=cls, patterns=given, kwd_attrs=names, kwd_patterns=named):
            for each in given:
                yield from captures(each, None)
            for attr, each in zip(names, named, strict=True):
                taken = ast.Attribute(ast.Call(cls, [], []), attr, ast.Load())
                yield from captures(each, placed(taken, each))
        case ast.MatchSequence(patterns=given):
            for index, each in enumerate(given):
                yield from captures(each, value, (*at, index))
        case ast.MatchOr(patterns=given):
            for each in given:
                yield from captures(each, value, at)
        case ast.MatchMapping(keys=keys, patterns=given, rest=rest):
            for key, each in zip(keys, given, strict=True):
                held = None if value is None or at else ast.Subscript(value, key, ast.Load())
                yield from captures(each, held and placed(held, each))
            if rest:
                yield Capture(rest, pattern)
        case ast.MatchStar(name=str(name)):
            yield Capture(name, pattern)


def placed(made: ast.expr, at: ast.AST) -> ast.expr:
    """Return an expression that is written nowhere, placed where another node stands."""
    return ast.fix_missing_locations(ast.copy_location(made, at))


def _classes(pattern: ast.pattern | None) -> ast.expr | None:
    """Return the classes that a pattern allows, as a type."""
    match pattern:
        case ast.MatchClass(cls=cls):
            return cls
        case ast.MatchAs(pattern=inner):
            return _classes(inner)
        case ast.MatchOr(patterns=patterns):
            found = [_classes(each) for each in patterns]
            kinds = [each for each in found if each is not None]
            return reduce(_either, kinds) if len(kinds) == len(found) else None
    return None


def _either(left: ast.expr, right: ast.expr) -> ast.expr:
    return placed(ast.BinOp(left, ast.BitOr(), right), left)
