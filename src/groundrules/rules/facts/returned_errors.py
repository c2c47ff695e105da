"""Finds the errors that a function returns as if they were results."""

import ast
import re
from collections.abc import Iterator, Sequence
from functools import reduce

from groundrules.rules.facts.answers import RESPONSES
from groundrules.rules.meaning.codes import codes
from groundrules.rules.meaning.names import Names
from groundrules.rules.meaning.origins import origin
from groundrules.rules.meaning.values import External, Instance
from groundrules.rules.source.statements import following, statements
from groundrules.rules.source.tree import Function, Scope

_ERRORS = frozenset({"error", "errors"})
_REASONS = frozenset({"message", "detail", "reason", "msg"})
_SUCCEEDED = frozenset({"success", "ok", "succeeded", "is_success", "status"})
_STATUS = frozenset({"status", "result"})
_FAILED = frozenset({"error", "fail", "failed", "failure"})
_CODES = frozenset({"status", "status_code", "code"})
_EXPLAINING = _REASONS | _STATUS | _CODES | {"type", "title", "description", "name", "loc"}
_FAILURE = re.compile(
    r"error|fail|invalid|missing|denied|forbidden|unauthori[sz]ed|unavailable|conflict|required|unknown"
    r"|expired|reject|exceed|already|taken|wrong|cannot|n't\b|\b(?:no|not|bad|too|must|gone)\b",
    re.IGNORECASE,
)
_DEPTH = 5
_Place = tuple[ast.expr, Scope]


def returned_errors(names: Names, function: Function) -> Iterator[ast.expr]:
    """Yield what a function returns that is surely an error: as a dict, in a tuple or in a response."""
    for returned in function.returns:
        if any(_is_error(names, *place, 0) for place in branches(names, returned, function.scope)):
            yield returned
    yield from _completed(names, function)


def branches(names: Names, node: ast.expr, scope: Scope) -> list[_Place]:
    """Return the expressions that one stands for, both of a conditional."""
    todo = [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node]
    places = (origin(names, each, scope) for each in todo)
    return [(each, where) for each, where in places if each is not None]


def _is_error(names: Names, node: ast.expr, scope: Scope, depth: int) -> bool:
    if depth > _DEPTH:
        return False
    depth += 1
    match node:
        case ast.Dict(keys=keys, values=values):
            held = [names.constant(key, scope) for key in keys]
            return _tells_error(names, list(zip(held, values, strict=True)), scope)
        case ast.Call(func=ast.Name("dict"), keywords=keywords):
            return _tells_error(names, [(each.arg, each.value) for each in keywords], scope)
        case ast.BinOp(op=ast.BitOr(), left=left, right=right):
            return any(_is_error(names, each, scope, depth) for each in (left, right))
        case ast.Tuple(elts=[ast.Dict() as first, second, *_]):
            return _is_failure(names, second, scope) or _is_error(names, first, scope, depth)
        case ast.Tuple(elts=[ast.Constant(value=str()) as first, second, *_]):
            # A pair of a text and a number need not be an answer: `"Rome", 476`.
            is_answer = not isinstance(second, ast.Constant) or _fails(first)
            return is_answer and _is_failure(names, second, scope)
        case ast.Call(args=args, keywords=keywords):
            match names.evaluate(node, scope):
                case Instance(of=External(name=name)) if name in RESPONSES:
                    content = [*args[:1], *(k.value for k in keywords if k.arg == "content")]
                    return any(_is_error(names, each, scope, depth) for each in content)
    return False


def _is_failure(names: Names, node: ast.expr, scope: Scope) -> bool:
    return any(400 <= each.number < 600 for each in codes(names, node, scope))


def _tells_error(names: Names, entries: Sequence[tuple[object, ast.expr]], scope: Scope) -> bool:
    """Whether what a dict holds is an error: a text for one, or a failure with its reason."""
    texts = {key for key, value in entries if _is_text(names, value, scope)}
    if _is_table(entries):
        return False
    told = {key for key, value in entries if _tells_caught(names, value, scope)}
    failed = any(_says_failed(names, key, value, scope) for key, value in entries)
    explained = _REASONS | _ERRORS
    return bool(texts & _ERRORS or told & explained) or (failed and bool(texts & explained))


