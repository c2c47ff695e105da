"""Where a finding lies, in terms that survive moved lines: its definition and its statement."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from groundrules.rules.findings import Finding
from groundrules.rules.source.tree import Class, Function, Module

_Span = tuple[int, int]  # the first line and the last
_T = TypeVar("_T")


def anchored(findings: Iterable[Finding], modules: Iterable[Module]) -> list[Finding]:
    """Return findings with the definitions and statements that they lie in."""
    by_path = {module.path: module for module in modules}
    known = dict[str, _Anchors]()
    found = []
    for each in findings:
        module = by_path.get(each.path)
        if module is not None and each.path not in known:
            known[each.path] = _Anchors(module)
        found.append(known[each.path].put_on(each) if module is not None else each)
    return found


class _Anchors:
    """What each line of a file belongs to."""

    def __init__(self, module: Module) -> None:
        defined: list[Class | Function] = [*module.classes, *module.functions]
        names = [(each.node, _dotted(each)) for each in defined]
        attributes = [
            (node, f"{_dotted(each)}.{name}")
            for each in module.classes
            for node in each.node.body
            if (name := _assigned(node))
        ]
        self._definitions = _innermost((_span(node), name) for node, name in names + attributes)
        self._statements = _innermost((span, span[0]) for span in _statements(module.tree))

    def put_on(self, finding: Finding) -> Finding:
        line = finding.line
        return replace(
            finding,
            definition=self._definitions.get(line, ""),
            statement=self._statements.get(line, line),
        )


def _innermost(spans: Iterable[tuple[_Span, _T]]) -> dict[int, _T]:
    """Return for each line what belongs to the smallest of the spans around it."""
    found = dict[int, _T]()
    for (first, last), value in sorted(spans, key=lambda each: (each[0][0], -each[0][1])):
        found.update(dict.fromkeys(range(first, last + 1), value))
    return found


def _dotted(defined: Class | Function) -> str:
    names = [defined.name]
    outer = defined.outer.owner
    while isinstance(outer, (Class, Function)):
        names.append(outer.name)
        outer = outer.outer.owner
    return ".".join(reversed(names))


def _assigned(node: ast.stmt) -> str | None:
    """Return the name that a statement of a class gives to an attribute."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
    return None


def _span(node: ast.stmt | ast.expr) -> _Span:
    decorators = getattr(node, "decorator_list", [])
    return min(node.lineno, *(each.lineno for each in decorators), node.lineno), _end(node)


def _end(node: ast.stmt | ast.expr) -> int:
    return node.end_lineno or node.lineno


def _statements(outer: ast.AST) -> Iterator[_Span]:
    """Yield the lines of all statements and decorators; those of a definition are without its decorators."""
    for each in ast.iter_child_nodes(outer):
        if isinstance(each, ast.stmt):
            yield each.lineno, _end(each)
            for decorator in getattr(each, "decorator_list", ()):
                yield decorator.lineno, _end(decorator)
        if isinstance(each, (ast.stmt, ast.excepthandler, ast.match_case)):
            yield from _statements(each)
