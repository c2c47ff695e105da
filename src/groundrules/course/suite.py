"""The tests of a step's suite, read from its source: what each is about, without running it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from groundrules.course.steps import Step

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class SuiteTest:
    """A test function.

    :param place: its file and line, as in `steps/05-schemas/test_pages.py:12`.
    :param task: the task it names with `@task`, if it names one.
    :param demands: the names that its `@task` has besides.
    :param narrowed: the names in its own `with demand(…)`, each of which must be among `demands`.
    :param of_rules: whether it is marked `rules_so_far`.
    """

    name: str
    place: str
    task: str | None
    demands: tuple[str, ...]
    narrowed: tuple[str, ...]
    of_rules: bool


def suite_of(step: Step) -> tuple[SuiteTest, ...]:
    """Return the tests of a suite, file by file."""
    return tuple(
        _test(node, f"steps/{step.name}/{path.name}:{node.lineno}")
        for path in sorted(step.folder.glob("test_*.py"))
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, Function) and node.name.startswith("test")
    )


def _test(node: Function, place: str) -> SuiteTest:
    task, *demands = next(_words_of("task", node.decorator_list), (None,))
    inside = [each for part in node.body for each in ast.walk(part) if isinstance(each, ast.expr)]
    narrowed = tuple(name for names in _words_of("demand", inside) for name in names)
    of_rules = any(_name(each) == "rules_so_far" for each in node.decorator_list)
    return SuiteTest(node.name, place, task, tuple(filter(None, demands)), narrowed, of_rules)


def _words_of(function: str, nodes: list[ast.expr]) -> Iterator[tuple[str, ...]]:
    """Yield the strings that each call of `function` among `nodes` is given."""
    for node in nodes:
        if isinstance(node, ast.Call) and _name(node.func) == function:
            values = [each.value for each in node.args if isinstance(each, ast.Constant)]
            yield tuple(value for value in values if isinstance(value, str))


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""
