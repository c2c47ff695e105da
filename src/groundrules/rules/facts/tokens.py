"""The access tokens that handlers answer with, and whether a JWT library made them."""

import ast
from collections.abc import Iterator

from groundrules.rules.facts.answers import RESPONSES
from groundrules.rules.facts.security import encodes_jwt, within
from groundrules.rules.meaning.names import Names
from groundrules.rules.meaning.values import (
    Attribute,
    External,
    FunctionValue,
    Instance,
    Result,
    Value,
)
from groundrules.rules.source.tree import Function, Scope

Place = tuple[ast.expr, Scope]
_ENOUGH = 150  # expressions looked at for one token
_KEYS = frozenset({"access_token", "accessToken"})
_OTHER_MAKERS = (
    *("secrets.", "uuid.", "random.", "base64.", "hashlib.", "hmac.", "binascii.", "os.urandom."),
    *("itsdangerous.", "cryptography.fernet.", "nanoid.", "ulid.", "shortuuid.", "pyseto."),
)
_THREADS = frozenset(
    {
        "asyncio.to_thread",
        "anyio.to_thread.run_sync",
        "fastapi.concurrency.run_in_threadpool",
        "starlette.concurrency.run_in_threadpool",
    }
)
_PERSONAL = frozenset({"id", "username", "email", "name", "full_name", "login", "sub"})
_TEXT = frozenset({"decode", "encode", "strip", "rstrip", "lower", "upper", "hex", "hexdigest"})


def given_tokens(
    names: Names, function: Function, seen: set[ast.expr] | None = None
) -> Iterator[Place]:
    """Yield the expressions of the access tokens in what a function returns or sets as a cookie."""
    seen = set() if seen is None else seen
    for returned in function.returns:
        yield from _in(names, returned, function.scope, seen)
    for site in function.calls:
        if isinstance(site.node.func, ast.Attribute) and site.node.func.attr == "set_cookie":
            given = dict(zip(("key", "value"), site.node.args, strict=False))
            given.update((each.arg, each.value) for each in site.node.keywords if each.arg)
            if names.constant(given.get("key"), site.scope) in _KEYS and "value" in given:
                yield given["value"], site.scope


def _in(names: Names, node: ast.expr, scope: Scope, seen: set[ast.expr]) -> Iterator[Place]:
    if node in seen or len(seen) > _ENOUGH:
        return
    seen.add(node)
    match node:
        case ast.Await(value=value):
            yield from _in(names, value, scope, seen)
        case ast.Name():
            for value, where in _values(node, scope):
                yield from _in(names, value, where, seen)
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                if key is not None and names.constant(key, scope) in _KEYS:
                    yield value, scope
        case ast.Call():
            yield from _in_call(names, node, scope, seen)


def _in_call(names: Names, node: ast.Call, scope: Scope, seen: set[ast.expr]) -> Iterator[Place]:
    called = names.evaluate(node.func, scope)
    if isinstance(called, FunctionValue):
        yield from given_tokens(names, called.function, seen)
        return
    for keyword in node.keywords:
        if keyword.arg in _KEYS:
            yield keyword.value, scope
        elif keyword.arg is None and isinstance(keyword.value, ast.Dict):
            yield from _in(names, keyword.value, scope, seen)
    validates = isinstance(node.func, ast.Attribute) and node.func.attr == "model_validate"
    if validates or names.is_a(called, RESPONSES):
        given = [*node.args[:1], *(each.value for each in node.keywords if each.arg == "content")]
        for each in given:
            yield from _in(names, each, scope, seen)


def made_without_jwt(
    names: Names, node: ast.expr, scope: Scope, seen: set[ast.expr] | None = None
) -> Place | None:
    """Return where a token is made that surely no JWT library encodes, None if it cannot be told."""
    seen = set() if seen is None else seen
    if node in seen or len(seen) > _ENOUGH:
        return None
    seen.add(node)
    match node:
        case ast.Constant():
            return (node, scope) if isinstance(node.value, str) and node.value else None
        case ast.Await(value=value):
            return made_without_jwt(names, value, scope, seen)
        case ast.JoinedStr(values=values):
            return _joined(names, node, values, scope, seen)
        case ast.IfExp(body=body, orelse=orelse):
            return _all(names, [(body, scope), (orelse, scope)], seen)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            if any(_is_own_text(each) for each in (left, right)):
                return node, scope
            return _all(names, [(left, scope), (right, scope)], seen)
        case ast.Name():
            return _all(names, _values(node, scope), seen)
        case ast.Attribute(attr=attr) if attr in _PERSONAL:
            return node, scope
        case ast.Call() | ast.Attribute():
            return _made(names, node, scope, seen)
    return None


def _made(
    names: Names, node: ast.Call | ast.Attribute, scope: Scope, seen: set[ast.expr]
) -> Place | None:
    func = node.func if isinstance(node, ast.Call) else node
    called = names.evaluate(func, scope)
    if encodes_jwt(called):
        return None
    root = _root(called)
    if root is not None and within(root, _OTHER_MAKERS):
        return node, scope
    if not isinstance(node, ast.Call):
        return None
    if root in _THREADS and node.args:
        called = names.evaluate(node.args[0], scope)
        return None if encodes_jwt(called) else _returned(names, called, seen)
    if root == "builtins.str" and node.args:
        return made_without_jwt(names, node.args[0], scope, seen)
    if isinstance(called, FunctionValue):
        return _returned(names, called, seen)
    if isinstance(func, ast.Attribute) and func.attr in _TEXT:
        return made_without_jwt(names, func.value, scope, seen)
    return None


def _returned(names: Names, called: Value | None, seen: set[ast.expr]) -> Place | None:
    if not isinstance(called, FunctionValue):
        return None
    scope = called.function.scope
    return _all(names, [(each, scope) for each in called.function.returns], seen)


def _joined(
    names: Names, node: ast.expr, values: list[ast.expr], scope: Scope, seen: set[ast.expr]
) -> Place | None:
    if any(_is_own_text(each) for each in values):
        return node, scope
    parts = [(each.value, scope) for each in values if isinstance(each, ast.FormattedValue)]
    return (node, scope) if _all(names, parts, seen) else None


def _is_own_text(node: ast.expr) -> bool:
    """Whether an expression is a text that makes what it is joined to another token than it was."""
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return False
    text = node.value.strip().lower()
    return bool(text) and text != "bearer"


def _all(names: Names, places: list[Place], seen: set[ast.expr]) -> Place | None:
    """Return the first place if tokens are made without JWT at all of them."""
    found = [made_without_jwt(names, node, scope, seen) for node, scope in places]
    return found[0] if found and None not in found else None


def _values(node: ast.Name, scope: Scope) -> list[Place]:
    """Return what a name is assigned; nothing if one of its bindings gives it another value."""
    bindings = scope.visible(node.id)
    if any(each.value is None or not each.is_whole for each in bindings):
        return []
    return [(each.value, each.scope) for each in bindings if each.value is not None]


def _root(value: Value | None) -> str | None:
    while isinstance(value, (Attribute, Result)):
        value = value.of
    if isinstance(value, Instance):
        value = value.of
    return value.name if isinstance(value, External) else None
