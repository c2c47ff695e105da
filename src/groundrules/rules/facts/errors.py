"""Where errors become answers: exception handlers, middleware and route classes."""

import ast
import builtins
from collections.abc import Iterable, Iterator
from functools import cached_property

from groundrules.rules.meaning.calls import Calls
from groundrules.rules.meaning.names import Names
from groundrules.rules.meaning.origins import origin
from groundrules.rules.meaning.values import ClassValue, External, FunctionValue, Value
from groundrules.rules.source.statements import statements
from groundrules.rules.source.syntax import elements, unpacked
from groundrules.rules.source.tree import Function, Module, Scope

_MIDDLEWARE = ("starlette.middleware.Middleware", "fastapi.middleware.Middleware")
_EVERYTHING = (External("builtins.Exception"), External("builtins.BaseException"))
_BASES = frozenset(
    {
        "starlette.middleware.base.BaseHTTPMiddleware",
        "fastapi.middleware.base.BaseHTTPMiddleware",
        "fastapi.routing.APIRoute",
    }
)


class Errors:
    """What a project does about exceptions outside its handlers."""

    def __init__(self, names: Names, calls: Calls) -> None:
        self._names = names
        self._calls = calls
        self._handlers = dict[Function, None]()
        self._handled: list[Value] = []
        self._complete = True
        self._catches_all = False
        for module in names.modules.values():
            if module.mentions(".exception_handlers"):
                self._complete = False
            for function in module.functions:
                self._decorated(function)
            if module.mentions("exception_handlers"):
                self._keywords(module)
            self._registrations(module)
            for cls in module.classes:
                if cls.node.bases and names.is_a(ClassValue(cls), _BASES):
                    self._add(cls.methods)
        for site in calls.to(_MIDDLEWARE):
            self._middleware(site.node, site.scope)
        self._catching()

    def handles(self, kind: Value | None) -> bool | None:
        """Whether exceptions of a class are answered by a handler; None if that cannot be known.

        A handler for every exception there is may know the project's own, but is for none of Python's.
        """
        if is_below(self._names, kind, self._handled):
            return True
        if self._catches_all and isinstance(kind, ClassValue):
            return None
        return False if self._complete else None

    def answers(self, function: Function | None) -> bool:
        """Whether a function is, or stands in, an exception handler or middleware."""
        while function is not None:
            if function in self._handlers:
                return True
            function = function.outer.function
        return False

    @cached_property
    def functions(self) -> list[Function]:
        """The exception handlers and the functions of middleware."""
        return list(self._handlers)

    def _decorated(self, function: Function) -> None:
        for decorator in function.node.decorator_list:
            match decorator:
                case ast.Call(func=ast.Attribute(attr="exception_handler"), args=args):
                    self._add([function])
                    self._handle(args[:1], function.outer)
                case ast.Call(func=ast.Attribute(attr="middleware")):
                    self._add([function])

    def _keywords(self, module: Module) -> None:
        for site in module.calls:
            for keyword in site.node.keywords:
                if keyword.arg == "exception_handlers":
                    self._mapping(keyword.value, site.scope)

    def _registrations(self, module: Module) -> None:
        for site in module.called.get("add_exception_handler", ()):
            if isinstance(site.node.func, ast.Attribute):
                node, given = site.node, {each.arg: each.value for each in site.node.keywords}
                kinds = [*node.args[:1], *_known(given.get("exc_class_or_status_code"))]
                self._handle(kinds, site.scope)
                self._answer([*node.args[1:2], *_known(given.get("handler"))], site.scope)
        for site in module.called.get("add_middleware", ()):
            if isinstance(site.node.func, ast.Attribute):
                self._middleware(site.node, site.scope)
        for site in module.called.get(None, ()):
            match site.node.func:
                case ast.Call(func=ast.Attribute(attr="exception_handler"), args=args):
                    self._handle(args[:1], site.scope)
                    self._answer(site.node.args[:1], site.scope)

    def _middleware(self, node: ast.Call, scope: Scope) -> None:
        dispatch = [each.value for each in node.keywords if each.arg == "dispatch"]
        self._answer([*node.args[:1], *dispatch], scope)

    def _mapping(self, node: ast.expr, scope: Scope) -> None:
        held, where = origin(self._names, node, scope)
        if not isinstance(held, ast.Dict) or any(key is None for key in held.keys):
            self._complete = False
            return
        self._handle([key for key in held.keys if key is not None], where)
        self._answer(held.values, where)

    def _handle(self, kinds: Iterable[ast.expr], scope: Scope) -> None:
        for node in kinds:
            for each, where in looped(self._names, node, scope):
                value = self._names.evaluate(each, where)
                if value is None:
                    self._complete = False
                else:
                    self._note(value)

    def _note(self, kind: Value) -> None:
        if kind in _EVERYTHING:
            self._catches_all = True
        else:
            self._handled.append(kind)

    def _answer(self, nodes: Iterable[ast.expr], scope: Scope) -> None:
        for node in nodes:
            for each, where in looped(self._names, node, scope):
                match self._names.evaluate(each, where):
                    case FunctionValue(function=function):
                        self._add([function])
                    case ClassValue(cls):
                        self._add(cls.methods)

    def _add(self, functions: Iterable[Function]) -> None:
        self._handlers.update(dict.fromkeys(functions))

    def _catching(self) -> None:
        """Note what middleware and route classes catch: they answer it."""
        for module in self._names.modules.values() if self._handlers else ():
            for function in module.functions:
                if self.answers(function):
                    for kind in caught(self._names, function):
                        self._note(kind)


