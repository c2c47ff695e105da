"""The layers of the rules' engine, and the picture of what they import; the tests hold them by it too."""

import ast
from collections import Counter
from pathlib import Path

RULES = Path(__file__).parents[1] / "rules"
ROOT = "groundrules.rules"
# each layer imports only from those before it; the names are those of modules and packages in the engine
LAYERS = (
    ("source",),
    ("meaning",),
    ("facts",),
    ("cases", "rule", "places", "catalogue", "registry"),
    ("findings", "report"),
    ("pythons", "own", "cache", "engine", "targets", "since"),
    ("__init__", "writing"),
    ("options", "output", "explaining", "proving", "instructions", "command"),
)
_TITLES = ("source", "meaning", "facts", "catalogue", "report", "engine", "the API", "the command")


def layer_of(module: str) -> int:
    """Return the number of the layer that a module of the engine is in."""
    name = module.removeprefix(ROOT).lstrip(".").partition(".")[0] or "__init__"
    return next(number for number, names in enumerate(LAYERS) if name in names)


def module_of(file: Path) -> str:
    """Return the dotted name of a file of the engine."""
    return ".".join([ROOT, *file.relative_to(RULES).with_suffix("").parts])


def imported(file: Path) -> set[str]:
    """Return the modules of the engine that a file imports, wherever in it."""
    found = set[str]()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == ROOT:
            found |= {_named(each.name) for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("." * node.level + (node.module or ""))
        elif isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
    return {each for each in found if each.startswith((ROOT, "."))}


def _named(name: str) -> str:
    """Return what `from groundrules.rules import name` imports: a module of it, or what it defines."""
    is_module = (RULES / name).is_dir() or (RULES / f"{name}.py").is_file()
    return f"{ROOT}.{name}" if is_module else ROOT


def picture() -> str:
    """Return the layers as a diagram: how many files import how many modules of which other layer."""
    files = sorted(RULES.rglob("*.py"))
    held = Counter(layer_of(module_of(file)) for file in files)
    arrows = Counter(
        (layer_of(module_of(file)), layer_of(module)) for file in files for module in imported(file)
    )
    nodes = [
        f'    {_identifier(number)}["{title}<br>{held[number]} file{"s" if held[number] > 1 else ""}"]'
        for number, title in enumerate(_TITLES)
    ]
    edges = [
        f"    {_identifier(user)} -->|{count}| {_identifier(used)}"
        for (user, used), count in sorted(arrows.items(), reverse=True)
        if user != used
    ]
    return "\n".join(["```mermaid", "flowchart TD", *reversed(nodes), *edges, "```"])


def _identifier(number: int) -> str:
    return f"layer{number}"
