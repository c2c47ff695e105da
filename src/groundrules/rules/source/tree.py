"""What one file holds: its scopes, the names bound in them, its functions, classes and calls."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(eq=False, slots=True)
class Binding:
    """One place where a name gets its value.

    :param node: the statement or expression that binds it.
    :param value: the expression it is bound to, where there is one.
    :param element: whether it is bound to each element of `value` in turn, as in a loop.
    :param unpacked: its position in a tuple that is unpacked, None if the value is bound whole.
    :param within: the positions of the tuples around that one, the outermost first.
    :param entered: the method that `with` or `async with` binds it by; empty for any other binding.
    """

    name: str
    node: ast.AST
    scope: "Scope"
    value: ast.expr | None = None
    annotation: ast.expr | None = None
    element: bool = False
    unpacked: int | None = None
    within: tuple[int, ...] = ()
    entered: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether its value is what the name is bound to, and no part of that."""
        return not self.element and self.unpacked is None

    @property
    def place(self) -> tuple[int, int]:
        """Its line and column."""
        return getattr(self.node, "lineno", 0), getattr(self.node, "col_offset", 0)


class Scope:
    """A module's, class's, function's, lambda's or comprehension's own names.

    :param function: the innermost function that this scope is or lies in.
    :param comprehension: the expression whose own names it holds, None if it is none of one.
    :param is_class: whether it is that of a class body, which the functions in it do not see.
    :param is_generic: whether it holds the type parameters of one definition.
    """

    __slots__ = (
        "bindings",
        "comprehension",
        "elsewhere",
        "function",
        "is_class",
        "is_generic",
        "module",
        "owner",
        "parent",
        "stars",
    )

    def __init__(self, module: "Module", parent: "Scope | None" = None) -> None:
        self.module = module
        self.parent = parent
        self.owner: Function | Class | None = None
        self.function: Function | None = parent.function if parent else None
        self.is_class = False
        self.is_generic = False
        self.comprehension: ast.expr | None = None
        self.bindings: dict[str, list[Binding]] = {}
        self.elsewhere: Mapping[str, Scope] = _NOWHERE
        self.stars: tuple[ast.ImportFrom, ...] = ()

    @property
    def depth(self) -> int:
        """How many scopes are around it."""
        return 0 if self.parent is None else 1 + self.parent.depth

    def visible(self, name: str) -> list[Binding]:
        """Return the bindings of a name that is used here: those of the nearest scope that has any."""
        for here in self.around(name):
            found = here.bindings.get(name)
            if found is not None:
                return found
        return []

    def around(self, name: str) -> "Iterator[Scope]":
        """Yield the scopes in which a name that is used here may be bound, the nearest first."""
        here: Scope | None = self
        while here is not None:
            if not here.is_class or here is self or (self.is_generic and here is self.parent):
                yield here.elsewhere.get(name, here) if here.elsewhere else here
            here = here.parent

    def forget(self) -> None:
        """Let go of all that leads back to this scope."""
        del self.module, self.owner, self.function
        self.bindings.clear()


_NOWHERE: Mapping[str, Scope] = MappingProxyType({})


@dataclass(eq=False, slots=True)
class Function:
    """A function or method: its syntax, the scope it is defined in, and the scope of its body.

    What it holds is that of its own body; nested functions have their own. `branches` is where paths
    part, `operations` are binary ones, and `assigned` are the attributes that get a value. They also
    hold those of nested classes, decorators and defaults.

    :param arguments: every one in the order written, `*args` and `**kwargs` included.
    """

    node: FunctionNode
    outer: Scope
    scope: Scope
    arguments: list[ast.arg]
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
    def positional(self) -> list[ast.arg]:
        """The arguments that may be given by position."""
        given = self.node.args
        return [*given.posonlyargs, *given.args] if given.posonlyargs else given.args


@dataclass(eq=False, slots=True)
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


@dataclass(eq=False, slots=True)
class CallSite:
    """One call and the scope it stands in.

    :param name: the last name of what is called, such as `get` in `router.get(…)`; None without any.
    """

    node: ast.Call
    scope: Scope
    name: str | None


@dataclass(eq=False)
class Module:
    """One file, parsed.

    :param name: dotted, as other modules import it.
    :param path: relative to the folder being checked, with forward slashes.
    :param parts: the file's place inside the application package; None outside of it.
    :param awaited: the expressions that are awaited where they stand.
    :param called: the calls by the last name of what is called.
    :param attributes: the names of all attributes that are read or assigned.
    :param reassigned: the names of attributes that are assigned to other objects than `self` or a `state`.
    :param packages: the first parts of the absolute names that it imports.
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
    called: dict[str | None, list[CallSite]] = field(default_factory=dict)
    attributes: set[str] = field(default_factory=set)
    reassigned: set[str] = field(default_factory=set)
    packages: set[str] = field(default_factory=set)
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

    @cached_property
    def _normalised(self) -> str:
        """Its text with every letter written as Python compares names."""
        if self.text.isascii():
            return self.text
        from unicodedata import normalize

        return normalize("NFKC", self.text)

    def mentions(self, *words: str) -> bool:
        """Whether one of some words stands anywhere in it, as code or not."""
        return any(map(self._normalised.__contains__, words))

    def column(self, node: ast.AST) -> int:
        """Return the column of a node in characters, counted from 1."""
        return self.column_at(getattr(node, "lineno", 1), getattr(node, "col_offset", 0))

    def column_at(self, number: int, offset: int) -> int:
        """Return the column, in characters from 1, of an offset in bytes into a line."""
        line = self.line(number)
        return len(line.encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "replace")) + 1

    @cached_property
    def for_types(self) -> frozenset[ast.AST]:
        """The classes that stand under `if TYPE_CHECKING`: they are never there when the code runs."""
        if not self.mentions("TYPE_CHECKING"):
            return frozenset()
        return frozenset(
            each
            for statement in ast.walk(self.tree)
            if isinstance(statement, ast.If)
            and getattr(statement.test, "attr", getattr(statement.test, "id", ""))
            == "TYPE_CHECKING"
            for inner in statement.body
            for each in ast.walk(inner)
            if isinstance(each, ast.ClassDef)
        )

    def line(self, number: int) -> str:
        """Return the text of a line, counted from 1; empty past the end."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""

    def scope_at(self, node: ast.expr) -> Scope:
        """Return the scope of the innermost function or class whose body is on an expression's line."""
        return self._scopes_of_lines.get(node.lineno, self.scope)

    @cached_property
    def _scopes_of_lines(self) -> dict[int, Scope]:
        found: dict[int, Scope] = {}
        depths: dict[int, int] = {}
        owners: list[Class | Function] = [*self.classes, *self.functions]
        for each in owners:
            depth, body = each.scope.depth, each.node.body
            for line in range(body[0].lineno, (each.node.end_lineno or 0) + 1):
                if depth > depths.get(line, 0):
                    found[line], depths[line] = each.scope, depth
        return found

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
