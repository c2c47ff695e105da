"""Where code reads a header of the request by hand."""

import ast
from collections.abc import Iterator, Mapping

from groundrules.rules.meaning.names import Names
from groundrules.rules.meaning.origins import origin
from groundrules.rules.meaning.values import Attribute, ClassValue, External, Instance, Value
from groundrules.rules.source.statements import expressions, statements
from groundrules.rules.source.syntax import default_of, elements, parsed_annotation
from groundrules.rules.source.tree import CallSite, Function, Module, Scope

Place = tuple[ast.expr, Scope]
REQUESTS = frozenset(
    f"{module}.{name}"
    for module in ("fastapi", "fastapi.requests", "starlette.requests", "starlette.websockets")
    for name in ("Request", "HTTPConnection", "WebSocket")
)
_HEADERS = frozenset({"starlette.datastructures.Headers", "fastapi.datastructures.Headers"})
_TAKING = frozenset({"get", "getlist", "pop", "__getitem__"})
_COPYING = frozenset({"copy", "mutablecopy", "items"})
_DEPTH = 5
_PARAMETERS = frozenset(
    {"fastapi.Header", "fastapi.params.Header", "fastapi.param_functions.Header"}
)


def read_headers(names: Names, module: Module, header: str) -> Iterator[Place]:
    """Yield where a module takes a header from a request: as a call, by index or by a pattern.

    :param header: the header's name in lower case.
    """
    if not module.mentions("headers"):
        return
    for site in module.calls:
        match site.node:
            case ast.Call(func=ast.Attribute(value=owner, attr=name), args=[key, *_]) if (
                name in _TAKING and not (name == "pop" and _is_dropped(site))
            ):
                if _is(names, key, site.scope, header) and _is_headers(names, owner, site.scope):
                    yield site.node, site.scope
    for function in module.functions:
        scope = function.scope
        for statement in statements(function.node.body):
            if isinstance(statement, ast.Match) and _is_headers(names, statement.subject, scope):
                patterns = (case.pattern for case in statement.cases)
                keys = (each.keys for each in patterns if isinstance(each, ast.MatchMapping))
                if any(_is(names, key, scope, header) for each in keys for key in each):
                    yield statement.subject, scope
            for node in expressions(statement):
                match node:
                    case ast.Subscript(value=owner, slice=key, ctx=ast.Load()):
                        if _is(names, key, scope, header) and _is_headers(names, owner, scope):
                            yield node, scope


def _is_dropped(site: CallSite) -> bool:
    """Whether nothing is done with what a call gives."""
    function = site.scope.function
    return function is not None and any(
        isinstance(each, ast.Expr) and each.value is site.node
        for each in statements(function.node.body)
    )


def mentions_header(modules: Mapping[str, Module]) -> bool:
    """Whether any module speaks of `Header` at all."""
    return any(module.mentions("Header") for module in modules.values())


def takes_header(names: Names, function: Function, header: str) -> ast.arg | None:
    """Return the argument of a handler or dependency that FastAPI fills with a header."""
    for argument in function.arguments:
        given = default_of(function, argument.arg)
        declared = [(given, function.outer)] if given is not None else []
        kind, scope = origin(names, argument.annotation, function.outer)
        if isinstance(kind, ast.Constant) and isinstance(kind.value, str):
            kind = parsed_annotation(kind.value, kind)
        if isinstance(kind, ast.Subscript):
            declared += [(each, scope) for each in elements(kind.slice)[1:]]
        for node, where in declared:
            call, at = origin(names, node, where)
            if isinstance(call, ast.Call) and _is_header(names.evaluate(call.func, at)):
                if _name(names, call, at, argument.arg) == header:
                    return argument
                model = names.type_of(argument.annotation, function.outer)
                if isinstance(model, ClassValue) and header in model.cls.scope.bindings:
                    return argument
    return None


def _is_header(called: Value | None) -> bool:
    return isinstance(called, External) and called.name in _PARAMETERS


def _name(names: Names, call: ast.Call, scope: Scope, argument: str) -> str:
    for keyword in call.keywords:
        if keyword.arg in ("alias", "validation_alias"):
            return str(names.constant(keyword.value, scope)).lower()
    return argument.replace("_", "-").lower()


def _is(names: Names, key: ast.expr, scope: Scope, header: str) -> bool:
    if isinstance(key, ast.Constant):
        value: object = key.value
    else:
        value = (
            names.constant(key, scope)
            if isinstance(key, (ast.Name, ast.Attribute, ast.NamedExpr))
            else None
        )
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    return isinstance(value, str) and value.lower() == header


def _is_headers(names: Names, owner: ast.expr | None, scope: Scope, depth: int = 0) -> bool:
    """Whether an expression is the headers of a request, or a copy of them."""
    if owner is None or depth > _DEPTH:
        return False
    depth += 1
    if _is_of_request(names, names.evaluate(owner, scope)):
        return True
    held, where = origin(names, owner, scope)
    match held:
        case ast.Dict(keys=keys, values=values):
            unpacked = (each for key, each in zip(keys, values, strict=True) if key is None)
            return any(_is_headers(names, each, where, depth) for each in unpacked)
        case ast.Call(func=ast.Name(id="dict"), args=[given]):
            return _is_headers(names, given, where, depth)
        case ast.Call(func=ast.Attribute(value=given, attr=name)) if name in _COPYING:
            return _is_headers(names, given, where, depth)
        case ast.Attribute(value=given, attr="raw"):
            return _is_headers(names, given, where, depth)
        case ast.Subscript(value=ast.Attribute(value=given, attr="scope"), slice=key):
            kind = names.evaluate(given, where)
            is_request = isinstance(kind, Instance) and names.is_a(kind.of, REQUESTS)
            return is_request and names.constant(key, where) == "headers"
    return False


def _is_of_request(names: Names, value: Value | None) -> bool:
    match value:
        case Attribute(of=Instance(of=kind), name="headers"):
            return names.is_a(kind, REQUESTS)
        case Instance(of=kind):
            return names.is_a(kind, _HEADERS)
    return False
