"""What a check costs, counted rather than timed: `benchmarks/rules/speed.py` has the times."""

import ast
import gc
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from groundrules.rules import check_project
from groundrules.rules.registry import all_rules
from groundrules.rules.source.files import read_bytes
from groundrules.rules.source.reader import Reader

SOLUTION = Path(__file__).parents[2] / "solution"


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often files are read, parsed and walked, once all rules are imported."""
    all_rules()
    count = Counter[str]()
    parse, walk = ast.parse, Reader.read

    def parsing(source: Any, *args: Any, **options: Any) -> ast.AST:
        count["parsed"] += options.get("mode", "exec") == "exec"
        tree: ast.AST = parse(source, *args, **options)
        return tree

    def reading(file: Path) -> bytes:
        count["read"] += 1
        return read_bytes(file)

    def walking(this: Reader, tree: ast.Module) -> None:
        count["walked"] += 1
        walk(this, tree)

    monkeypatch.setattr(ast, "parse", parsing)
    monkeypatch.setattr("groundrules.rules.source.loading.read_bytes", reading)
    monkeypatch.setattr(Reader, "read", walking)
    return count


def test_all_rules_share_one_look_at_each_file(counted: Counter[str]) -> None:
    report = check_project(SOLUTION)

    assert counted == dict.fromkeys(("read", "parsed", "walked"), report.files)


def test_a_check_leaves_nothing_to_the_garbage_collector() -> None:
    check_project(SOLUTION)
    gc.collect()
    gc.disable()
    try:
        check_project(SOLUTION)
        left = gc.collect()
    finally:
        gc.enable()

    assert left == 0
