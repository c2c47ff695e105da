"""The source of the finished application, and how it is changed."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from textwrap import indent

SOLUTION = Path(__file__).parents[3] / "solution"
METHODS = ("get", "post", "put", "patch", "delete")

Node = ast.expr | ast.stmt
Callable_ = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One file of the application."""

    path: str
    text: str

    @property
    def folder(self) -> str:
        """Return the folder of `app` that it lies in, empty for `app` itself."""
        return self.path.split("/")[1] if self.path.count("/") > 1 else ""

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    def functions(self) -> list[Callable_]:
        return [each for each in ast.walk(self.tree) if isinstance(each, Callable_)]

    def handlers(self) -> list[Callable_]:
        return [each for each in self.functions() if route_of(each)]

    def of(self, node: Node) -> str:
        return ast.get_source_segment(self.text, node) or ""

    def replace(self, node: Node | ast.arg, new: str) -> "Source":
        """Return the source with `new` in place of a node."""
        lines = self.text.encode().splitlines(keepends=True)
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        begin = sum(map(len, lines[: node.lineno - 1])) + node.col_offset
        end = sum(map(len, lines[: node.end_lineno - 1])) + node.end_col_offset
        whole = self.text.encode()
        return Source(self.path, (whole[:begin] + new.encode() + whole[end:]).decode())

    def swap(self, old: str, new: str, count: int = 1) -> "Source":
        assert old in self.text, f"{self.path} has no {old}"
        return Source(self.path, self.text.replace(old, new, count))

    def importing(self, *lines: str) -> "Source":
        """Return the source with imports after its docstring."""
        docstring = self.tree.body[0]
        return self.replace(docstring, "\n".join([self.of(docstring), *lines]))

    def plus(self, code: str) -> "Source":
        return Source(self.path, f"{self.text}\n\n{code}")


Break = tuple[str, Source]
BREAKS: dict[str, Callable[[], Iterator[Break]]] = {}


def breaks(rule: str) -> Callable[[Callable[[], Iterator[Break]]], None]:
    def note(make: Callable[[], Iterator[Break]]) -> None:
        BREAKS[rule] = make

    return note


@cache
def sources() -> tuple[Source, ...]:
    files = sorted((SOLUTION / "app").rglob("*.py"))
    read = (
        Source(each.relative_to(SOLUTION).as_posix(), each.read_text("utf-8")) for each in files
    )
    return tuple(each for each in read if len(each.tree.body) > 1)


def source(path: str) -> Source:
    return next(each for each in sources() if each.path == path)


def within(*folders: str) -> Iterator[Source]:
    return (each for each in sources() if each.folder in folders)


def outside(*folders: str) -> Iterator[Source]:
    return (each for each in sources() if each.folder not in folders)


def handlers() -> Iterator[tuple[Source, Callable_]]:
    return ((each, handler) for each in sources() for handler in each.handlers())


def functions(*folders: str) -> Iterator[tuple[Source, Callable_]]:
    return ((each, function) for each in within(*folders) for function in each.functions())


def route_of(function: Callable_) -> ast.Attribute | None:
    for each in function.decorator_list:
        match each:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="router"), attr=attr) as route):
                return route if attr in METHODS else None
    return None


def first_line(function: Callable_, code: str, whole: Source) -> Source:
    """Return the source with `code` after a function's docstring."""
    docstring = function.body[0]
    lines = indent(code, " " * docstring.col_offset)
    return whole.replace(docstring, f"{whole.of(docstring)}\n{lines}")


def may_return(function: Callable_) -> bool:
    """Whether a function is a handler whose answer has a body."""
    route = route_of(function)
    return route is not None and route.attr != "delete"


def unawaited(text: str) -> str:
    return text.replace("await ", "")
