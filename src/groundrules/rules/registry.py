"""Finds the rules: every module of `catalogue` named after a code is one."""

from functools import cache
from importlib import import_module
from pathlib import Path

from groundrules.rules import catalogue
from groundrules.rules.rule import Rule


@cache
def all_rules() -> tuple[Rule, ...]:
    """Return every rule, sorted by code."""
    files = sorted(Path(*catalogue.__path__).glob("gr*.py"))
    return tuple(_load(file.stem) for file in files)


def _load(name: str) -> Rule:
    module = import_module(f"{catalogue.__name__}.{name}")
    return Rule(
        code=name[:5].upper(),
        name=name[6:].replace("_", "-"),
        clause=module.CLAUSE,
        summary=(module.__doc__ or "").partition(": ")[2].strip(),
        rationale=module.RATIONALE,
        fix=module.FIX,
        check=module.check,
        pair=module.PAIR,
        invalid=module.INVALID,
        valid=module.VALID,
        valid_alternative=module.VALID_ALTERNATIVE,
        undecided=getattr(module, "UNDECIDED", ()),
    )
