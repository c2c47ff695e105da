"""What the syntax alone tells, without knowing what any name stands for."""

import ast
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter

from groundrules.rules.source.tree import Binding, Function

_LONG = 60  # characters of code that a message may show


def elements(node: ast.expr | None) -> list[ast.expr]:
    """Return the elements of a literal list, tuple or set, or the values of a literal dict."""
    match node:
        case ast.List(elts=found) | ast.Tuple(elts=found) | ast.Set(elts=found):
            return found
        case ast.Dict(values=found):
            return found
    return []


def unpacked(row: ast.expr | None, binding: Binding) -> ast.expr | None:
    """Return the part of a literal row that a binding takes; the row itself if it takes all of it."""
    if binding.unpacked is None:
        return row
    for position in (*binding.within, binding.unpacked):
        parts = elements(row)
        if position >= len(parts):
            return None
        row = parts[position]
    return row


def default_of(function: Function, name: str) -> ast.expr | None:
    """Return the default of an argument, None if it has none."""
    given = function.node.args
    if not given.defaults and not given.kw_defaults:
        return None
    position = function.positional
    defaults = dict(zip(reversed(position), reversed(given.defaults), strict=False))
    for argument, default in (
        *defaults.items(),
        *zip(given.kwonlyargs, given.kw_defaults, strict=True),
    ):
        if argument.arg == name:
            return default
    return None


def match_arguments(function: Function, node: ast.Call, *, bound: bool) -> dict[str, ast.expr]:
    """Return what a call gives for each argument; `bound` if the first is given already."""
    names = [argument.arg for argument in function.positional][1 if bound else 0 :]
    given = dict[str, ast.expr]()
    for name, value in zip(names, node.args, strict=False):
        if isinstance(value, ast.Starred):
            break
        given[name] = value
    given.update((each.arg, each.value) for each in node.keywords if each.arg)
    return given


def settles(binding: Binding, position: tuple[int, int]) -> bool:
    """Whether a binding surely holds at a position: not under a condition, nor made of itself."""
    if binding.place >= position or binding.value is None:
        return False
    owner = binding.scope.owner
    first_column = owner.node.body[0].col_offset if owner else 0
    if binding.place[1] != first_column:
        return False
    return not any(
        isinstance(each, ast.Name) and each.id == binding.name for each in ast.walk(binding.value)
    )


def nearest_first(
    bindings: Sequence[Binding], position: tuple[int, int] | None
) -> Iterable[Binding]:
    """Return bindings in the order they are likely to hold at (line, column), the last one first."""
    return bindings if len(bindings) < 2 else _ordered(bindings, position)


def _ordered(bindings: Sequence[Binding], position: tuple[int, int] | None) -> Iterator[Binding]:
    newest = sorted(bindings, key=attrgetter("place"), reverse=True)
    if position is None:
        yield from newest
        return
    made = [each for each in newest if not _is_making(each, position)]
    yield from (each for each in made if each.place < position)
    yield from (each for each in made if each.place >= position)


def _is_making(binding: Binding, position: tuple[int, int]) -> bool:
    """Whether a position lies in what makes the value of a name: in a class's own bases, for one."""
    node = binding.node
    if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
        first = node.decorator_list[0] if node.decorator_list else node
        return (first.lineno, 0) <= position < (node.end_lineno or 0, node.end_col_offset or 0)
    return _is_inside(position, binding.value)


def _is_inside(position: tuple[int, int], node: ast.expr | None) -> bool:
    """Whether a position lies in an expression, so that what it gives is not there yet."""
    if node is None or position < (node.lineno, node.col_offset):
        return False
    return position < (node.end_lineno or 0, node.end_col_offset or 0)


def parsed_annotation(text: str, at: ast.AST) -> ast.expr | None:
    """Return the expression a string annotation holds, placed where the string stands."""
    try:
        parsed = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    for each in ast.walk(parsed):
        ast.copy_location(each, at)
    return parsed


def written(node: ast.expr) -> str:
    """Return an expression as code, for a message; of a long one only its last name."""
    try:
        text = ast.unparse(node)
    except RecursionError:
        text = ""
    if text and len(text) <= _LONG:
        return text
    return f"….{node.attr}" if isinstance(node, ast.Attribute) else "…"


def operands(node: ast.expr, kind: type[ast.operator]) -> list[ast.expr]:
    """Return what an operator joins, as in `a + b + c`, from left to right."""
    found = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, kind):
        found.append(node.right)
        node = node.left
    return [node, *reversed(found)]
