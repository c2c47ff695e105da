"""Finds the Pydantic models that route handlers take from requests and answer with."""

import ast
from collections.abc import Iterator

from groundrules.rules.facts.dependencies import is_dependency
from groundrules.rules.facts.pydantic_models import is_model, is_settings, model_of
from groundrules.rules.facts.routes import Route
from groundrules.rules.meaning.annotations import Annotations
from groundrules.rules.meaning.names import Names
from groundrules.rules.meaning.values import ClassValue, FunctionValue, Instance, Value
from groundrules.rules.source.syntax import default_of, elements
from groundrules.rules.source.tree import Class, Function, Scope


class Requests:
    """The project's own Pydantic models that stand in requests and responses."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._annotations = Annotations(names)
        self._found = dict[Class, None]()
        self._seen = set[object]()

    def models(self, routes: list[Route]) -> list[Class]:
        """Return the models of some routes: named in them, nested in others, or inherited from.

        Of a class that is only inherited from, it counts whether it has fields of its own.
        """
        for route in routes:
            self._named(*route.option("response_model"))
            depending, scope = route.option("dependencies")
            for given in elements(depending):
                self._depends(self._names.evaluate(given, scope, route.frames), None)
            self._function(route.handler)
        return list(self._found)

    def _function(self, function: Function) -> None:
        if function in self._seen:
            return
        self._seen.add(function)
        self._arguments(function)
        self._named(function.node.returns, function.outer)
        for returned in function.returns:
            self._class(model_of(self._names, self._names.evaluate(returned, function.scope)))

    def _arguments(self, function: Function) -> None:
        for argument in function.arguments:
            dependency = self._dependency(function, argument)
            if dependency is None:
                self._named(argument.annotation, function.outer)
            else:
                self._depends(dependency, self._names.type_of(argument.annotation, function.outer))

    def _dependency(self, function: Function, argument: ast.arg) -> Instance | None:
        """Return the `Depends(…)` that an argument has, as its default or inside `Annotated`."""
        default = default_of(function, argument.arg)
        given = [(default, function.outer)] if default is not None else []
        given += self._annotations.metadata(argument.annotation, function.outer)
        values = (self._names.evaluate(node, scope) for node, scope in given)
        return next((each for each in values if is_dependency(each)), None)

    def _depends(self, dependency: Value | None, declared: Value | None) -> None:
        """Follow a dependency: what it takes comes from the request, what it gives does not."""
        if not isinstance(dependency, Instance) or dependency.call is None:
            return
        call, scope = dependency.call, dependency.scope
        named = [each.value for each in call.keywords if each.arg == "dependency"]
        wanted: Value | None = declared
        for node in (*call.args[:1], *named):
            wanted = self._names.evaluate(node, scope) if scope else None
        if isinstance(wanted, ClassValue):
            if is_model(self._names, wanted):
                self._class(wanted)
                return
            wanted = self._names.attribute(Instance(wanted), "__init__")
        elif isinstance(wanted, Instance) and isinstance(wanted.of, ClassValue):
            wanted = self._names.attribute(wanted, "__call__")
        if isinstance(wanted, FunctionValue) and wanted.function not in self._seen:
            self._seen.add(wanted.function)
            self._arguments(wanted.function)

    def _named(self, annotation: ast.expr | None, scope: Scope) -> None:
        for value in self._annotations.classes(annotation, scope):
            self._class(value)

    def _class(self, value: Value | None) -> None:
        """Note a model, and go on to the models in its fields and to those it inherits from."""
        if not isinstance(value, ClassValue) or not is_model(self._names, value):
            return
        if is_settings(self._names, value):
            return
        self._found[value.cls] = None
        todo = [value.cls]
        while todo:
            cls = todo.pop()
            if cls in self._seen:
                continue
            self._seen.add(cls)
            fields = list(_fields(cls))
            if fields:
                self._found[cls] = None
            for annotation in fields:
                self._named(annotation, cls.scope)
            for base in cls.node.bases:
                parent = self._names.evaluate(base, cls.outer)
                if isinstance(parent, ClassValue) and is_model(self._names, parent):
                    todo.append(parent.cls)
                if isinstance(base, ast.Subscript):
                    self._named(base.slice, cls.outer)


def _fields(cls: Class) -> Iterator[ast.expr]:
    for name, bindings in cls.scope.bindings.items():
        for binding in bindings:
            if binding.annotation is not None and not name.startswith(("_", "model_config")):
                yield binding.annotation
