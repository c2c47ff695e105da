"""Where code makes a response or an `HTTPException`, and with which status code."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from groundrules.rules.model.calls import Calls
from groundrules.rules.model.names import Names
from groundrules.rules.model.statements import statements
from groundrules.rules.model.syntax import match_arguments
from groundrules.rules.model.tree import CallSite, Class, Function, Scope
from groundrules.rules.model.values import (
    ClassValue,
    External,
    FunctionValue,
    Instance,
    Value,
)

HTTP_EXCEPTIONS = frozenset(
    {
        "fastapi.HTTPException",
        "fastapi.exceptions.HTTPException",
        "starlette.exceptions.HTTPException",
    }
)
_KINDS = ("", "HTML", "JSON", "ORJSON", "UJSON", "PlainText", "Redirect", "Streaming", "File")
RESPONSES = frozenset(
    {
        "fastapi.Response",
        *(
            f"{package}.responses.{kind}Response"
            for package in ("fastapi", "starlette")
            for kind in _KINDS
        ),
    }
)


@dataclass(frozen=True, eq=False)
class Answer:
    """A call that makes a response or an exception.

    :param status: the expression of its status code, None if none is given.
    """

    site: CallSite
    status: ast.expr | None

    @property
    def scope(self) -> Scope:
        """The scope that the call stands in."""
        return self.site.scope


class Answers:
    """The responses and exceptions of a whole project."""

    def __init__(self, names: Names, calls: Calls) -> None:
        self._names = names
        self._calls = calls

    @cached_property
    def exceptions(self) -> list[Answer]:
        """Every call that makes an `HTTPException`, the base's constructor in a subclass included."""
        return list(self._made(HTTP_EXCEPTIONS, 0))

    @cached_property
    def responses(self) -> list[Answer]:
        """Every call that makes a response of any class."""
        return list(self._made(RESPONSES, 1))

    @cached_property
    def exception_classes(self) -> list[Class]:
        """The project's own subclasses of `HTTPException`."""
        return [
            cls
            for module in self._names.modules.values()
            for cls in module.classes
            if cls.node.bases and self.is_exception(ClassValue(cls))
        ]

    def is_exception(self, kind: Value | None) -> bool:
        """Whether a class is `HTTPException` or a subclass of it."""
        return self._names.is_a(kind, HTTP_EXCEPTIONS)

    def is_response(self, value: Value | None) -> bool:
        """Whether a value is a response of any class."""
        return isinstance(value, Instance) and self._names.is_a(value.of, RESPONSES)

    def response(self, site: CallSite) -> Answer | None:
        """Return the response that a call makes itself, None if it makes none."""
        called = self._names.called(site)
        if not isinstance(called, (External, ClassValue)) or not self._names.is_a(
            called, RESPONSES
        ):
            return None
        return self._answer(site, called, 1)

    def _made(self, kinds: frozenset[str], position: int) -> Iterator[Answer]:
        for site in self._calls.to(sorted(kinds)):
            yield Answer(site, _given(site.node, position))
        for site in self._calls.to(f"{kind}.__init__" for kind in sorted(kinds)):
            unbound = isinstance(self._names.called(site), External)  # `Base.__init__(self, …)`
            yield Answer(site, _given(site.node, position + unbound))
        for site, called in self._calls.constructing:
            if self._names.is_a(called, kinds):
                yield self._answer(site, called, position)

    def _answer(self, site: CallSite, called: Value, position: int) -> Answer:
        made = self._names.attribute(Instance(called), "__init__")
        if isinstance(made, FunctionValue):
            given = match_arguments(made.function, site.node, bound=True)
            return Answer(site, given.get("status_code"))
        return Answer(site, _given(site.node, position))


def content_of(answer: Answer) -> ast.expr | None:
    """Return the expression of the body that a response is given, None if there is none."""
    node = answer.site.node
    found = [each.value for each in node.keywords if each.arg in ("content", "path")]
    return next(iter([*node.args[:1], *found]), None)


def sets_status(names: Names, function: Function) -> Iterator[tuple[ast.stmt, ast.expr]]:
    """Yield the statements that set the status code of a response that exists, and what they set."""
    if not any(name.endswith(".status_code") for name in function.scope.bindings):
        return
    for statement in statements(function.node.body):
        match statement:
            case ast.Assign(targets=targets, value=value):
                pass
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                targets = [target]
            case _:
                continue
        for each in targets:
            if isinstance(each, ast.Attribute) and each.attr == "status_code":
                owner = names.evaluate(each.value, function.scope)
                if isinstance(owner, Instance) and names.is_a(owner.of, RESPONSES):
                    yield statement, value


def _given(node: ast.Call, position: int) -> ast.expr | None:
    for each in node.keywords:
        if each.arg == "status_code":
            return each.value
    before = node.args[: position + 1]
    if len(before) <= position or any(isinstance(each, ast.Starred) for each in before):
        return None
    return before[position]
