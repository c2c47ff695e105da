"""Mutants: the finished application with one thing about it changed, as a slip of the pen would.

What it changes are the mistakes that people make: a limit off by one, a check left out, an `await`
forgotten, another status code, a constraint that is gone. Texts for people (docstrings, descriptions, what
an error says) stay as they are, since no lesson says how they read.
"""

import ast
import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.Is: "is not",
    ast.IsNot: "is",
    ast.In: "not in",
    ast.NotIn: "in",
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
}
CODES = {
    "HTTP_201_CREATED": "HTTP_200_OK",
    "HTTP_204_NO_CONTENT": "HTTP_200_OK",
    "HTTP_400_BAD_REQUEST": "HTTP_409_CONFLICT",
    "HTTP_401_UNAUTHORIZED": "HTTP_403_FORBIDDEN",
    "HTTP_403_FORBIDDEN": "HTTP_401_UNAUTHORIZED",
    "HTTP_404_NOT_FOUND": "HTTP_400_BAD_REQUEST",
    "HTTP_503_SERVICE_UNAVAILABLE": "HTTP_500_INTERNAL_SERVER_ERROR",
}
OTHER_DEPENDENCIES = {"get_librarian": "get_current_user", "get_current_user": "get_librarian"}
# Only documentation and type checkers see the last two.
FOR_PEOPLE = {
    *(
        "description",
        "detail",
        "doc",
        "examples",
        "help",
        "json_schema_extra",
        "message",
        "summary",
    ),
    *("tags", "title", "why", "responses", "bound"),
}
# Calls that take any number of things; to leave out an argument of others is no slip, but a crash.
LISTS = {
    *("where", "filter", "or_", "and_", "order_by", "now", "max", "min", "refresh"),
    *("Column", "mapped_column", "create_table", "Index", "UniqueConstraint", "ForeignKey"),
}
UNREAD = {"TypeVar", "getLogger", "cast"}  # what they are given is for type checkers and logs
LOGS = {"debug", "info", "warning", "error", "exception", "print"}

Edit = tuple[ast.AST, str]


