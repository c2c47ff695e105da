"""Reads one file into a `Module` in a single walk over its tree."""

import ast
from collections.abc import Callable, Sequence
from typing import Any

from groundrules.rules.source.patterns import captures, placed
from groundrules.rules.source.tree import Binding, CallSite, Class, Function, Module, Scope

# what has nothing below it that binds, calls or defines
_LEAVES = frozenset(
    {
        *(ast.Name, ast.Constant, ast.Load, ast.Store, ast.Del, ast.Pass, ast.Break, ast.Continue),
        *(*ast.operator.__subclasses__(), *ast.cmpop.__subclasses__()),
        *(*ast.unaryop.__subclasses__(), *ast.boolop.__subclasses__()),
        *(str, int, bool, bytes, float, complex, type(None), type(...)),
    }
)
_BRANCHES = (ast.If, ast.IfExp, ast.BoolOp, ast.While, ast.Try, ast.Match, ast.Assert)
# fields that hold no node with anything below it
_FLAT = frozenset({"attr", "ctx", "id", "kind", "op", "ops", "type_comment", "lineno"})
_BELOW: dict[type[ast.AST], tuple[str, ...]] = {}  # the other fields of each class, the last first
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def _fields_below(kind: type[ast.AST]) -> tuple[str, ...]:
    fields = tuple(each for each in reversed(kind._fields) if each not in _FLAT)
    return _BELOW.setdefault(kind, fields)


def read_module(module: Module) -> Module:
    """Fill `module` with what its tree holds, and return it."""
    Reader(module).read(module.tree)
    return module


