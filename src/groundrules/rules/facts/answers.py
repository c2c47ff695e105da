"""Where code makes a response or an `HTTPException`, and with which status code."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from groundrules.rules.meaning.calls import Calls
from groundrules.rules.meaning.codes import codes
from groundrules.rules.meaning.constructors import Constructors, Given, Place
from groundrules.rules.meaning.names import Names
from groundrules.rules.meaning.values import (
    ClassValue,
    External,
    FunctionValue,
    Instance,
    Value,
)
from groundrules.rules.source.statements import statements
from groundrules.rules.source.tree import CallSite, Class, Function, Scope

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
        "starlette.templating._TemplateResponse",
        *(
            f"{package}.responses.{kind}Response"
            for package in ("fastapi", "starlette")
            for kind in _KINDS
        ),
    }
)


# the first argument of these is no body
_WITHOUT_BODY = frozenset(
    f"{package}.responses.RedirectResponse" for package in ("fastapi", "starlette")
)


@dataclass(frozen=True, eq=False)
class Answer:
    """A call that makes a response or an exception.

    :param status: the expression of its status code, standing in `where`, None if none is given.
    :param content: the expression of its body, standing in `where_content`.
    """

    site: CallSite
    status: ast.expr | None
    where: Scope
    content: ast.expr | None = None
    where_content: Scope | None = None

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
        return [*self._made(RESPONSES, 1), *self._rendered()]

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

    def _made(self, kinds: frozenset[str], position: int) -> Iterator[Answer]:
        for site in self._calls.to(sorted(kinds)):
            yield self._answer(site, self._names.called(site), position)
        for site in self._calls.to(f"{kind}.__init__" for kind in sorted(kinds)):
            unbound = isinstance(self._names.called(site), External)  # `Base.__init__(self, …)`
            place = _given(self._constructors.given(site.node, site.scope), position + unbound)
            yield Answer(site, *(place or (None, site.scope)))
        for site, called in self._calls.constructing:
            if self._names.is_a(called, kinds):
                yield self._answer(site, called, position)

    def _rendered(self) -> Iterator[Answer]:
        """Yield the pages that templates make: Jinja2's, and those of libraries that imitate these."""
        for site in self._names.calls_of("TemplateResponse"):
            if not isinstance(self._names.called(site), FunctionValue):
                given = self._constructors.given(site.node, site.scope)
                places = given.keywords.get("status_code"), *given.positional[2:4]
                for each in places:
                    if each is not None and codes(self._names, *each):
                        yield Answer(site, *each)
                        break

    def _answer(self, site: CallSite, called: Value | None, position: int) -> Answer:
        made = self._constructors.reached(called, site.node, site.scope)
        status, content = _given(made, position), None
        if position and not self._names.is_a(called, _WITHOUT_BODY):
            content = made.at(0, "content", "path")
        return Answer(site, *(status or (None, site.scope)), *(content or (None, None)))

    @cached_property
    def _constructors(self) -> Constructors:
        return Constructors(self._names)


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


def _given(made: Given, position: int) -> Place | None:
    """Return the status code that a constructor from outside is given."""
    return made.at(position, "status_code")
