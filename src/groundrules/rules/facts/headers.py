"""Where code reads a header of the request by hand."""

import ast
from collections.abc import Iterator, Mapping

from groundrules.rules.meaning.names import Names
from groundrules.rules.meaning.origins import origin
from groundrules.rules.meaning.values import Attribute, ClassValue, External, Instance, Value
from groundrules.rules.source.statements import nodes
from groundrules.rules.source.syntax import default_of, elements, parsed_annotation
from groundrules.rules.source.tree import Function, Module, Scope

Place = tuple[ast.expr, Scope]
REQUESTS = frozenset(
    f"{module}.{name}"
    for module in ("fastapi", "fastapi.requests", "starlette.requests", "starlette.websockets")
    for name in ("Request", "HTTPConnection", "WebSocket")
)
_HEADERS = frozenset({"starlette.datastructures.Headers", "fastapi.datastructures.Headers"})
_PARAMETERS = frozenset(
    {"fastapi.Header", "fastapi.params.Header", "fastapi.param_functions.Header"}
)


def read_headers(names: Names, module: Module, header: str) -> Iterator[Place]:
    """Yield where a module takes a header from a request, as a call or by index.

    :param header: the header's name in lower case.
    """
    if not module.mentions("headers"):
        return
    for site in module.calls:
        match site.node:
            case ast.Call(func=ast.Attribute(value=owner, attr="get" | "getlist"), args=[key, *_]):
                if _is(names, key, site.scope, header) and _is_headers(names, owner, site.scope):
                    yield site.node, site.scope
    if any("headers" in line and "[" in line for line in module.lines):
        for function in module.functions:
            for _, node in nodes(function.node):
                match node:
                    case ast.Subscript(value=owner, slice=key):
                        scope = function.scope
                        if _is(names, key, scope, header) and _is_headers(names, owner, scope):
                            yield node, scope


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
    return isinstance(value, str) and value.lower() == header


def _is_headers(names: Names, owner: ast.expr, scope: Scope) -> bool:
    match names.evaluate(owner, scope):
        case Attribute(of=Instance(of=kind), name="headers"):
            return names.is_a(kind, REQUESTS)
        case Instance(of=kind):
            return names.is_a(kind, _HEADERS)
    return False
