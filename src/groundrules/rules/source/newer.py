"""Reads syntax that is newer than the Python that runs, by older syntax in the same columns."""

import ast
import io
import sys
import tokenize
from collections.abc import Iterator
from itertools import pairwise

from groundrules.rules.source.syntax import parsed_annotation

_Place = tuple[int, int]
_Written = list[tuple[str, str]]  # type parameters, each with the text of its bound
_Change = tuple[_Place, str]  # what is written over the text from a place on

_BEGIN = frozenset({tokenize.NEWLINE, tokenize.NL, tokenize.INDENT, tokenize.DEDENT})
_BEGIN |= {tokenize.COMMENT, tokenize.ENCODING}
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_END = -1  # of a line
_TEMPLATES = frozenset({"t", "tr", "rt"})
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class TypeParameter(ast.AST):
    """A type parameter, for a Python that has no syntax for it; `bound` is None if it has none."""

    name: str
    bound: ast.expr | None


def parse(text: str) -> ast.Module:
    """Return the tree of a file's text, newer syntax read as what comes nearest to it.

    `except A, B` is read as `except (A, B)`, `type X = Y` and `lazy import x` without their first word, and a
    template string is an f-string. Type parameters are `type_params` of their definitions, as in Python 3.12.

    Raises what `ast.parse` raises for the text as it is.
    """
    try:
        return ast.parse(text)
    except SyntaxError:
        changed, places, generic = _older(text)
        if changed == text:
            raise
        try:
            tree = ast.parse(changed)
        except SyntaxError:
            tree = None
        if tree is None:
            raise
    for node in ast.walk(tree) if places or generic else ():
        if isinstance(node, ast.ExceptHandler) and (node.lineno, node.col_offset) in places:
            node.type = _joined(node.type)
        if isinstance(node, _DEFINITIONS) and (node.lineno, node.col_offset) in generic:
            written = generic[node.lineno, node.col_offset]
            setattr(node, "type_params", [_parameter(*each, at=node) for each in written])  # noqa: B010  # new to it
    return tree


def _parameter(name: str, bound: str, *, at: ast.stmt) -> TypeParameter:
    made = TypeParameter()
    made.name, made.bound = name, parsed_annotation(bound, at) if bound else None
    return ast.copy_location(made, at)


def _joined(node: ast.expr | None) -> ast.expr | None:
    """Return the exceptions that were written with bars between them as a tuple."""
    parts = list[ast.expr]()
    last = node
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        parts.append(node.right)
        node = node.left
    if node is None or last is None or not parts:
        return node
    return ast.copy_location(ast.Tuple([node, *reversed(parts)], ast.Load()), last)


def _older(text: str) -> tuple[str, set[_Place], dict[_Place, _Written]]:
    """Return a text in older syntax, and where in it were exceptions without brackets and type parameters."""
    lines = text.split("\n")
    places, generic = set[_Place](), dict[_Place, _Written]()
    try:
        for statement in _statements(text):
            first = statement[0].start
            before = lines[first[0] - 1][: first[1]]
            place = first[0], len(before.encode("utf-8", "surrogatepass"))
            if written := _written(statement):
                generic[place] = written
            for (line, column), new in _changes(statement):
                old = lines[line - 1]
                column = len(old) if column == _END else column
                lines[line - 1] = old[:column] + new + old[column + len(new) :]
                if new == "|":
                    places.add(place)
    except (tokenize.TokenError, SyntaxError, IndexError):
        return text, set(), {}
    return "\n".join(lines), places, generic


def _statements(text: str) -> Iterator[list[tokenize.TokenInfo]]:
    """Yield the tokens of each logical line, up to the colon of a compound statement at least."""
    found = list[tokenize.TokenInfo]()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in _BEGIN:
            if found and token.type == tokenize.NEWLINE:
                yield found
                found = []
        elif token.type != tokenize.ENDMARKER:
            found.append(token)
    if found:
        yield found


def _changes(tokens: list[tokenize.TokenInfo]) -> Iterator[_Change]:
    words = [token.string for token in tokens]
    yield from _templates(tokens)
    match words:
        case ["except", *_] if sys.version_info < (3, 14):
            yield from _exceptions(tokens)
        case ["type", name, "=" | "[", *_] if name.isidentifier() and sys.version_info < (3, 12):
            yield tokens[0].start, "0;" + " " * (tokens[1].start[1] - tokens[0].start[1] - 2)
            yield from _parameters(tokens, 2)
        case ["lazy", "import" | "from", *_] if sys.version_info < (3, 15):
            yield tokens[0].start, "0;" + " " * (tokens[1].start[1] - tokens[0].start[1] - 2)
    yield from _parameters(tokens, _bracket(words))


def _bracket(words: list[str]) -> int:
    """Return where the type parameters of a definition begin among the words of a line; -1 for none."""
    match words:
        case ["class" | "def", _, "[", *_]:
            return 2
        case ["async", "def", _, "[", *_]:
            return 3
    return -1


def _written(tokens: list[tokenize.TokenInfo]) -> _Written:
    """Return the type parameters of a definition, each with its bound."""
    words = [token.string for token in tokens]
    begin = _bracket(words)
    depth, parts = 0, [list[str]()]
    for word in words[begin:] if begin > 0 else ():
        depth += (word in _OPENING) - (word in _CLOSING)
        if depth == 0:
            break
        if depth == 1 and word == ",":
            parts.append([])
        elif not (depth == 1 and word == "["):
            parts[-1].append(word)
    return [(each[0], _bound(each[1:])) for each in parts if each and each[0].isidentifier()]


def _bound(words: list[str]) -> str:
    """Return what follows the colon of a type parameter, its default left out."""
    end = words.index("=") if "=" in words else len(words)
    return " ".join(words[1:end])


def _exceptions(tokens: list[tokenize.TokenInfo]) -> Iterator[_Change]:
    depth = 0
    for token in tokens[1:]:
        if token.string in _OPENING:
            depth += 1
        elif token.string in _CLOSING:
            depth -= 1
        elif depth == 0 and token.string in (":", "as"):
            return
        elif depth == 0 and token.string == ",":
            yield token.start, "|"


def _parameters(tokens: list[tokenize.TokenInfo], index: int) -> Iterator[_Change]:
    """Yield blanks over the brackets that follow the name of a class, a function or a type."""
    if not 0 < index < len(tokens) or tokens[index].string != "[":
        return
    depth, line = 0, tokens[index].start[0]
    for token in tokens[index:]:
        depth += (token.string in _OPENING) - (token.string in _CLOSING)
        for each in range(line, token.start[0]):
            yield (each, _END), "\\"  # outside of brackets, a line goes on only so
        line = token.end[0]
        yield token.start, "" if "\n" in token.string else " " * len(token.string)
        if depth == 0:
            return


def _templates(tokens: list[tokenize.TokenInfo]) -> Iterator[_Change]:
    for token, after in pairwise(tokens):
        is_prefix = token.type == tokenize.NAME and token.string.lower() in _TEMPLATES
        if is_prefix and after.type == tokenize.STRING and token.end == after.start:
            yield token.start, token.string.replace("t", "f").replace("T", "F")
