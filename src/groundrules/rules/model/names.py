"""Says what an expression stands for, across modules; None where the source does not tell."""

import ast
import builtins
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from groundrules.rules.model.containers import element_type, first_argument, item_type
from groundrules.rules.model.syntax import (
    default_of,
    elements,
    match_arguments,
    nearest_first,
    operands,
    parsed_annotation,
    settles,
)
from groundrules.rules.model.tree import Binding, CallSite, Class, Function, Module, Scope
from groundrules.rules.model.values import (
    Attribute,
    ClassValue,
    Constant,
    External,
    Frame,
    Frames,
    FunctionValue,
    Instance,
    ModuleValue,
    Result,
    Value,
)

_DEPTH = 40
_INFERRING = 2  # calls looked at to learn what a call looked at gives: more takes for ever
_SITES = 50  # call sites looked at to learn what a parameter holds
_BUILTINS = frozenset(dir(builtins))
_TYPING = ("typing.", "typing_extensions.")
_TRANSPARENT = frozenset(
    {"Annotated", "Optional", "Union", "ClassVar", "Final", "Required", "NotRequired"}
)
_NO_VALUE = (None, Constant(None))
_FIELDS = (
    External("dataclasses.field"),
    External("attrs.field"),
    External("fastapi.Depends"),
    External("fastapi.Security"),
)
_TYPES = (External("builtins.type"), External("typing.Type"))
_TYPE_VARS = (External("typing.TypeVar"), External("typing_extensions.TypeVar"))
_CONTEXT_MANAGERS = ("contextlib.asynccontextmanager", "contextlib.contextmanager")
_PARTIAL = frozenset({"functools.partial", "functools.partialmethod"})


