"""Finds the functions that answer HTTP requests, however they are registered."""

import ast
from collections.abc import Iterator

from groundrules.rules.facts.routes import METHODS, Route
from groundrules.rules.meaning.callers import given_for
from groundrules.rules.meaning.calls import run_by
from groundrules.rules.meaning.keywords import keywords_of
from groundrules.rules.meaning.names import Names
from groundrules.rules.meaning.origins import origin
from groundrules.rules.meaning.values import (
    Attribute,
    ClassValue,
    External,
    Frame,
    Frames,
    FunctionValue,
    Instance,
    Result,
    Value,
)
from groundrules.rules.source.syntax import elements, unpacked
from groundrules.rules.source.tree import Binding, CallSite, Function, Scope

ROUTING = METHODS | {"api_route", "route"}
_ADDERS = frozenset({"add_api_route", "add_route"})
_ROUTERS = frozenset(
    {
        "fastapi.FastAPI",
        "fastapi.applications.FastAPI",
        "fastapi.APIRouter",
        "fastapi.routing.APIRouter",
        "starlette.applications.Starlette",
        "starlette.routing.Router",
    }
)
_NO_ROUTERS = (
    *("builtins.", "typing.", "importlib.", "abc.", "pydantic.", "sqlalchemy."),
    *("fastapi.Depends", "fastapi.param", "fastapi.Request", "starlette.requests."),
)
_ROUTES = frozenset(
    {
        "starlette.routing.Route",
        "fastapi.routing.Route",
        "fastapi.routing.APIRoute",
    }
)
_REGISTERING = _ADDERS | {name.rpartition(".")[2] for name in _ROUTES}
_ENDPOINTS = frozenset({"starlette.endpoints.HTTPEndpoint"})