def looped(names: Names, node: ast.expr, scope: Scope) -> list[tuple[ast.expr, Scope]]:
    """Return what a loop's variable goes through, as far as literals tell; others as they are."""
    bindings = scope.bindings.get(node.id, []) if isinstance(node, ast.Name) else []
    if len(bindings) != 1 or not bindings[0].element:
        return [(node, scope)]
    over, position, part = bindings[0].value, bindings[0].unpacked, ""
    called = over.func if isinstance(over, ast.Call) else None
    if isinstance(called, ast.Attribute):
        over, part = called.value, called.attr  # `.items()` and the like
    held, where = origin(names, over, scope)
    if isinstance(held, ast.Dict):
        rows: list[ast.expr | None] = [*held.keys]
        if part == "values" or (part == "items" and position == 1):
            rows = [*held.values]
    else:
        rows = [*elements(held)]
        rows = [unpacked(row, bindings[0]) for row in rows]
    found = [(row, where) for row in rows if row is not None]
    return found or [(node, scope)]


def caught(names: Names, function: Function) -> Iterator[Value]:
    """Yield the classes of exceptions that a function catches."""
    for statement in statements(function.node.body):
        if isinstance(statement, (ast.Try, ast.TryStar)):
            for handler in statement.handlers:
                yield from exception_kinds(names, handler, function.scope)


def exception_kinds(names: Names, handler: ast.ExceptHandler, scope: Scope) -> list[Value]:
    """Return the classes that an `except` catches, as far as they are known."""
    if handler.type is None:
        return [External("builtins.BaseException")]
    held, where = origin(names, handler.type, scope)
    parts = elements(held) or [handler.type]
    values = (names.evaluate(each, where if elements(held) else scope) for each in parts)
    return [value for value in values if value is not None]


def is_below(names: Names, kind: Value | None, kinds: Iterable[Value]) -> bool:
    """Whether a class of exceptions is one of `kinds` or descends from one of them."""
    wanted = list(kinds)
    return any(each in wanted or _below_a_builtin(each, wanted) for each in names.ancestors(kind))


def _below_a_builtin(kind: Value, kinds: Iterable[Value]) -> bool:
    lower = _builtin(kind)
    uppers = [found for each in kinds if (found := _builtin(each)) is not None]
    if lower is None:
        return BaseException in uppers or Exception in uppers
    return any(issubclass(lower, upper) for upper in uppers)


def _builtin(kind: Value) -> type[BaseException] | None:
    if not isinstance(kind, External) or not kind.name.startswith("builtins."):
        return None
    found = getattr(builtins, kind.name.removeprefix("builtins."), None)
    return found if isinstance(found, type) and issubclass(found, BaseException) else None


def _known(node: ast.expr | None) -> list[ast.expr]:
    return [node] if node is not None else []
