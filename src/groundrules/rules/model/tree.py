"""What one file holds: its scopes, the names bound in them, its functions, classes and calls."""

import ast
from dataclasses import dataclass, field
from functools import cached_property

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, eq=False)
class Binding:
    """One place where a name gets its value.

    :param node: the statement or expression that binds it.
    :param value: the expression it is bound to, where there is one.
    :param element: whether it is bound to each element of `value` in turn, as in a loop.
    :param unpacked: its position in a tuple that is unpacked, None if the value is bound whole.
    """

    name: str
    node: ast.AST
    scope: "Scope"
    line: int
    column: int
    value: ast.expr | None = None
    annotation: ast.expr | None = None
    element: bool = False
    unpacked: int | None = None


@dataclass(frozen=True, eq=False)
class Scope:
    """A module's, class's, function's, lambda's or comprehension's own names."""

    module: "Module"
    parent: "Scope | None" = None
    owner: "Function | Class | None" = None
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    elsewhere: dict[str, "Scope"] = field(default_factory=dict)
    stars: list[ast.ImportFrom] = field(default_factory=list)

    @property
    def is_class(self) -> bool:
        """Whether this is the scope of a class body, which the functions in it do not see."""
        return isinstance(self.owner, Class)

    def enclosing_function(self) -> "Function | None":
        """Return the innermost function that this scope is or lies in."""
        scope: Scope | None = self
        while scope is not None:
            if isinstance(scope.owner, Function):
                return scope.owner
            scope = scope.parent
        return None


@dataclass(frozen=True, eq=False)
class Function:
    """A function or method: its syntax, the scope it is defined in, and the scope of its body.

    What it holds is that of its own body; nested functions have their own. `branches` is where paths
    part, `operations` are binary ones, and `assigned` are the attributes that get a value. They also
    hold those of nested classes, decorators and defaults.
    """

    node: FunctionNode
    outer: Scope
    scope: Scope
    calls: list["CallSite"] = field(default_factory=list)
    returns: list[ast.expr] = field(default_factory=list)
    branches: list[ast.AST] = field(default_factory=list)
    yields: list[ast.expr] = field(default_factory=list)
    operations: list[ast.BinOp | ast.AugAssign] = field(default_factory=list)
    assigned: list[ast.Attribute] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The name it is defined with."""
        return self.node.name

    @property
    def module(self) -> "Module":
        """The module that defines it."""
        return self.outer.module

    @property
    def is_async(self) -> bool:
        """Whether it is written `async def`."""
        return isinstance(self.node, ast.AsyncFunctionDef)

    @property
    def owner(self) -> "Class | None":
        """The class whose body defines it, None for a function that is no method."""
        return self.outer.owner if isinstance(self.outer.owner, Class) else None

    @property
    def docstring(self) -> str | None:
        """Its docstring without surrounding blanks; None if there is none or it is empty."""
        first = self.node.body[0]
        if not isinstance(first, ast.Expr) or not isinstance(first.value, ast.Constant):
            return None
        text = first.value.value
        return (text.strip() or None) if isinstance(text, str) else None

    @property
    def arguments(self) -> list[ast.arg]:
        """Every argument in the order written, `*args` and `**kwargs` included."""
        given = self.node.args
        return [
            *given.posonlyargs,
            *given.args,
            *([given.vararg] if given.vararg else []),
            *given.kwonlyargs,
            *([given.kwarg] if given.kwarg else []),
        ]

    @property
    def positional(self) -> list[ast.arg]:
        """The arguments that may be given by position."""
        return [*self.node.args.posonlyargs, *self.node.args.args]


@dataclass(frozen=True, eq=False)
class Class:
    """A class: its syntax, the scope it is defined in, and the scope of its body."""

    node: ast.ClassDef
    outer: Scope
    scope: Scope
    methods: list[Function] = field(default_factory=list)
    attributes: dict[str, list[Binding]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name it is defined with."""
        return self.node.name

    @property
    def module(self) -> "Module":
        """The module that defines it."""
        return self.outer.module


@dataclass(frozen=True, eq=False)
class CallSite:
    """One call and the scope it stands in."""

    node: ast.Call
    scope: Scope


@dataclass(frozen=True, eq=False)
class Module:
    """One file, parsed.

    :param name: dotted, as other modules import it.
    :param path: relative to the folder being checked, with forward slashes.
    :param parts: the file's place inside the application package; None outside of it.
    :param awaited: the expressions that are awaited where they stand.
    """

    name: str
    path: str
    text: str
    is_package: bool
    parts: tuple[str, ...] | None
    tree: ast.Module = field(default_factory=lambda: ast.Module([], []))
    awaited: set[ast.expr] = field(default_factory=set)
    functions: list[Function] = field(default_factory=list)
    classes: list[Class] = field(default_factory=list)
    calls: list[CallSite] = field(default_factory=list)
    imports: list[ast.Import | ast.ImportFrom] = field(default_factory=list)
    scopes: list[Scope] = field(default_factory=list)
    defined: dict[ast.AST, Function | Class] = field(default_factory=dict)

    @property
    def scope(self) -> Scope:
        """The module's own scope."""
        return self.scopes[0]

    @cached_property
    def lines(self) -> list[str]:
        """Its lines, without their ends."""
        return self.text.split("\n")

    def mentions(self, *words: str) -> bool:
        """Whether one of some words stands anywhere in it, as code or not."""
        return any(word in self.text for word in words)

    def column(self, node: ast.AST) -> int:
        """Return the column of a node in characters, counted from 1."""
        return self.column_at(getattr(node, "lineno", 1), getattr(node, "col_offset", 0))

    def column_at(self, number: int, offset: int) -> int:
        """Return the column, in characters from 1, of an offset in bytes into a line."""
        line = self.line(number)
        return len(line.encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "replace")) + 1

    def line(self, number: int) -> str:
        """Return the text of a line, counted from 1; empty past the end."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""

    def source_of(self, node: ast.ImportFrom) -> str | None:
        """Return the dotted name of the module that a `from … import` names; None above the top."""
        if not node.level:
            return node.module
        package = self.name.split(".") if self.name else []
        drop = node.level - 1 if self.is_package else node.level
        if drop > len(package):
            return None
        base = package[: len(package) - drop]
        return ".".join([*base, *([node.module] if node.module else [])])