def _is_table(entries: Sequence[tuple[object, ast.expr]]) -> bool:
    """Whether a dict gives names to words, as colours to levels, and `error` is one of the names."""
    values = [each for _, each in entries]
    are_words = all(
        isinstance(each, ast.Constant) and isinstance(each.value, str) for each in values
    )
    others = {key for key, _ in entries} - _ERRORS - _EXPLAINING
    return bool(others) and are_words and not any(map(_fails, values))


def _fails(node: ast.expr) -> bool:
    """Whether an expression is a text that says that something failed."""
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and _FAILURE.search(node.value) is not None
    )


def _says_failed(names: Names, key: object, value: ast.expr, scope: Scope) -> bool:
    given = names.constant(value, scope)
    if key in _SUCCEEDED and given is False:
        return True
    if key in _STATUS and isinstance(given, str) and given.lower() in _FAILED:
        return True
    return key in _CODES and any(400 <= each.number < 600 for each in codes(names, value, scope))


def _is_text(names: Names, node: ast.expr, scope: Scope) -> bool:
    """Whether an expression is surely a text that is not empty, or an object made of such."""
    match node:
        case ast.Constant():
            return isinstance(node.value, str) and bool(node.value)
        case ast.JoinedStr():
            return True
        case ast.Dict(keys=keys, values=values):
            named = {names.constant(key, scope) for key in keys}
            return (
                None in named
                or not named.isdisjoint(_EXPLAINING)
                or any(isinstance(each, ast.JoinedStr) or _fails(each) for each in values)
            )
        case ast.List(elts=parts):
            return any(_is_text(names, each, scope) for each in parts)
        case ast.Call(func=func):
            called = names.evaluate(func, scope)
            return called in (External("builtins.str"), External("builtins.repr"))
        case ast.Name():
            held = names.constant(node, scope)
            return isinstance(held, str) and bool(held)
    return False


def _tells_caught(names: Names, node: ast.expr, scope: Scope) -> bool:
    """Whether an expression is made of an exception that was caught."""
    found, where = origin(names, node, scope)
    return any(
        isinstance(binding.node, ast.ExceptHandler)
        for each in ast.walk(found or node)
        if isinstance(each, ast.Name)
        for binding in where.visible(each.id)
    )


def _completed(names: Names, function: Function) -> Iterator[ast.expr]:
    """Yield the variables that are returned once an error was put into them."""
    body, scope = function.node.body, function.scope
    for statement in statements(body):
        found = _put(names, statement, scope)
        if found is not None and _is_error(names, found[1], scope, 0):
            yield from _returned(found[0], following(body, statement))


def _put(names: Names, statement: ast.stmt, scope: Scope) -> tuple[str, ast.expr] | None:
    """Return which variable a statement puts what into, as a dict."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            is_one = len(scope.visible(name)) == 1  # `returned_errors` has followed it
            return None if is_one else (name, value)
        case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name), slice=key)], value=value):
            return name, ast.Dict([key], [value])
        case ast.AugAssign(target=ast.Name(id=name), op=ast.BitOr(), value=value):
            return name, value
        case ast.Expr(
            value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="update")) as call
        ):
            given = [*call.args, ast.Call(ast.Name("dict"), [], call.keywords)]
            return name, reduce(lambda left, right: ast.BinOp(left, ast.BitOr(), right), given)
    return None


def _returned(name: str, rest: list[ast.stmt]) -> Iterator[ast.expr]:
    for each in statements(rest):
        match each:
            case ast.Assign(targets=targets) if any(
                isinstance(target, ast.Name) and target.id == name for target in targets
            ):
                return
            case ast.Return(value=ast.Name(id=returned) as value) if returned == name:
                yield value