class Names:
    """The names of a whole project.

    :param modules: the project's modules by dotted name.
    """

    def __init__(self, modules: Mapping[str, Module]) -> None:
        self.modules = modules
        self._known: dict[Binding, Value | None] = {}
        self._evaluated: dict[ast.expr, tuple[Scope, Value | None]] = {}
        self._ancestors: dict[Class, list[External | ClassValue]] = {}
        self._passing: dict[object, Value | None] = {}  # what holds while one question is answered
        self._open: set[object] = set()
        self._depth = 0
        self._inferring = 0

    def evaluate(self, node: ast.expr | None, scope: Scope, frames: Frames = ()) -> Value | None:
        """Return what `node`, standing in `scope`, is; None where that cannot be known."""
        if node is None or self._depth > _DEPTH:
            return None
        if not frames:
            known = self._evaluated.get(node)
            if known is not None and known[0] is scope:
                return known[1]
        self._depth += 1
        try:
            value = self._evaluate(node, scope, frames)
        finally:
            self._depth -= 1
            if not self._depth:
                self._passing.clear()
        if not frames and (value is not None or not self._open):
            self._evaluated[node] = scope, value
        return value

    def called(self, site: CallSite) -> Value | None:
        """Return what a call calls; None where that cannot be known."""
        known = self._evaluated.get(site.node.func)
        if known is not None:
            return known[1]
        if site in self._passing:
            return self._passing[site]
        value = self.evaluate(site.node.func, site.scope)
        if value is None and self._open and self._depth:
            self._passing[site] = value
        return value

    def constant(self, node: ast.expr | None, scope: Scope, frames: Frames = ()) -> object:
        """Return the literal that `node` is or is named for, None if it is none."""
        value = self.evaluate(node, scope, frames)
        return value.value if isinstance(value, Constant) else None

    def literal(self, node: ast.expr | None, scope: Scope) -> tuple[ast.expr | None, Scope]:
        """Return the expression that a name was assigned, with its scope; others as they are."""
        here: Scope | None = scope
        while isinstance(node, ast.Name) and here is not None:
            for binding in reversed(here.bindings.get(node.id, ())):
                if binding.value is not None and not binding.element and binding.unpacked is None:
                    return binding.value, here
            here = here.parent
        return node, scope

    def type_of(self, node: ast.expr | None, scope: Scope, frames: Frames = ()) -> Value | None:
        """Return the class that an annotation names: of `X | None` and `Annotated[X, …]` it is X."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node = parsed_annotation(node.value, node)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            kinds = (self.type_of(each, scope, frames) for each in operands(node, ast.BitOr))
            return next((kind for kind in kinds if kind is not None), None)
        value = self.evaluate(node, scope, frames)
        if isinstance(value, Constant) and isinstance(value.value, str) and node is not None:
            alias = parsed_annotation(value.value, node)
            value = None if isinstance(alias, ast.Constant) else self.evaluate(alias, scope, frames)
        if isinstance(value, Instance) and value.of in _TYPE_VARS and value.call and value.scope:
            bound = next((each.value for each in value.call.keywords if each.arg == "bound"), None)
            return self.type_of(bound, value.scope, value.frames)
        return value if isinstance(value, External | ClassValue) else None

    def attribute(self, of: Value | None, name: str) -> Value | None:
        """Return what the attribute `name` of a value is."""
        match of:
            case ModuleValue(module):
                return self.member(module, name)
            case External(full):
                return External(f"{full}.{name}")
            case ClassValue(cls):
                return self._class_member(cls, name, None) or Attribute(of, name)
            case Instance(of=ClassValue(cls)):
                return self._class_member(cls, name, of) or Attribute(of, name)
            case Instance() | Attribute() | Result():
                return Attribute(of, name)
        return None

    def call(
        self, of: Value | None, node: ast.Call, scope: Scope, frames: Frames = ()
    ) -> Value | None:
        """Return what calling a value with the arguments of `node` gives."""
        match of:
            case External(name) if name in _PARTIAL and node.args:
                return self.evaluate(node.args[0], scope, frames)
            case External("typing.cast") if len(node.args) == 2:
                kind = self.type_of(node.args[0], scope, frames)
                return Instance(kind) if kind else self.evaluate(node.args[1], scope, frames)
            case External("typing.NewType") if len(node.args) == 2:
                return self.type_of(node.args[1], scope, frames)
            case External("builtins.getattr") if len(node.args) >= 2:
                wanted = self.constant(node.args[1], scope, frames)
                owner = self.evaluate(node.args[0], scope, frames)
                return self.attribute(owner, wanted) if isinstance(wanted, str) else None
            case External("builtins.super"):
                return self._super(scope)
            case External() | ClassValue():
                return Instance(of, node, scope, frames)
            case FunctionValue():
                return self.outcome(of, self._arguments(of, node, scope, frames))
            case Attribute() | Instance() | Result():
                return Result(of, node, scope, frames)
        return None

    def outcome(self, of: FunctionValue, given: "dict[str, Value]") -> Value | None:
        """Return what a function of the project returns for these arguments."""
        function = of.function
        if function in self._open:
            return None
        alone = not given and not of.frames
        if alone and function in self._passing:
            return self._passing[function]
        value = self._outcome(of, given)
        if alone and self._depth:
            self._passing[function] = value
        return value

    def _outcome(self, of: FunctionValue, given: "dict[str, Value]") -> Value | None:
        function = of.function
        self._open.add(function)
        try:
            frames = (*of.frames, Frame(function.scope, given)) if given else of.frames
            for returned in function.returns:
                value = self.evaluate(returned, function.scope, frames)
                if value is not None and value != Constant(None):
                    return value
        finally:
            self._open.discard(function)
        kind = self._entered(function) or self.type_of(function.node.returns, function.outer)
        return Instance(kind) if kind else None

    def _entered(self, function: Function) -> Value | None:
        """Return the type that a function made a context manager yields."""
        returns = function.node.returns
        if not isinstance(returns, ast.Subscript):
            return None
        entered = any(self.has_decorator(function, name) for name in _CONTEXT_MANAGERS)
        return first_argument(self, returns, function.outer) if entered else None

    def bases(self, cls: Class) -> list[Value | None]:
        """Return what each base class of `cls` is."""
        return [self.evaluate(base, cls.outer) for base in cls.node.bases]

    def ancestors(self, of: Value | None) -> Iterator[External | ClassValue]:
        """Yield a class and all classes it descends from, each once, as far as they are known."""
        if not isinstance(of, ClassValue):
            if isinstance(of, External):
                yield of
            return
        known = self._ancestors.get(of.cls)
        if known is None:
            known = list(self._climb(of))
            if not self._open:
                self._ancestors[of.cls] = known
        yield from known

    def _climb(self, of: ClassValue) -> Iterator[External | ClassValue]:
        todo: list[Value | None] = [of]
        seen = set[object]()
        while todo:
            value = todo.pop(0)
            if not isinstance(value, External | ClassValue) or value in seen:
                continue
            seen.add(value)
            yield value
            if isinstance(value, ClassValue):
                todo.extend(self.bases(value.cls))

    def is_a(self, of: Value | None, names: Iterable[str]) -> bool:
        """Whether a class is, or descends from, an external class with one of the full `names`."""
        wanted = frozenset(names)
        return any(
            isinstance(each, External) and each.name in wanted for each in self.ancestors(of)
        )

    def member(self, module: Module, name: str) -> Value | None:
        """Return what the name `name` of a module is: bound in it, or a module below it."""
        key = (module.name, name)
        if key in self._open:
            return self._module(f"{module.name}.{name}" if module.name else name)
        self._open.add(key)
        try:
            found = self._in_scope(module.scope, name, None, ())
        finally:
            self._open.discard(key)
        return found or self._module(f"{module.name}.{name}" if module.name else name)

    def sites(self, function: Function, limit: int = _SITES) -> Iterator[CallSite]:
        """Yield the calls of a function in the project that can be told to be calls of it.

        :param limit: how many calls of that name are looked at.
        """
        owner = function.owner
        named = self._sites.get(function.name, [])
        if owner and function.name == "__init__":
            named = [*self._sites.get(owner.name, []), *named]
        for site in named[:limit]:
            match self.called(site):
                case FunctionValue(function=called) if called is function:
                    yield site
                case ClassValue(cls) if owner is cls and function.name == "__init__":
                    yield site

    def parameter(
        self, function: Function, name: str, limit: int = _SITES
    ) -> Iterator[tuple[ast.expr, Scope]]:
        """Yield the expressions that the project's calls give for a parameter."""
        for site in self.sites(function, limit):
            given = match_arguments(function, site.node, bound=function.owner is not None)
            if name in given:
                yield given[name], site.scope

    @cached_property
    def _sites(self) -> dict[str, list[CallSite]]:
        found: dict[str, list[CallSite]] = defaultdict(list)
        for module in self.modules.values():
            for site in module.calls:
                match site.node.func:
                    case ast.Name(id=name) | ast.Attribute(attr=name):
                        found[name].append(site)
        return found

    def _evaluate(self, node: ast.expr, scope: Scope, frames: Frames) -> Value | None:
        match node:
            case ast.Name(id=name):
                return self.lookup(name, scope, (node.lineno, node.col_offset), frames)
            case ast.Attribute(value=value, attr=attr):
                found = self.attribute(self.evaluate(value, scope, frames), attr)
                if isinstance(value, ast.Name) and (found is None or isinstance(found, Attribute)):
                    return self._assigned_attribute(value, attr, scope, frames) or found
                return found
            case ast.Call(func=func):
                return self.call(self.evaluate(func, scope, frames), node, scope, frames)
            case ast.Constant(value=value):
                return Constant(value)
            case ast.Subscript(value=value, slice=index):
                return self._subscript(value, index, scope, frames)
            case ast.IfExp(body=body, orelse=orelse):
                return self._first((body, orelse), scope, frames)
            case ast.BoolOp(values=values):
                return self._first(values, scope, frames)
            case ast.Await(value=value) | ast.NamedExpr(value=value):
                return self.evaluate(value, scope, frames)
        return None

    def _assigned_attribute(
        self, owner: ast.Name, attr: str, scope: Scope, frames: Frames
    ) -> Value | None:
        """Return what `owner.attr = …` assigned, for an object that is no `self`."""
        here: Scope | None = scope
        while here is not None:
            if owner.id in here.bindings:
                return self._in_scope(here, f"{owner.id}.{attr}", None, frames)
            here = here.parent
        return None

    def _first(self, nodes: Iterable[ast.expr], scope: Scope, frames: Frames) -> Value | None:
        values = (self.evaluate(node, scope, frames) for node in nodes)
        return next((each for each in values if each is not None and each != Constant(None)), None)

    def _subscript(
        self, value: ast.expr, index: ast.expr, scope: Scope, frames: Frames
    ) -> Value | None:
        base = self.evaluate(value, scope, frames)
        if isinstance(base, External) and base.name.startswith(_TYPING):
            name = base.name.rpartition(".")[2]
            if name in _TRANSPARENT:
                parts = index.elts if isinstance(index, ast.Tuple) else [index]
                kinds = (self.type_of(part, scope, frames) for part in parts)
                return next((kind for kind in kinds if kind is not None), None)
        if isinstance(base, External | ClassValue):
            return base
        held, where = self.literal(value, scope)
        key = self.constant(index, scope, frames)
        if isinstance(held, ast.Dict):
            for held_key, each in zip(held.keys, held.values, strict=True):
                if key is not None and self.constant(held_key, where) == key:
                    return self.evaluate(each, where)
        if isinstance(held, ast.List | ast.Tuple) and isinstance(key, int):
            inside = -len(held.elts) <= key < len(held.elts)
            return self.evaluate(held.elts[key], where) if inside else None
        kind = None if isinstance(index, ast.Slice) else item_type(self, value, scope)
        return Instance(kind) if kind else None

    def lookup(
        self, name: str, scope: Scope, position: tuple[int, int], frames: Frames = ()
    ) -> Value | None:
        """Return what a name is, used in `scope` at (line, column)."""
        here: Scope | None = scope
        while here is not None:
            if here is scope or not here.is_class:
                home = here.elsewhere.get(name, here)
                bindings = home.bindings.get(name)
                if bindings is None and not home.stars and not frames:
                    here = here.parent
                    continue
                if bindings and not frames and len(bindings) == 1 and bindings[0] in self._known:
                    value = self._known[bindings[0]]
                    if value is not None and value.__class__ is not Constant:
                        return value
                found = bindings is not None
                value = self._in_scope(home, name, position if home is scope else None, frames)
                if found or value is not None:
                    return value
            here = here.parent
        return External(f"builtins.{name}") if name in _BUILTINS else None

    def _in_scope(
        self, scope: Scope, name: str, position: tuple[int, int] | None, frames: Frames
    ) -> Value | None:
        for frame in reversed(frames):
            if frame.scope is scope and name in frame.values:
                return frame.values[name]
        bindings = scope.bindings.get(name, ())
        for binding in nearest_first(bindings, position):
            value = self.bound(binding, frames)
            if value is not None and value != Constant(None):
                return value
            if value is None and position is not None and settles(binding, position):
                return None
        for star in reversed(scope.stars):
            value = self._from(scope.module.source_of(star), name, star=True)
            if value is not None:
                return value
        return None

    def bound(self, binding: Binding, frames: Frames = ()) -> Value | None:
        """Return what one binding gives its name."""
        if frames and binding.scope.enclosing_function() is None:
            frames = ()
        if not frames and binding in self._known:
            return self._known[binding]
        if not frames and binding in self._passing:
            return self._passing[binding]
        if binding in self._open:
            return None
        self._open.add(binding)
        try:
            value = self._bound(binding, frames)
        finally:
            self._open.discard(binding)
        if not frames and (value is not None or not self._open):
            self._known[binding] = value
        elif not frames and self._depth:
            self._passing[binding] = value
        return value

    def _bound(self, binding: Binding, frames: Frames) -> Value | None:
        node, scope = binding.node, binding.scope
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                defined = scope.module.defined[node]
                if isinstance(defined, Class):
                    return ClassValue(defined)
                return FunctionValue(defined, frames)
            case ast.Import(names=names):
                return self._imported(names, binding.name)
            case ast.ImportFrom(names=names):
                for alias in names:
                    if (alias.asname or alias.name) == binding.name:
                        return self._from(scope.module.source_of(node), alias.name)
                return None
            case ast.arg():
                return self._argument(binding, frames)
        if binding.unpacked is not None and not binding.element:
            return self._unpacked(binding, binding.unpacked, frames)
        if binding.unpacked is None:
            sources = elements(binding.value) if binding.element else (binding.value,)
            for source in sources:
                value = self.evaluate(source, scope, frames)
                if value in _NO_VALUE or _is_field(value):
                    continue
                return value
        if not binding.element:
            return self._declared(binding.annotation, scope, frames)
        kind = element_type(self, binding.value, scope, binding.unpacked)
        return Instance(kind) if kind else None

    def _declared(self, annotation: ast.expr | None, scope: Scope, frames: Frames) -> Value | None:
        """Return what has an annotation: an instance of the class, or the class for `type[…]`."""
        kind = self.type_of(annotation, scope, frames)
        if kind in _TYPES:
            if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
                annotation = parsed_annotation(annotation.value, annotation)
            if isinstance(annotation, ast.Subscript):
                return self.type_of(annotation.slice, scope, frames)
        return Instance(kind) if kind else None

    def _unpacked(self, binding: Binding, position: int, frames: Frames) -> Value | None:
        """Return what a tuple that a function of the project returns holds at a position."""
        if not isinstance(binding.value, ast.Call):
            return None
        called = self.evaluate(binding.value.func, binding.scope, frames)
        if not isinstance(called, FunctionValue):
            return None
        for returned in called.function.returns:
            parts = elements(returned)
            if position < len(parts):
                return self.evaluate(parts[position], called.function.scope, called.frames)
        return None

    def _imported(self, names: list[ast.alias], bound: str) -> Value | None:
        for alias in names:
            if alias.asname == bound:
                return self._module(alias.name) or External(alias.name)
            if alias.asname is None and alias.name.partition(".")[0] == bound:
                return self._module(bound) or External(bound)
        return None

    def _module(self, name: str) -> Value | None:
        module = self.modules.get(name)
        return ModuleValue(module) if module else None

    def _from(self, source: str | None, name: str, *, star: bool = False) -> Value | None:
        if source is None:
            return None
        module = self.modules.get(source)
        if module is not None:
            return None if star and name.startswith("_") else self.member(module, name)
        if f"{source}.{name}" in self.modules:
            return None if star else self._module(f"{source}.{name}")
        if source.partition(".")[0] in self._tops:
            return None
        if star and name in _BUILTINS:
            return None
        return External(f"{source}.{name}") if source else None

    @cached_property
    def _tops(self) -> frozenset[str]:
        return frozenset(name.partition(".")[0] for name in self.modules if "." in name)

    def _argument(self, binding: Binding, frames: Frames) -> Value | None:
        function = binding.scope.owner
        if not isinstance(function, Function):
            return None
        position = function.positional
        if function.owner and position and position[0].arg == binding.name:
            if self.has_decorator(function, "builtins.classmethod") or function.name == "__new__":
                return ClassValue(function.owner)
            if not self.has_decorator(function, "builtins.staticmethod"):
                return Instance(ClassValue(function.owner))
        declared = self._declared(binding.annotation, function.outer, frames)
        if declared is not None:
            return declared
        if self._inferring < _INFERRING:
            self._inferring += 1
            try:
                for given, scope in self.parameter(function, binding.name):
                    value = self.evaluate(given, scope)
                    if value is not None:
                        return value
            finally:
                self._inferring -= 1
        return self.evaluate(default_of(function, binding.name), function.outer, frames)

    def has_decorator(self, function: Function, name: str) -> bool:
        """Whether a function bears the external decorator with that full name."""
        return any(
            self.evaluate(each, function.outer) == External(name)
            for each in function.node.decorator_list
        )

    def _class_member(self, cls: Class, name: str, instance: Value | None) -> Value | None:
        for each in self.ancestors(ClassValue(cls)):
            if not isinstance(each, ClassValue):
                continue
            bindings = each.cls.scope.bindings.get(name, ())
            if instance is not None:
                bindings = [*bindings, *each.cls.attributes.get(name, ())]
            for binding in reversed(bindings):
                value = self.bound(binding)
                if isinstance(value, FunctionValue) and value.function.owner is each.cls:
                    return self._method(value, instance)
                if value is not None and value != Constant(None):
                    return value
        return None

    def _method(self, value: FunctionValue, instance: Value | None) -> Value | None:
        function = value.function
        if instance is None:
            return value
        for kind in ("builtins.property", "functools.cached_property"):
            if self.has_decorator(function, kind):
                return self.outcome(value, {})
        static = self.has_decorator(function, "builtins.staticmethod")
        return FunctionValue(function, (), None if static else instance)

    def _super(self, scope: Scope) -> Value | None:
        method = scope.enclosing_function()
        if method is None or method.owner is None:
            return None
        known = (base for base in self.bases(method.owner) if base is not None)
        base = next(known, None)
        return Instance(base) if base else None

    def _arguments(
        self, of: FunctionValue, node: ast.Call, scope: Scope, frames: Frames
    ) -> "dict[str, Value]":
        found = dict[str, Value]()
        for name, given in match_arguments(of.function, node, bound=of.bound is not None).items():
            value = self.evaluate(given, scope, frames)
            if value is not None:
                found[name] = value
        if of.bound is not None and of.function.positional:
            found[of.function.positional[0].arg] = of.bound
        return found


def _is_field(value: Value | None) -> bool:
    return isinstance(value, Instance) and value.of in _FIELDS
