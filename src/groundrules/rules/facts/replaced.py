"""Says whether another function may run where the source names one: an override, or a patch."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

from groundrules.rules.meaning.callees import Callee
from groundrules.rules.meaning.definitions import Definitions, function_of
from groundrules.rules.meaning.lineages import Lineage, Lineages
from groundrules.rules.meaning.names import Names
from groundrules.rules.meaning.values import ClassValue, ModuleValue
from groundrules.rules.source.tree import Class, Function, Module

# classes that leave the methods of those below them as they are, and have none that are plain
_HARMLESS = frozenset(
    {
        *("builtins.object", "abc.ABC", "typing.Generic", "typing_extensions.Generic"),
        *("typing.Protocol", "typing_extensions.Protocol"),
        *("pydantic.BaseModel", "sqlmodel.SQLModel"),
        *("sqlalchemy.orm.DeclarativeBase", "sqlalchemy.ext.asyncio.AsyncAttrs"),
    }
)
_SESSIONS = frozenset(
    {
        *("sqlalchemy.ext.asyncio.AsyncSession", "sqlalchemy.ext.asyncio.session.AsyncSession"),
        "sqlmodel.ext.asyncio.session.AsyncSession",
    }
)
_PLAIN_OF_SESSIONS = frozenset(  # their methods that are no coroutines
    {
        *("add", "add_all", "begin", "begin_nested", "enable_relationship_loading", "expire"),
        *("expire_all", "expunge", "expunge_all", "get_bind", "get_nested_transaction"),
        *("get_transaction", "in_nested_transaction", "in_transaction", "is_modified"),
        *("identity_key", "object_session"),
    }
)
_PROTOCOLS = frozenset({"typing.Protocol", "typing_extensions.Protocol"})
_MAGIC = ("__new__", "__getattribute__", "__init_subclass__", "__set_name__")
# decorators that leave a coroutine function one
_KEEPING = frozenset(
    {
        *("builtins.staticmethod", "builtins.classmethod", "abc.abstractmethod"),
        *("typing.final", "typing.override", "typing_extensions.final"),
        *("typing_extensions.override", "tenacity.retry"),
    }
)
_DATACLASS = frozenset({"dataclasses.dataclass"})


class Replaced:
    """Which functions of a project may be replaced by others that make no coroutine."""

    def __init__(self, names: Names, definitions: Definitions, lineages: Lineages) -> None:
        self._names = names
        self._definitions = definitions
        self._lineages = lineages
        self._assigned_in = dict[Module, frozenset[object]]()

    def may_be(self, callee: Callee) -> bool:
        """Whether something else than a coroutine may come from a call of an `async def`."""
        function = callee.function
        running = self.running(callee)
        if not self._stays_coroutine(function) or not all(map(self._stays_coroutine, running)):
            return True
        if callee.cls is not None and self._may_be_overridden(callee.cls, function.name):
            return True
        names = {function.name, callee.name}
        return "globals" in function.module.called or any(map(self._is_assigned, names))

    def running(self, callee: Callee) -> list[Function]:
        """Return the functions that a call may run: for a stub or a protocol's, those of other classes."""
        cls, name = callee.cls, callee.name
        is_protocol = cls is not None and self._is_protocol(cls)
        if not is_protocol and not _is_stub(callee.function):
            return [callee.function]
        if cls is None:
            return []
        below = [each.classes[0] for each in self._lineages.below(cls)]
        if is_protocol:
            wanted = {each.name for each in cls.methods}
            below += [each for each in self._binding[name] if wanted <= _names(each)]
        found = (
            each.scope.bindings.get(name, ())
            for each in dict.fromkeys(below)
            if not self._is_protocol(each)
        )
        functions = [function_of(bindings[0]) for bindings in found if len(bindings) == 1]
        return [each for each in functions if each is not None and not _is_stub(each)]

    def _is_protocol(self, cls: Class) -> bool:
        bases = (self._definitions.outside(each, cls.outer) for each in cls.node.bases)
        return any(each in _PROTOCOLS for each in bases)

    def _may_be_overridden(self, cls: Class, name: str) -> bool:
        """Whether an instance of a class, or of one below it, may have another kind of method."""
        plain = {each for each in self._binding[name] if self._binds_otherwise(each, name)}
        if any(not plain.isdisjoint(each.classes) for each in self._partly_known):
            return True
        harmless = _HARMLESS if name in _PLAIN_OF_SESSIONS else _HARMLESS | _SESSIONS
        return any(
            not plain.isdisjoint(each.classes)
            or not each.outside <= harmless
            or not each.is_whole
            or any(self._is_magic(above) for above in each.classes)
            for each in self._lineages.below(cls)
        )

    @cached_property
    def _partly_known(self) -> list[Lineage]:
        return [each for each in self._lineages.all if not each.is_whole]

    @cached_property
    def _binding(self) -> dict[str, list[Class]]:
        """The classes by the names of what they have."""
        found = defaultdict[str, list[Class]](list)
        for lineage in self._lineages.all:
            cls = lineage.classes[0]
            for name in cls.scope.bindings.keys() | cls.attributes.keys():
                found[name].append(cls)
        return found

    def _binds_otherwise(self, cls: Class, name: str) -> bool:
        bindings = cls.scope.bindings.get(name, [])
        functions = [function_of(each) for each in bindings]
        return name in cls.attributes or not all(
            function is not None and self._stays_coroutine(function) for function in functions
        )

    def _stays_coroutine(self, function: Function) -> bool:
        """Whether what a function's name stands for is called for a coroutine, its decorators applied."""
        return _makes_coroutine(function) and all(
            self._keeps_coroutine(each, function) for each in function.node.decorator_list
        )

    def _keeps_coroutine(self, node: ast.expr, decorated: Function) -> bool:
        """Whether a decorator gives a coroutine function, for one."""
        called = node.func if isinstance(node, ast.Call) else node
        if self._definitions.outside(called, decorated.outer) in _KEEPING:
            return True
        decorator = self._definitions.function(called, decorated.outer)
        if decorator is not None and isinstance(node, ast.Call):
            decorator = _returned(decorator)
        inner = _returned(decorator) if decorator is not None else None
        return inner is not None and _makes_coroutine(inner)

    def _is_magic(self, cls: Class) -> bool:
        """Whether a class may change its methods, or what is made of it."""
        if cls.node.keywords or not self._definitions.decorators(cls) <= _DATACLASS:
            return True
        return any(name in cls.scope.bindings for name in _MAGIC)

    def _is_assigned(self, name: str) -> bool:
        """Whether anything is assigned to an attribute or a key of that name."""
        return self._is_set(name) or any(
            name in self._assigned(module)
            for module in self._names.modules.values()
            if name in module.attributes or module.mentions(f'"{name}"', f"'{name}'")
        )

    def _assigned(self, module: Module) -> frozenset[object]:
        """Return the attributes and keys that a module assigns or deletes."""
        if module not in self._assigned_in:
            self._assigned_in[module] = frozenset(_assigned(module.tree))
        return self._assigned_in[module]

    def _is_set(self, name: str) -> bool:
        """Whether `setattr` sets an attribute of that name, or any one of a module or class."""
        for site in self._names.calls_named.get("setattr", ()):
            match site.node.args:
                case [_, ast.Constant(value=given), *_]:
                    if given == name:
                        return True
                case [owner, *_]:
                    value = self._names.evaluate(owner, site.scope)
                    if site.scope.function is None or isinstance(value, ModuleValue | ClassValue):
                        return True
        return False