class Registrations:
    """Collects every route of a project."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._found: list[Route] = []
        self._seen: set[tuple[Function, ast.Call]] = set()
        self._applying: set[Function] = set()
        self._routers = _ROUTERS | frozenset(self._included())

    def all(self) -> list[Route]:
        """Return the routes, in the order of modules and lines."""
        for module in self._names.modules.values():
            for function in module.functions:
                for decorator in function.node.decorator_list:
                    self._decorated(decorator, function)
            for site in module.calls:
                self._called(site, ())
        return self._found

    def is_router(self, value: Value | None) -> bool:
        """Whether a value is an application or a router of FastAPI or Starlette."""
        while isinstance(value, Attribute) and value.name == "router":
            value = value.of
        return isinstance(value, Instance) and self._names.is_a(value.of, self._routers)

    def _included(self) -> Iterator[str]:
        """Yield the outside classes of what includes a router and of what is included: these are routers."""
        for site in self._names.calls_of("include_router"):
            func = site.node.func
            if isinstance(func, ast.Attribute):
                yield from self._outside(self._names.evaluate(func.value, site.scope))
            for each, where in self._possible_of(_argument(site.node, 0, "router"), site.scope):
                yield from self._outside(self._names.evaluate(each, where))

    def _possible_of(
        self, node: ast.expr | None, scope: Scope, depth: int = 0
    ) -> Iterator[tuple[ast.expr, Scope]]:
        """Yield an expression, and what it can be if it is a loop's variable or a parameter."""
        if node is None or depth > 5:
            return
        yield node, scope
        for binding in _many(node, scope) if isinstance(node, ast.Name) else ():
            if binding.element:
                rows, where = self._rows(binding.value, binding.scope)
                for row in rows:
                    yield from self._possible_of(unpacked(row, binding), where, depth + 1)
            elif isinstance(binding.scope.owner, Function):
                for given, where in given_for(self._names, binding.scope.owner, binding.name):
                    yield from self._possible_of(given, where, depth + 1)

    def _outside(self, value: Value | None) -> Iterator[str]:
        """Yield the outside classes that an object is of."""
        if isinstance(value, Instance):
            for each in self._names.ancestors(value.of):
                if isinstance(each, External) and not each.name.startswith(_NO_ROUTERS):
                    yield each.name

    def _decorated(self, decorator: ast.expr, function: Function) -> None:
        value = self._names.evaluate(decorator, function.outer)
        if isinstance(value, External):
            return
        before = len(self._found)
        self._apply(value, FunctionValue(function))
        if len(self._found) > before or not isinstance(decorator, ast.Call):
            return
        called = decorator.func
        if isinstance(called, ast.Attribute) and called.attr in ROUTING:
            receiver = self._names.evaluate(called.value, function.outer)
            if self.is_router(receiver):
                self._add([function], called.attr, decorator, function.outer, ())

    def _called(self, site: CallSite, frames: Frames) -> None:
        node, scope = site.node, site.scope
        if not _may_register(node):
            return
        names = self._names
        value = names.evaluate(node.func, scope, frames) if frames else names.called(site)
        if isinstance(value, External):
            if value.name in _ROUTES:
                self._endpoint(value.name.rpartition(".")[2], site, frames)
        elif isinstance(value, Attribute):
            if value.name in _ADDERS and self.is_router(value.of):
                self._endpoint(value.name, site, frames)
        elif isinstance(value, Result) and (verb := self._verb(value)):
            handlers = list(self._handlers(_argument(node, 0, "func"), scope, frames))
            self._add(handlers, verb, value.call, value.scope, value.frames)

    def _endpoint(self, verb: str, site: CallSite, frames: Frames) -> None:
        endpoint = _argument(site.node, 1, "endpoint", "route")
        handlers = list(self._handlers(endpoint, site.scope, frames))
        self._add(handlers, verb, site.node, site.scope, frames)

    def _verb(self, value: Value | None) -> str | None:
        made_by = value.of if isinstance(value, Result) else None
        if isinstance(made_by, Attribute) and made_by.name in ROUTING:
            return made_by.name if self.is_router(made_by.of) else None
        return None

    def _apply(self, decorator: Value | None, handler: FunctionValue) -> None:
        verb = self._verb(decorator)
        if verb and isinstance(decorator, Result):
            handlers = [handler.function]
            self._add(handlers, verb, decorator.call, decorator.scope, decorator.frames)
            return
        called = run_by(self._names, decorator)
        if called is None or called.function in self._applying:
            return
        bare = isinstance(decorator, FunctionValue) and decorator.bound is None
        names = [argument.arg for argument in called.function.positional][0 if bare else 1 :]
        if not names:
            return
        frame = Frame(called.function.scope, {names[0]: handler})
        if called.bound is not None:
            frame.values[called.function.positional[0].arg] = called.bound
        self._applying.add(called.function)
        for site in called.function.calls:
            self._called(site, (*called.frames, frame))
            self._handed_on(site, (*called.frames, frame), handler)
        self._applying.discard(called.function)

    def _handed_on(self, site: CallSite, frames: Frames, handler: FunctionValue) -> None:
        """Follow a decorator that gives the function to another decorator of the project."""
        value = self._names.evaluate(site.node.func, site.scope, frames)
        if not isinstance(value, FunctionValue) or not site.node.args:
            return
        given = self._names.evaluate(site.node.args[0], site.scope, frames)
        if isinstance(given, FunctionValue) and given.function is handler.function:
            self._apply(value, handler)

    def _handlers(
        self, node: ast.expr | None, scope: Scope, frames: Frames, depth: int = 0
    ) -> Iterator[Function]:
        if node is None or depth > 5:
            return
        value = self._names.evaluate(node, scope, frames)
        match value:
            case FunctionValue():
                yield self._wrapped(value)
                if not (isinstance(node, ast.Name) and _many(node, scope)):
                    return
            case Instance(of=ClassValue()):
                method = self._names.attribute(value, "__call__")
                if isinstance(method, FunctionValue):
                    yield method.function
            case ClassValue(cls) if self._names.is_a(value, _ENDPOINTS):
                yield from (each for each in cls.methods if each.name in METHODS)
        if isinstance(node, ast.Call) and not isinstance(value, FunctionValue):
            for given in (*node.args, *(each.value for each in node.keywords)):
                if isinstance(self._names.evaluate(given, scope, frames), FunctionValue):
                    yield from self._handlers(given, scope, frames, depth + 1)
        elif isinstance(node, ast.Name):
            for given, where in self._possible_of(node, scope, depth):
                if given is not node:
                    yield from self._handlers(given, where, (), depth + 1)

    def _rows(self, node: ast.expr | None, scope: Scope) -> tuple[list[ast.expr], Scope]:
        """Return what a loop over `node` goes through, as far as literals tell, and its scope."""
        match node:
            case ast.Call(func=ast.Attribute(value=owner, attr="items")):
                held, where = origin(self._names, owner, scope)
                if isinstance(held, ast.Dict):
                    pairs = zip(held.keys, held.values, strict=True)
                    rows = [ast.Tuple([key, value], ast.Load()) for key, value in pairs if key]
                    return [*rows], where
            case ast.Call(func=ast.Attribute(value=owner, attr="values")):
                node = owner
        held, where = origin(self._names, node, scope)
        return elements(held), where

    def _wrapped(self, value: FunctionValue) -> Function:
        function = value.function
        for decorator in function.node.decorator_list:
            if isinstance(decorator, ast.Call) and decorator.args:
                called = self._names.evaluate(decorator.func, function.outer, value.frames)
                if called == External("functools.wraps"):
                    inner = self._names.evaluate(decorator.args[0], function.outer, value.frames)
                    if isinstance(inner, FunctionValue):
                        return inner.function
        return function

    def _add(
        self, handlers: list[Function], verb: str, call: ast.Call, scope: Scope, frames: Frames
    ) -> None:
        for handler in handlers:
            if (handler, call) not in self._seen:
                self._seen.add((handler, call))
                options = keywords_of(self._names, call, scope)
                self._found.append(Route(handler, verb, call, scope, frames, *options))


def _may_register(node: ast.Call) -> bool:
    """Whether a call is given a function, as far as its form tells."""
    args, keywords = node.args, node.keywords
    if isinstance(node.func, ast.Attribute):
        name = node.func.attr
        if name in METHODS:
            return (
                False  # `router.get("/")` alone registers nothing: what it gives takes a function
            )
        if name not in _REGISTERING and len(args) + len(keywords) != 1:
            return False
    for each in args:
        if each.__class__ is not ast.Constant:
            return True
    return any(each.value.__class__ is not ast.Constant for each in keywords)


def _many(node: ast.Name, scope: Scope) -> list[Binding]:
    bindings = scope.visible(node.id)
    return [each for each in bindings if each.element or isinstance(each.node, ast.arg)]


def _argument(node: ast.Call, position: int, *names: str) -> ast.expr | None:
    if len(node.args) > position:
        return node.args[position]
    return next((each.value for each in node.keywords if each.arg in names), None)
