"""Follows what a constructor is given through the classes of the project to the class from outside."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from groundrules.rules.meaning.keywords import keywords_of
from groundrules.rules.meaning.names import Names
from groundrules.rules.meaning.origins import origin
from groundrules.rules.meaning.values import ClassValue, External, FunctionValue, Value
from groundrules.rules.source.syntax import default_of
from groundrules.rules.source.tree import Class, Function, Scope

Place = tuple[ast.expr, Scope]

_DEPTH = 10


@dataclass(frozen=True)
class Given:
    """The arguments of a call, up to the first `*`, each with the scope that it stands in."""

    positional: list[Place] = field(default_factory=list)
    keywords: dict[str, Place] = field(default_factory=dict)

    def at(self, position: int, *names: str) -> Place | None:
        """Return the argument at a position or of one of some names; None if there is none."""
        named = (self.keywords[each] for each in names if each in self.keywords)
        found = next(named, None)
        if found is not None or position >= len(self.positional):
            return found
        return self.positional[position]


class Constructors:
    """What the constructors of a project's classes hand to those that they inherit."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def given(self, node: ast.Call, scope: Scope) -> Given:
        """Return the arguments of a call as they are written, those of a `partial` included."""
        made, where = self._partial(node.func, scope)
        held = self.given(made, where) if made is not None else Given()
        positional = held.positional[1:]
        for each in node.args:
            if isinstance(each, ast.Starred):
                break
            positional.append((each, scope))
        return Given(positional, {**held.keywords, **keywords_of(self._names, node, scope)[0]})

    def _partial(self, func: ast.expr, scope: Scope) -> tuple[ast.Call | None, Scope]:
        """Return the call of `functools.partial` that what is called comes from."""
        if not isinstance(func, (ast.Name, ast.Attribute)):
            return None, scope
        made, where = origin(self._names, func, scope)
        if not isinstance(made, ast.Call):
            return None, scope
        is_partial = self._names.evaluate(made.func, where) == External("functools.partial")
        return (made if is_partial else None), where

    def reached(self, called: Value | None, node: ast.Call, scope: Scope) -> Given:
        """Return what a class from outside is given when a class is called."""
        given = self.given(node, scope)
        if not isinstance(called, ClassValue):
            return given
        return self._above(called, called.cls, given, 0, first=True)

    def _above(
        self, made: ClassValue, cls: Class, given: Given, depth: int, *, first: bool
    ) -> Given:
        """Return what the constructors from a class on hand to the class from outside."""
        init = self._constructor(made, cls, first=first)
        if init is None or depth > _DEPTH:
            return given
        inner = _Arguments(init, given)
        set_later = dict(self._set_after(init, made, inner))
        for site in init.calls:
            func = site.node.func
            if not isinstance(func, ast.Attribute) or func.attr != "__init__":
                continue
            handed = self._handed(site.node, init, inner, made)
            if not _is_super(func.value) and handed.positional:
                handed.positional.pop(0)  # `Base.__init__(self, …)`
            owner = init.owner
            found = self._above(made, owner, handed, depth + 1, first=False) if owner else handed
            found.keywords.update(set_later)
            return found
        return Given([], set_later)

    def _constructor(self, made: ClassValue, cls: Class, *, first: bool) -> Function | None:
        """Return the constructor of a class, or with `first` unset the next one above it."""
        is_above = first
        for each in self._names.ancestors(made):
            if not isinstance(each, ClassValue):
                continue
            if is_above:
                for binding in reversed(each.cls.scope.bindings.get("__init__", [])):
                    value = self._names.bound(binding)
                    if isinstance(value, FunctionValue):
                        return value.function
            is_above = is_above or each.cls is cls
        return None

    def _handed(
        self, node: ast.Call, init: Function, inner: "_Arguments", made: ClassValue
    ) -> Given:
        found = Given([], {})
        for each in node.args:
            if isinstance(each, ast.Starred):
                found.positional.extend(inner.rest if inner.is_rest(each.value) else [])
            else:
                found.positional.append(self._place(each, init, inner, made))
        for keyword in node.keywords:
            if keyword.arg:
                found.keywords[keyword.arg] = self._place(keyword.value, init, inner, made)
            elif isinstance(keyword.value, ast.Dict):
                found.keywords.update(self._literal(keyword.value, init, inner, made))
            elif inner.is_more(keyword.value):
                found.keywords.update(inner.more)
                found.keywords.update(self._into_more(keyword.value, init, inner, made))
        return found

    def _literal(
        self, node: ast.Dict, init: Function, inner: "_Arguments", made: ClassValue
    ) -> Iterator[tuple[str, Place]]:
        for key, value in zip(node.keys, node.values, strict=True):
            name = self._names.constant(key, init.scope)
            if isinstance(name, str):
                yield name, self._place(value, init, inner, made)
            elif key is None and inner.is_more(value):
                yield from inner.more.items()

    def _into_more(
        self, more: ast.expr, init: Function, inner: "_Arguments", made: ClassValue
    ) -> Iterator[tuple[str, Place]]:
        """Yield what a constructor puts into its `**kwargs` before it hands them on."""
        for statement in ast.walk(init.node):
            match statement:
                case ast.Assign(targets=[ast.Subscript(value=ast.Name() as held, slice=key)]):
                    name = self._names.constant(key, init.scope)
                    if isinstance(name, str) and inner.is_more(held):
                        yield name, self._place(statement.value, init, inner, made)
                case ast.Call(
                    func=ast.Attribute(value=ast.Name() as held, attr="setdefault"),
                    args=[key, value],
                ):
                    name = self._names.constant(key, init.scope)
                    if isinstance(name, str) and inner.is_more(held) and name not in inner.more:
                        yield name, self._place(value, init, inner, made)

    def _set_after(
        self, init: Function, made: ClassValue, inner: "_Arguments"
    ) -> Iterator[tuple[str, Place]]:
        """Yield the status code that a constructor sets itself."""
        for statement in init.node.body:
            match statement:
                case ast.Assign(
                    targets=[ast.Attribute(value=ast.Name(id="self"), attr="status_code")],
                    value=value,
                ):
                    yield "status_code", self._place(value, init, inner, made)

    def _place(
        self, node: ast.expr, init: Function, inner: "_Arguments", made: ClassValue
    ) -> Place:
        match node:
            case ast.Name(id=name):
                return inner.named(name) or (node, init.scope)
            case ast.BoolOp(op=ast.Or(), values=[ast.Name(id=name), other]):
                given = inner.named(name)
                if given is None or _is_empty(given[0]):
                    return self._place(other, init, inner, made)
                return given
            case ast.Attribute(value=ast.Name(id="self"), attr=attr):
                return self._attribute(made, attr, inner, init) or (node, init.scope)
            case ast.Attribute(value=ast.Call(func=ast.Name(id="type")), attr=attr):
                return self._attribute(made, attr, inner, init) or (node, init.scope)
        return node, init.scope

    def _attribute(
        self, made: ClassValue, attr: str, inner: "_Arguments", init: Function
    ) -> Place | None:
        """Return what an attribute of the class that is made holds."""
        for each in self._names.ancestors(made):
            if isinstance(each, ClassValue):
                for binding in reversed(each.cls.scope.bindings.get(attr, [])):
                    if binding.value is not None:
                        return binding.value, binding.scope
        owner = init.owner
        for binding in owner.attributes.get(attr, []) if owner else []:
            if isinstance(binding.value, ast.Name) and binding.scope is init.scope:
                return inner.named(binding.value.id)
        return None


class _Arguments:
    """What the parameters of a constructor hold in one call."""

    def __init__(self, init: Function, given: Given) -> None:
        self._init = init
        positional = [each.arg for each in init.positional[1:]]
        self._held = dict(zip(positional, given.positional, strict=False))
        known = {each.arg for each in init.arguments}
        self._held |= {name: place for name, place in given.keywords.items() if name in known}
        self.rest = given.positional[len(positional) :]
        self.more = {name: place for name, place in given.keywords.items() if name not in known}

    def named(self, name: str) -> Place | None:
        """Return what a parameter holds, or its default; None if that is unknown."""
        if name in self._held:
            return self._held[name]
        default = default_of(self._init, name)
        return (default, self._init.outer) if default is not None else None

    def is_rest(self, node: ast.expr) -> bool:
        """Whether an expression is the `*args` of the constructor."""
        given = self._init.node.args.vararg
        return isinstance(node, ast.Name) and given is not None and node.id == given.arg

    def is_more(self, node: ast.expr) -> bool:
        """Whether an expression is the `**kwargs` of the constructor."""
        given = self._init.node.args.kwarg
        return isinstance(node, ast.Name) and given is not None and node.id == given.arg


def _is_super(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"
    )


def _is_empty(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