@dataclass(frozen=True)
class Mutant:
    """One file of the application, changed; `before` and `after` are the lines that differ."""

    path: str
    line: int
    before: str
    after: str
    text: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What names the mutant as long as the lines that it changes stay as they are."""
        return self.path, self.before, self.after

    def __str__(self) -> str:
        return f"{self.path}:{self.line}\n  - {self.before}\n  + {self.after}"


def mutants(path: str, text: str) -> Iterator[Mutant]:
    """Yield every mutant of a file, each text once, in the order of the lines changed."""
    source = _Source(path, text)
    found: dict[str, Mutant] = {}
    for node, new in source.edits():
        mutant = source.mutant(node, new)
        if mutant is not None:
            found.setdefault(mutant.text, mutant)
    yield from sorted(found.values(), key=lambda each: each.line)


class _Source:
    """A file to change: its tree with the parents of all nodes, and where they lie in the text."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self.tree = ast.parse(text)
        self.parents = {
            child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)
        }

    @cached_property
    def starts(self) -> list[int]:
        lines = self.text.encode().splitlines(keepends=True)
        return [sum(map(len, lines[:count])) for count in range(len(lines) + 1)]

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Return where a node begins and ends, in bytes."""
        begin = self.starts[node.lineno - 1] + node.col_offset  # type: ignore[attr-defined]
        end = self.starts[node.end_lineno - 1] + node.end_col_offset  # type: ignore[attr-defined]
        return begin, end

    def mutant(self, node: ast.AST, new: str) -> Mutant | None:
        begin, end = self.span(node)
        whole = self.text.encode()
        text = (whole[:begin] + new.encode() + whole[end:]).decode()
        try:
            if ast.dump(ast.parse(text)) == ast.dump(self.tree):
                return None
        except SyntaxError:
            return None
        changed = list(difflib.ndiff(self.text.splitlines(), text.splitlines()))
        before = " ".join(line[2:].strip() for line in changed if line.startswith("- "))
        after = " ".join(line[2:].strip() for line in changed if line.startswith("+ "))
        return Mutant(self.path, node.lineno, before, after, text)  # type: ignore[attr-defined]

    def source(self, node: ast.AST) -> str:
        begin, end = self.span(node)
        return self.text.encode()[begin:end].decode()

    def edits(self) -> Iterator[Edit]:
        for node in ast.walk(self.tree):
            if not self._is_for_people(node):
                yield from self._of_expression(node)
                yield from self._of_statement(node)

    def _of_expression(self, node: ast.AST) -> Iterator[Edit]:
        match node:
            case ast.Compare(left=left, ops=[operator], comparators=[right]):
                other = COMPARISONS[type(operator)]
                yield node, f"{self.source(left)} {other} {self.source(right)}"
            case ast.BoolOp(op=operator, values=values):
                word = " or " if isinstance(operator, ast.And) else " and "
                yield node, f"({word.join(f'({self.source(value)})' for value in values)})"
                for value in values:
                    rest = [f"({self.source(other)})" for other in values if other is not value]
                    yield node, f"({(' and ' if word == ' or ' else ' or ').join(rest)})"
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                yield node, f"({self.source(operand)})"
            case ast.BinOp(left=left, op=operator, right=right) if type(operator) in ARITHMETIC:
                changed = ast.BinOp(left, ARITHMETIC[type(operator)](), right)
                yield node, f"({ast.unparse(changed)})"
            case ast.BinOp(left=left, op=ast.BitOr(), right=ast.Constant(value=None)):
                if not self._is_for_type_checkers(node):
                    yield node, self.source(left)
            case ast.Constant(value=bool(value)):
                yield node, str(not value)
            case ast.Constant(value=int(value)):
                yield node, str(value + 1)
                if value:
                    yield node, str(value - 1)
            case ast.Constant(value=str(value)) if value and not self._in_text(node):
                yield node, repr(value + "x")
            case ast.Await(value=value):
                yield node, self.source(value)
            case ast.Attribute(attr=name) if name in CODES:
                yield node, f"status.{CODES[name]}"
            case ast.Name(id=name) if name in OTHER_DEPENDENCIES and self._in_call(node):
                yield node, OTHER_DEPENDENCIES[name]
            case ast.IfExp(body=body, orelse=orelse):
                yield node, self.source(body)
                yield node, self.source(orelse)
            case ast.Call():
                yield from self._of_call(node)
            case ast.Tuple(elts=elements) | ast.List(elts=elements) if not self._is_target(node):
                for each in elements if not self._in_annotation_slice(node) else ():
                    yield from self._without(node, each, elements)
            case ast.Dict(keys=keys):
                for key, value in zip(keys, node.values, strict=True):
                    rest = [
                        f"{self.source(k)}: {self.source(v)}"
                        for k, v in zip(keys, node.values, strict=True)
                        if k is not None and v is not value
                    ]
                    if key is not None:
                        yield node, "{" + ", ".join(rest) + "}"

    def _of_call(self, node: ast.Call) -> Iterator[Edit]:
        function = self.source(node.func)
        parts = [*node.args, *node.keywords]
        listing = function.rpartition(".")[2] in LISTS
        for part in [*(node.args if listing else ()), *node.keywords]:
            if not isinstance(part, ast.keyword) or part.arg not in FOR_PEOPLE:
                rest = [self.source(each) for each in parts if each is not part]
                yield node, f"{function}({', '.join(rest)})"
        named = {each.arg: each.value for each in node.keywords}
        if {"limit", "offset"} <= named.keys():
            swapped = {"limit": "offset", "offset": "limit"}
            arguments = [self.source(each) for each in node.args]
            for name, value in named.items():
                other = named[swapped[name]] if name in swapped else value
                arguments.append(f"{name}={self.source(other)}")
            yield node, f"{function}({', '.join(arguments)})"

    def _without(
        self, node: ast.AST, left_out: ast.expr, elements: list[ast.expr]
    ) -> Iterator[Edit]:
        rest = [self.source(each) for each in elements if each is not left_out]
        if isinstance(node, ast.List):
            yield node, f"[{', '.join(rest)}]"
        else:
            yield node, f"({', '.join(rest)}{',' if len(rest) == 1 else ''})"

    def _of_statement(self, node: ast.AST) -> Iterator[Edit]:
        match node:
            case ast.If(test=test, orelse=orelse):
                if not isinstance(test, ast.Compare | ast.UnaryOp):
                    yield test, f"not ({self.source(test)})"
                if not orelse:
                    yield node, "pass"
            case ast.Raise(exc=raised):
                yield node, "pass"
                if isinstance(raised, ast.Name):
                    yield raised, "LookupError"
            case ast.Return(value=ast.expr()):
                yield node, "return None"
            case (
                ast.Assign(targets=[ast.Attribute() | ast.Subscript()])
                | ast.AugAssign()
                | ast.For()
            ):
                yield node, "pass"
            case ast.Assign() | ast.AnnAssign() if isinstance(self.parents[node], ast.ClassDef):
                yield node, "pass"
            case ast.Expr(value=ast.Call() | ast.Await()) if not self._is_log(node):
                yield node, "pass"
            case ast.Try(handlers=handlers, finalbody=final):
                for handler in handlers:
                    yield handler.body[0], "raise"
                if final:
                    yield from ((each, "pass") for each in final)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                for decorator in node.decorator_list:
                    yield from self._without_decorator(decorator)

    def _without_decorator(self, decorator: ast.expr) -> Iterator[Edit]:
        """The line of a decorator as a comment: an edit replaces the node, and the `@` stands before it."""
        begin, _ = self.span(decorator)
        if self.text.encode()[begin - 1 : begin] == b"@":
            at = ast.Name("", lineno=decorator.lineno, col_offset=decorator.col_offset - 1)
            at.end_lineno, at.end_col_offset = decorator.end_lineno, decorator.end_col_offset
            yield at, "# without its decorator"

    def _is_for_people(self, node: ast.AST) -> bool:
        """Whether a node lies in a docstring, a log, or an argument that only people read."""
        while (parent := self.parents.get(node)) is not None:
            if isinstance(node, ast.keyword) and node.arg in FOR_PEOPLE:
                return True
            if isinstance(parent, ast.Assign) and self.source(parent.targets[0]) in FOR_PEOPLE:
                return True
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                return True
            if self._is_log(node) or self._is_unread(node):
                return True
            if (
                isinstance(parent, ast.Raise)
                and isinstance(node, ast.Call)
                and self._raises_text(node)
            ):
                return True
            if isinstance(node, ast.Import | ast.ImportFrom):
                return True
            node = parent
        return False

    def _is_for_type_checkers(self, annotation: ast.AST) -> bool:
        """Whether nothing but a type checker sees an annotation: FastAPI reads those of `app/api`."""
        node = annotation
        while (parent := self.parents.get(node)) is not None:
            if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef):
                unread = node is parent.returns and not parent.decorator_list
                return unread or not self.path.startswith("app/api/")
            if isinstance(parent, ast.ClassDef):
                return False
            node = parent
        return True

    @staticmethod
    def _raises_text(call: ast.Call) -> bool:
        return len(call.args) == 1 and isinstance(call.args[0], ast.Constant) and not call.keywords

    @staticmethod
    def _is_unread(node: ast.AST) -> bool:
        match node:
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
                return name in UNREAD
        return False

    @staticmethod
    def _is_log(node: ast.AST) -> bool:
        match node:
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name))):
                return name in LOGS
        return False

    def _in_text(self, node: ast.AST) -> bool:
        return isinstance(self.parents[node], ast.JoinedStr | ast.FormattedValue)

    def _in_call(self, node: ast.AST) -> bool:
        return isinstance(self.parents[node], ast.Call)

    def _is_target(self, node: ast.AST) -> bool:
        parent = self.parents[node]
        return isinstance(parent, ast.Assign | ast.For | ast.comprehension | ast.withitem) and (
            node in getattr(parent, "targets", ()) or node is getattr(parent, "target", None)
        )

    def _in_annotation_slice(self, node: ast.AST) -> bool:
        """Whether a tuple is the inside of brackets, as in `Annotated[int, Field(…)]`."""
        return isinstance(self.parents[node], ast.Subscript)
