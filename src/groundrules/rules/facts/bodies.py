"""Says what a response surely has a body of, and where a handler returns it."""

import ast
from collections.abc import Callable, Iterable, Iterator
from itertools import takewhile

from groundrules.rules.facts.answers import Answers, sets_status
from groundrules.rules.facts.pydantic_models import is_model, model_of
from groundrules.rules.meaning.annotations import Annotations
from groundrules.rules.meaning.codes import codes
from groundrules.rules.meaning.names import Names
from groundrules.rules.meaning.origins import origin
from groundrules.rules.meaning.values import ClassValue, External, FunctionValue, Instance
from groundrules.rules.source.statements import ends, following, statements
from groundrules.rules.source.tree import Function, Scope

_DEPTH = 5  # calls and names followed
_DISPLAYS = (ast.Dict, ast.List, ast.Tuple, ast.Set, ast.JoinedStr)
_COMPREHENSIONS = (ast.ListComp, ast.DictComp, ast.SetComp, ast.GeneratorExp)
_Decide = Callable[[Iterable[bool]], bool]
_SURE = ("builtins.dict", "builtins.list", "builtins.str", "builtins.int", "builtins.bool")


class Bodies:
    """The bodies of a project's responses."""

    def __init__(self, names: Names, answers: Answers) -> None:
        self._names = names
        self._answers = answers
        self._annotations = Annotations(names)

    def surely(self, node: ast.expr, scope: Scope) -> bool:
        """Whether an expression is surely more than nothing, and no response of its own."""
        return self._is_body(node, scope, all, 0)

    def possibly(self, node: ast.expr, scope: Scope) -> bool:
        """Whether one of the things that an expression can be is surely a body."""
        return self._is_body(node, scope, any, 0)

    def after(self, function: Function, number: int) -> Iterator[ast.expr]:
        """Yield the bodies that a function returns once it has set the status code to a number."""
        setting = dict(sets_status(self._names, function))
        for statement, status in setting.items():
            found = codes(self._names, status, function.scope)
            if {code.number for code in found} == {number}:
                rest = following(function.node.body, statement)
                for later in takewhile(lambda each: not _sets(each, setting), rest):
                    yield from self._returned(later, function)

    def _returned(self, statement: ast.stmt, function: Function) -> Iterator[ast.expr]:
        for each in statements([statement]):
            match each:
                case ast.Return(value=ast.expr() as value) if self.surely(value, function.scope):
                    yield value

    def _is_body(self, node: ast.expr, scope: Scope, decide: _Decide, depth: int) -> bool:
        if depth > _DEPTH:
            return False
        depth += 1
        node, scope = _origin(self._names, node, scope)
        match node:
            case ast.Constant(value=value):
                return value not in (None, "", b"")
            case ast.Await(value=value) | ast.NamedExpr(value=value):
                return self._is_body(value, scope, decide, depth)
            case ast.IfExp(body=body, orelse=orelse):
                return decide(self._is_body(each, scope, decide, depth) for each in (body, orelse))
            case ast.BoolOp(op=ast.Or(), values=values):
                return self._is_body(values[-1], scope, decide, depth)
        if isinstance(node, (*_DISPLAYS, *_COMPREHENSIONS)):
            return True
        if isinstance(node, ast.Call):
            called = self._names.evaluate(node.func, scope)
            if isinstance(called, FunctionValue):
                return self._is_returned(called.function, decide, depth)
        elif decide is all:
            return False  # it may be None
        held = self._names.evaluate(node, scope)
        if model_of(self._names, held) is not None:
            return True
        is_own = isinstance(held, Instance) and isinstance(held.of, ClassValue)
        return is_own and not self._answers.is_response(held)

    def _is_returned(self, function: Function, decide: _Decide, depth: int) -> bool:
        """Whether what a function returns is a body: each time, or as it declares."""
        bodies = (self._is_body(each, function.scope, decide, depth) for each in function.returns)
        if function.returns and ends(function.node.body) and decide(bodies):
            return True
        return self._is_declared(function.node.returns, function.outer, decide)

    def _is_declared(self, annotation: ast.expr | None, scope: Scope, decide: _Decide) -> bool:
        """Whether an annotation allows only schemas, rows, and Python's own data, or among others."""
        if annotation is None:
            return False
        kinds = self._annotations.alternatives(annotation, scope)
        none = any(
            isinstance(each, ast.Constant) and each.value is None for each in ast.walk(annotation)
        )
        return bool(kinds) and not (none and decide is all) and all(map(self._is_data, kinds))

    def _is_data(self, kind: External | ClassValue) -> bool:
        if isinstance(kind, External):
            return kind.name in _SURE or is_model(self._names, kind)
        return not self._answers.is_response(Instance(kind))


def _origin(names: Names, node: ast.expr, scope: Scope) -> tuple[ast.expr, Scope]:
    """Return what a name was assigned, if that was once and no annotation says more."""
    found, where = origin(names, node, scope) if isinstance(node, ast.Name) else (node, scope)
    return (node, scope) if found is None else (found, where)


def _sets(statement: ast.stmt, setting: dict[ast.stmt, ast.expr]) -> bool:
    return any(each in setting for each in statements([statement]))
