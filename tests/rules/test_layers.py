"""Each layer of the rules' engine imports only from those before it."""

import ast
import re
from pathlib import Path

import pytest

from groundrules.site.layers import LAYERS, ROOT, RULES, imported, layer_of, module_of, picture

FILES = sorted(RULES.rglob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(RULES)))
def test_a_module_imports_from_its_own_layer_and_from_those_before_it(file: Path) -> None:
    own = layer_of(module_of(file))

    assert {each for each in imported(file) if layer_of(each) > own} == set()


def test_relative_imports_do_not_hide_a_layer() -> None:
    assert {each for file in FILES for each in imported(file) if each.startswith(".")} == set()


def test_no_arrow_of_the_picture_points_up() -> None:
    arrows = re.findall(r"layer(\d) -->\|\d+\| layer(\d)", picture())

    assert len(arrows) > len(LAYERS)
    assert all(user > used for user, used in arrows)


def test_every_module_is_in_a_layer() -> None:
    names = {file.relative_to(RULES).parts[0].removesuffix(".py") for file in RULES.rglob("*.py")}

    assert names == {name for layer in LAYERS for name in layer}


def test_the_engine_needs_no_other_part_of_the_project_but_what_prints() -> None:
    others = {
        (module_of(file).removeprefix(f"{ROOT}.").partition(".")[0], name.split(".")[1])
        for file in FILES
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom)
        for name in [node.module or ""]
        if name.startswith("groundrules.") and not name.startswith(ROOT)
    }

    printing = {(each, "terminal") for each in ("command", "options", "output", "report", "since")}
    assert others == {("command", "course"), *printing}
