"""Each layer of the rules' engine imports only from those before it."""

import ast
from pathlib import Path

import pytest

RULES = Path(__file__).parents[2] / "src" / "groundrules" / "rules"
ROOT = "groundrules.rules"
LAYERS = (
    ("source",),
    ("meaning",),
    ("facts",),
    ("cases", "rule", "places", "catalogue", "registry"),
    ("findings", "report"),
    ("pythons", "cache", "engine"),
    ("__init__",),
    ("command",),
)


def layer_of(module: str) -> int:
    name = module.removeprefix(ROOT).lstrip(".").partition(".")[0] or "__init__"
    return next(number for number, names in enumerate(LAYERS) if name in names)


def imported(file: Path) -> set[str]:
    """Return the modules of the engine that a file imports, wherever it does."""
    found = set[str]()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == ROOT:
            found |= {
                f"{ROOT}.{each.name}"
                if (RULES / each.name).is_dir() or (RULES / f"{each.name}.py").is_file()
                else ROOT
                for each in node.names
            }
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{file}: relative imports hide the layer"
            found.add(node.module or "")
        elif isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
    return {each for each in found if each.startswith(ROOT)}


def module_of(file: Path) -> str:
    parts = file.relative_to(RULES).with_suffix("").parts
    return ".".join([ROOT, *parts])


FILES = sorted(RULES.rglob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(RULES)))
def test_a_module_imports_from_its_own_layer_and_from_those_before_it(file: Path) -> None:
    own = layer_of(module_of(file))

    assert {each for each in imported(file) if layer_of(each) > own} == set()


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

    assert others == {("command", "course"), ("command", "terminal"), ("report", "terminal")}