def _returned(function: Function) -> Function | None:
    """Return the function inside of a plain one that it always returns."""
    names = {each.id if isinstance(each, ast.Name) else "" for each in function.returns}
    if function.is_async or function.yields or function.node.decorator_list or len(names) != 1:
        return None
    found = function.scope.bindings.get(names.pop(), [])
    inner = function_of(found[0]) if len(found) == 1 else None
    return inner if inner is not None and not _is_wrapped(inner) else None


def _is_wrapped(function: Function) -> bool:
    """Whether a function is decorated with anything but `wraps`."""
    return any(
        not isinstance(each, ast.Call)
        or getattr(each.func, "id", getattr(each.func, "attr", "")) != "wraps"
        for each in function.node.decorator_list
    )


def _makes_coroutine(function: Function) -> bool:
    """Whether a function is an `async def` and no generator."""
    if not function.is_async:
        return False
    todo: list[ast.AST] = [*function.node.body]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Yield):
            return False
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            todo += ast.iter_child_nodes(node)
    return True


def _names(cls: Class) -> set[str]:
    return {each.name for each in cls.methods}


def _is_stub(function: Function) -> bool:
    """Whether a function says nothing of what really runs."""
    return all(
        isinstance(each, ast.Pass | ast.Raise)
        or (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))
        for each in function.node.body
    )


def _assigned(tree: ast.Module) -> Iterator[object]:
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name, ctx=ast.Store() | ast.Del()):
                yield name
            case ast.Subscript(slice=ast.Constant(value=key), ctx=ast.Store()):
                yield key
