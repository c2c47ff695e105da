"""Says which classes an annotation names, through aliases, generics and strings."""

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from groundrules.rules.meaning.values import ClassValue, External, ModuleValue
from groundrules.rules.source.syntax import operands, parsed_annotation
from groundrules.rules.source.tree import Binding, Module, Scope

if TYPE_CHECKING:
    from groundrules.rules.meaning.names import Names

_TYPING = ("typing.", "typing_extensions.")
_MAKERS = frozenset({"TypeVar", "NewType", "TypeAliasType"})


class Annotations:
    """What a project's annotations name."""

    def __init__(self, names: "Names") -> None:
        self._names = names

    def classes(self, node: ast.expr | None, scope: Scope) -> Iterator[External | ClassValue]:
        """Yield every class named in an annotation, however deep, aliases followed."""
        todo, seen = [(node, scope)], set[ast.expr]()
        while todo:
            part, where = todo.pop()
            if part is None or part in seen:
                continue
            seen.add(part)
            match part:
                case ast.Constant(value=str(text)):
                    todo.append((parsed_annotation(text, part), where))
                case ast.Name() | ast.Attribute():
                    alias = self.definition(part, where)
                    if alias is not None:
                        todo.append(alias)
                        continue
                    value = self._names.evaluate(part, where)
                    if isinstance(value, (External, ClassValue)):
                        yield value
                case ast.Subscript(value=base, slice=index):
                    inner = index.elts if isinstance(index, ast.Tuple) else [index]
                    name = self._typing_name(base, where)
                    if name == "Literal":
                        continue
                    if name == "Annotated":
                        inner = inner[:1]
                    todo += [(each, where) for each in (*reversed(inner), base)]
                case ast.BinOp(left=left, right=right):
                    todo += [(right, where), (left, where)]
                case ast.Tuple(elts=parts) | ast.List(elts=parts):
                    todo += [(each, where) for each in reversed(parts)]
                case ast.Starred(value=value):
                    todo.append((value, where))
                case ast.Call(func=func, args=args, keywords=keywords):
                    if self._typing_name(func, where) in _MAKERS:
                        bounds = [each.value for each in keywords if each.arg in {"bound", "value"}]
                        todo += [(each, where) for each in (*args[1:], *bounds)]

    def metadata(self, node: ast.expr | None, scope: Scope) -> list[tuple[ast.expr, Scope]]:
        """Return what `Annotated` adds to a type, each with its scope, aliases followed."""
        for _ in range(20):
            match node:
                case ast.Constant(value=str(text)):
                    node = parsed_annotation(text, node)
                case ast.Name() | ast.Attribute():
                    alias = self.definition(node, scope)
                    if alias is None:
                        return []
                    node, scope = alias
                case ast.Subscript(value=base, slice=ast.Tuple(elts=[inner, *added])):
                    if self._typing_name(base, scope) != "Annotated":
                        return []
                    return [*((each, scope) for each in added), *self.metadata(inner, scope)]
                case _:
                    return []
        return []

    def alternatives(self, node: ast.expr | None, scope: Scope) -> list[External | ClassValue]:
        """Return the classes that a value may be of by its annotation, one for each part of a union."""
        match node:
            case ast.Constant(value=str(text)):
                return self.alternatives(parsed_annotation(text, node), scope)
            case ast.BinOp(op=ast.BitOr()):
                parts = operands(node, ast.BitOr)
                return [each for part in parts for each in self.alternatives(part, scope)]
            case ast.Subscript(value=base, slice=index):
                inner = index.elts if isinstance(index, ast.Tuple) else [index]
                match self._typing_name(base, scope):
                    case "Annotated":
                        return self.alternatives(inner[0], scope)
                    case "Union" | "Optional":
                        return [each for part in inner for each in self.alternatives(part, scope)]
            case ast.Tuple(elts=parts):  # of a type parameter
                return [each for part in parts for each in self.alternatives(part, scope)]
            case ast.Call(func=func, args=[_, _, *_] as parts):
                if self._typing_name(func, scope) == "TypeVar":
                    return [each for part in parts[1:] for each in self.alternatives(part, scope)]
            case ast.Name() | ast.Attribute():
                alias = self.definition(node, scope)
                if alias is not None:
                    return self.alternatives(*alias)
        kind = self._names.type_of(node, scope)
        return [kind] if isinstance(kind, (External, ClassValue)) else []

    def definition(self, node: ast.expr, scope: Scope) -> tuple[ast.expr, Scope] | None:
        """Return the expression that a name stands for, with its scope, through imports.

        None for a name that is no alias: a class, a function, or one that cannot be followed.
        """
        binding = self._binding(node, scope, 0)
        if binding is None or binding.value is None or not binding.is_whole:
            return None
        return binding.value, binding.scope

    def _binding(self, node: ast.expr, scope: Scope, depth: int) -> Binding | None:
        if depth > 20:
            return None
        match node:
            case ast.Name(id=name):
                for home in scope.around(name):
                    if name in home.bindings or home.stars:
                        return self._in_scope(home, name, depth)
            case ast.Attribute(value=value, attr=name):
                match self._names.evaluate(value, scope):
                    case ModuleValue(module):
                        return self._in_scope(module.scope, name, depth)
                    case ClassValue(cls):
                        return self._in_scope(cls.scope, name, depth)
        return None

    def _in_scope(self, scope: Scope, name: str, depth: int) -> Binding | None:
        bindings = scope.bindings.get(name, ())
        if not bindings:
            sources = (self._module(scope.module.source_of(star)) for star in scope.stars)
            found = (self._in_scope(each.scope, name, depth + 1) for each in sources if each)
            return next((each for each in found if each is not None), None) if depth < 20 else None
        binding = bindings[-1]
        match binding.node:
            case ast.ImportFrom(names=names):
                source = self._module(scope.module.source_of(binding.node))
                original = next(each.name for each in names if (each.asname or each.name) == name)
                if source is None or depth > 20:
                    return None
                return self._in_scope(source.scope, original, depth + 1)
        if isinstance(binding.value, (ast.Name, ast.Attribute)):
            return self._binding(binding.value, binding.scope, depth + 1) or binding
        return binding

    def _module(self, name: str | None) -> Module | None:
        return self._names.modules.get(name) if name else None

    def _typing_name(self, node: ast.expr, scope: Scope) -> str | None:
        value = self._names.evaluate(node, scope)
        if isinstance(value, External) and value.name.startswith(_TYPING):
            return value.name.rpartition(".")[2]
        return None