class Reader:
    """Walks a tree once, without recursion, and notes what binds, calls and defines.

    On the stack lie nodes, the next one last, and scopes: those of what is visited after them.
    """

    def __init__(self, module: Module) -> None:
        self._module = module
        self._todo: list[Any] = []

    def read(self, tree: ast.Module) -> None:
        """Walk the whole tree."""
        scope = self._scope(None)
        todo, visits, attributes = self._todo, _VISITS, self._module.attributes
        self._later(tree.body)
        while todo:
            node = todo.pop()
            kind = node.__class__
            visit = visits.get(kind)
            if visit is not None:
                visit(self, node, scope)
            elif kind is ast.Expr:
                if node.value.__class__ is not ast.Constant:
                    todo.append(node.value)
            elif kind is ast.Attribute:
                attributes.add(node.attr)
                if node.value.__class__ is not ast.Name:
                    todo.append(node.value)
            elif kind is Scope:
                scope = node
            else:
                self._below(node, scope)

    def _later(self, nodes: Sequence[ast.AST | None]) -> None:
        """Put nodes on the stack, so that the first is visited first."""
        self._todo += [node for node in reversed(nodes) if node.__class__ not in _LEAVES]

    def _next(self, *nodes: ast.AST | None) -> None:
        """Put nodes on the stack, so that the last is visited first."""
        self._todo += [node for node in nodes if node.__class__ not in _LEAVES]

    def _below(self, node: ast.AST, scope: Scope) -> None:
        todo = self._todo
        for field in _BELOW.get(node.__class__) or _fields_below(node.__class__):
            value: Any = getattr(node, field, None)
            if value.__class__ is list:
                todo += [each for each in reversed(value) if each.__class__ not in _LEAVES]
            elif value.__class__ not in _LEAVES:
                todo.append(value)

    def _within(self, inner: Scope, nodes: Sequence[ast.AST], scope: Scope) -> None:
        """Put nodes on the stack that stand in a scope inside of this one."""
        self._todo.append(scope)
        self._later(nodes)
        self._todo.append(inner)

    def _scope(self, parent: Scope | None) -> Scope:
        scope = Scope(self._module, parent)
        self._module.scopes.append(scope)
        return scope

    def _bind(
        self,
        scope: Scope,
        name: str,
        node: ast.AST,
        value: ast.expr | None = None,
        annotation: ast.expr | None = None,
        element: bool = False,
        at: tuple[int, ...] = (),
        *,
        entered: str = "",
    ) -> None:
        if scope.elsewhere:
            scope = scope.elsewhere.get(name, scope)
        unpacked = at[-1] if at else None
        within = at[:-1]
        binding = Binding(name, node, scope, value, annotation, element, unpacked, within, entered)
        if name in scope.bindings:
            scope.bindings[name].append(binding)
        else:
            scope.bindings[name] = [binding]

    def _outer(self, node: ast.AST, scope: Scope) -> Scope:
        """Return the scope of a definition's type parameters, the one around it if it has none."""
        parameters = getattr(node, "type_params", ())
        if not parameters:
            return scope
        outer = self._scope(scope)
        outer.owner, outer.is_generic = scope.owner, True
        for each in parameters:
            self._bind(outer, each.name, each, getattr(each, "bound", None))
        return outer

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> None:
        outer = self._outer(node, scope)
        inner, given = self._scope(outer), node.args
        arguments = _arguments(given)
        function = Function(node, outer, inner, arguments)
        inner.owner = inner.function = function
        self._module.functions.append(function)
        self._module.defined[node] = function
        self._bind(scope, node.name, node)
        if isinstance(scope.owner, Class):
            scope.owner.methods.append(function)
        for argument in arguments:
            self._bind(inner, argument.arg, argument, None, argument.annotation)
        self._within(inner, node.body, scope)
        annotations = [each.annotation for each in arguments]
        last = annotations.pop() if given.kwarg else None
        parts = [*annotations, *given.kw_defaults, last, *given.defaults]
        self._next(*node.decorator_list, *reversed(parts), node.returns)

    def _lambda(self, node: ast.Lambda, scope: Scope) -> None:
        inner, given = self._scope(scope), node.args
        for argument in _arguments(given):
            self._bind(inner, argument.arg, argument)
        self._within(inner, [node.body], scope)
        self._next(*given.defaults, *given.kw_defaults)

    def _class(self, node: ast.ClassDef, scope: Scope) -> None:
        outer = self._outer(node, scope)
        inner = self._scope(outer)
        found = Class(node, outer, inner)
        inner.owner, inner.is_class = found, True
        self._module.classes.append(found)
        self._module.defined[node] = found
        self._bind(scope, node.name, node)
        self._within(inner, node.body, scope)
        self._next(*node.decorator_list, *node.bases, *node.keywords)

    def _branch(self, node: ast.AST, scope: Scope) -> None:
        if scope.function is not None:
            scope.function.branches.append(node)
        self._below(node, scope)

    def _operation(self, node: ast.BinOp | ast.AugAssign, scope: Scope) -> None:
        function = scope.function
        if function is not None:
            function.operations.append(node)
            if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Attribute):
                function.assigned.append(node.target)
        self._below(node, scope)

    def _comprehension(self, node: Any, scope: Scope) -> None:
        inner = self._scope(scope)
        inner.comprehension = node
        if scope.function is not None:
            scope.function.branches.extend(node.generators)
        for generator in node.generators:
            self._target(inner, generator.target, generator.iter, element=True)
        self._todo.append(scope)
        self._below(node, inner)
        self._todo.append(inner)

    def _import(self, node: ast.Import, scope: Scope) -> None:
        self._module.imports.append(node)
        for alias in node.names:
            package = alias.name.partition(".")[0]
            self._module.packages.add(package)
            self._bind(scope, alias.asname or package, node)

    def _import_from(self, node: ast.ImportFrom, scope: Scope) -> None:
        self._module.imports.append(node)
        if node.module and not node.level:
            self._module.packages.add(node.module.partition(".")[0])
        for alias in node.names:
            if alias.name == "*":
                scope.stars = (*scope.stars, node)
            else:
                self._bind(scope, alias.asname or alias.name, node)

    def _assign(self, node: ast.Assign, scope: Scope) -> None:
        for target in node.targets:
            self._target(scope, target, node.value)
        self._next(node.value)
        self._later(node.targets)

    def _annotated(self, node: ast.AnnAssign, scope: Scope) -> None:
        self._target(scope, node.target, node.value, node.annotation)
        self._next(node.value, node.annotation, node.target)

    def _named(self, node: ast.NamedExpr, scope: Scope) -> None:
        self._target(scope, node.target, node.value)
        self._below(node, scope)

    def _loop(self, node: ast.For | ast.AsyncFor, scope: Scope) -> None:
        self._target(scope, node.target, node.iter, element=True)
        self._branch(node, scope)

    def _with(self, node: ast.With | ast.AsyncWith, scope: Scope) -> None:
        method = "__enter__" if isinstance(node, ast.With) else "__aenter__"
        for item in node.items:
            if isinstance(item.optional_vars, ast.Name):
                name, value = item.optional_vars, item.context_expr
                self._bind(scope, name.id, name, value, entered=method)
            elif item.optional_vars is not None:
                self._target(scope, item.optional_vars, item.context_expr)
        self._below(node, scope)

    def _caught(self, node: ast.ExceptHandler, scope: Scope) -> None:
        if node.name:
            self._bind(scope, node.name, node, annotation=node.type)
        self._below(node, scope)

    def _global(self, node: ast.Global | ast.Nonlocal, scope: Scope) -> None:
        for name in node.names:
            home = self._module.scope if isinstance(node, ast.Global) else _home(scope, name)
            if home is not None:
                scope.elsewhere = {**scope.elsewhere, name: home}

    def _type_alias(self, node: Any, scope: Scope) -> None:
        self._target(scope, node.name, node.value)
        self._below(node, scope)

    def _call(self, node: ast.Call, scope: Scope) -> None:
        func, todo, module = node.func, self._todo, self._module
        name = None
        if isinstance(func, ast.Name):
            name = func.id
        elif isinstance(func, ast.Attribute):
            name = func.attr
        site = CallSite(node, scope, name)
        module.calls.append(site)
        if name in module.called:
            module.called[name].append(site)
        else:
            module.called[name] = [site]
        if scope.function is not None:
            scope.function.calls.append(site)
        for keyword in reversed(node.keywords):
            if keyword.value.__class__ not in _LEAVES:
                todo.append(keyword.value)
        for each in reversed(node.args):
            if each.__class__ not in _LEAVES:
                todo.append(each)
        if func.__class__ is not ast.Name:
            todo.append(func)

    def _await(self, node: ast.Await, scope: Scope) -> None:
        self._module.awaited.add(node.value)
        if node.value.__class__ is not ast.Name:
            self._todo.append(node.value)

    def _return(self, node: ast.Return, scope: Scope) -> None:
        if node.value is not None and isinstance(scope.owner, Function):
            scope.owner.returns.append(node.value)
        self._next(node.value)

    def _yield(self, node: ast.Yield, scope: Scope) -> None:
        if node.value is not None and isinstance(scope.owner, Function):
            scope.owner.yields.append(node.value)
        self._next(node.value)

    def _match(self, node: ast.Match, scope: Scope) -> None:
        for case in node.cases:
            for each in captures(case.pattern, node.subject):
                self._bind(scope, each.name, each.node, each.value, each.annotation, at=each.at)
        self._branch(node, scope)

    def _target(
        self,
        scope: Scope,
        target: ast.expr,
        value: ast.expr | None,
        annotation: ast.expr | None = None,
        *,
        element: bool = False,
        at: tuple[int, ...] = (),
    ) -> None:
        """Bind what a target names.

        :param at: where the target stands in tuples that are unpacked, the outermost first.
        """
        if isinstance(target, ast.Name):
            self._bind(scope, target.id, target, value, annotation, element, at)
        elif isinstance(target, ast.Attribute):
            self._attribute(scope, target, value, annotation)
        elif isinstance(target, ast.Starred):
            self._target(scope, target.value, None)
        elif isinstance(target, (ast.Tuple, ast.List)):
            pairs = _elements(value) if not element and not at else None
            for index, part in enumerate(target.elts):
                if pairs is not None and len(pairs) == len(target.elts):
                    self._target(scope, part, pairs[index])
                elif isinstance(part, ast.Starred) and value is not None and not element and not at:
                    rest = ast.Subscript(value, ast.Slice(ast.Constant(index)), ast.Load())
                    self._target(scope, part.value, placed(rest, part))
                else:
                    self._target(scope, part, value, element=element, at=(*at, index))

    def _attribute(
        self,
        scope: Scope,
        target: ast.Attribute,
        value: ast.expr | None,
        annotation: ast.expr | None,
    ) -> None:
        method = scope.function
        if method is not None:
            method.assigned.append(target)
        owner = target.value
        if getattr(owner, "id", getattr(owner, "attr", "")) not in ("self", "state"):
            self._module.reassigned.add(target.attr)
        if not isinstance(owner, ast.Name):
            return
        name = owner.id
        if method and method.owner and method.positional and name == method.positional[0].arg:
            binding = Binding(target.attr, target, scope, value, annotation)
            method.owner.attributes.setdefault(target.attr, []).append(binding)
        else:
            self._bind(scope, f"{name}.{target.attr}", target, value, annotation)


