"""The finished application, broken in many ways: the rule that a break is about finds it, and no other.

Every mutation is made from the application as it is, so there are more of them the more of it there is;
`breaks/` holds how. The everyday run draws a few for each rule by a fixed seed, the slow one more.
For all of them:

    GROUNDRULES_MUTATIONS=all python3 course.py test --all tests/rules/test_mutations.py
"""

import os
import random
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from groundrules.rules import check_project
from groundrules.rules.registry import all_rules
from groundrules.rules.rule import Rule

from .breaks import BREAKS, SOLUTION, Source

EVERY_DAY = 2
SLOW = 1000 if os.environ.get("GROUNDRULES_MUTATIONS") == "all" else 12
SEED = 15


@dataclass(frozen=True)
class Mutation:
    """A file of the application that breaks a rule."""

    rule: str
    title: str
    source: Source


@cache
def mutations(rule: str) -> tuple[Mutation, ...]:
    return tuple(Mutation(rule, title, changed) for title, changed in BREAKS[rule]())


def drawn(rule: str, count: int) -> list[Mutation]:
    everything = mutations(rule)
    return random.Random(SEED).sample(everything, min(count, len(everything)))


def name_of(mutation: Mutation) -> str:
    return f"{mutation.rule} {mutation.title}"


def check(mutation: Mutation, folder: Path) -> None:
    shutil.copytree(SOLUTION / "app", folder / "app", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(SOLUTION / "pyproject.toml", folder)
    (folder / mutation.source.path).write_text(mutation.source.text, encoding="utf-8")

    report = check_project(folder, honour_ignores=False)

    assert {each.rule for each in report.findings} == {mutation.rule}
    if mutation.rule != "GR402":  # whose mixin is in another file than the models
        assert {each.path for each in report.findings} == {mutation.source.path}


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
def test_the_finished_application_can_break_every_rule(rule: Rule) -> None:
    assert mutations(rule.code)


@pytest.mark.parametrize(
    "mutation", [each for rule in sorted(BREAKS) for each in drawn(rule, EVERY_DAY)], ids=name_of
)
def test_a_break_is_found_by_its_rule_alone(mutation: Mutation, tmp_path: Path) -> None:
    check(mutation, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    "mutation", [each for rule in sorted(BREAKS) for each in drawn(rule, SLOW)], ids=name_of
)
def test_more_breaks_are_found_by_their_rules_alone(mutation: Mutation, tmp_path: Path) -> None:
    check(mutation, tmp_path)
