"""Complexity is counted as radon counts it; the numbers here are radon's."""

from pathlib import Path

import pytest

from groundrules.rules.facts.project import Project, load_project
from groundrules.rules.source.complexity import complexity, is_complex
from groundrules.rules.source.files import Package

COUNTS = {
    "pass": 1,
    "if a: pass": 2,
    "if a: pass\n    elif b: pass\n    else: pass": 3,
    "a and b and c or d": 4,
    "not a": 1,
    "1 if a else 2": 2,
    "for a in b: pass\n    else: pass": 3,
    "while a: break": 2,
    "[a for a in b if a if c for d in a]": 5,
    "{a: b for a in c}": 2,
    "assert a and b": 2,
    "lambda: a or b": 2,
    "with a as b, c as d: pass": 1,
    "try: pass\n    except A: pass\n    except B: pass\n    else: pass\n    finally: pass": 4,
    "try: pass\n    except* A: pass": 1,
    "match a:\n        case 1: pass\n        case 2 if b or c: pass\n        case _: pass": 4,
    "match a:\n        case 1 as b: pass\n        case b: pass": 2,
    "match a:\n        case _: pass": 1,
    "def g(h: int = 1 if a else 2) -> None:\n        if a: pass": 1,
    "class C:\n        if a: b = 1\n        def g(self): return a or b": 1,
}


def project_of(body: str, folder: Path) -> Project:
    app = folder / "app"
    app.mkdir()
    (app / "one.py").write_text(f"def f():\n    {body}\n", encoding="utf-8")
    return load_project(Package("app", app, folder, folder))


@pytest.mark.parametrize(("body", "expected"), COUNTS.items())
def test_a_function_is_as_complex_as_radon_says(body: str, expected: int, tmp_path: Path) -> None:
    function = project_of(body, tmp_path).functions[0]

    assert complexity(function.node) == expected
    assert is_complex(function, expected)
    assert not is_complex(function, expected + 1)