def _arguments(given: ast.arguments) -> list[ast.arg]:
    """Return every argument in the order written, `*args` and `**kwargs` included."""
    if not (given.posonlyargs or given.vararg or given.kwonlyargs or given.kwarg):
        return given.args
    return [
        *given.posonlyargs,
        *given.args,
        *([given.vararg] if given.vararg else []),
        *given.kwonlyargs,
        *([given.kwarg] if given.kwarg else []),
    ]


def _elements(value: ast.expr | None) -> list[ast.expr] | None:
    if not isinstance(value, (ast.Tuple, ast.List)):
        return None
    return None if any(isinstance(each, ast.Starred) for each in value.elts) else value.elts


def _home(scope: Scope, name: str) -> Scope | None:
    outer = scope.parent
    while outer is not None:
        if name in outer.bindings and not outer.is_class:
            return outer
        outer = outer.parent
    return None


_VISITS: dict[type[ast.AST], Callable[[Reader, Any, Scope], None]] = {
    ast.FunctionDef: Reader._function,
    ast.AsyncFunctionDef: Reader._function,
    ast.Lambda: Reader._lambda,
    ast.ClassDef: Reader._class,
    ast.Import: Reader._import,
    ast.ImportFrom: Reader._import_from,
    ast.Assign: Reader._assign,
    ast.AnnAssign: Reader._annotated,
    ast.NamedExpr: Reader._named,
    ast.For: Reader._loop,
    ast.AsyncFor: Reader._loop,
    ast.With: Reader._with,
    ast.AsyncWith: Reader._with,
    ast.ExceptHandler: Reader._caught,
    ast.Global: Reader._global,
    ast.Nonlocal: Reader._global,
    ast.Call: Reader._call,
    ast.Await: Reader._await,
    ast.Return: Reader._return,
    ast.Yield: Reader._yield,
    ast.BinOp: Reader._operation,
    ast.AugAssign: Reader._operation,
    **dict.fromkeys(_BRANCHES, Reader._branch),
    **dict.fromkeys(_COMPREHENSIONS, Reader._comprehension),
    ast.Match: Reader._match,
}
if hasattr(ast, "TypeAlias"):
    _VISITS[ast.TypeAlias] = Reader._type_alias
