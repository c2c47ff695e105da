"""Every case of every rule, run through every rule."""

from pathlib import Path

import pytest

from groundrules.rules import check_project
from groundrules.rules.cases import Case
from groundrules.rules.registry import all_rules
from groundrules.rules.rule import Rule

INVALID = [(rule, case) for rule in all_rules() for case in rule.invalid]
VALID = [(rule, case) for rule in all_rules() for case in (*rule.valid, *rule.valid_alternative)]


def name_of(value: Rule | Case) -> str:
    return value.code if isinstance(value, Rule) else value.title


def write(case: Case, folder: Path) -> Path:
    for path, text in case.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(("rule", "case"), INVALID, ids=name_of)
def test_an_invalid_case_trips_its_rule_on_its_lines_and_no_other(
    rule: Rule, case: Case, tmp_path: Path
) -> None:
    report = check_project(write(case, tmp_path), honour_ignores=False)

    expected = [(path, line, rule.code) for path, lines in case.lines.items() for line in lines]
    assert [(each.path, each.line, each.rule) for each in report.findings] == expected


@pytest.mark.parametrize(("rule", "case"), VALID, ids=name_of)
def test_a_valid_case_trips_no_rule(rule: Rule, case: Case, tmp_path: Path) -> None:
    report = check_project(write(case, tmp_path), honour_ignores=False)

    assert [(each.path, each.line, each.rule) for each in report.findings] == []


@pytest.mark.parametrize("rule", all_rules(), ids=name_of)
def test_a_rule_is_shown_from_all_sides(rule: Rule) -> None:
    cases = (*rule.invalid, *rule.valid, *rule.valid_alternative)

    assert all((rule.invalid, rule.valid, rule.valid_alternative))
    assert len({each.title for each in cases}) == len(cases)


@pytest.mark.parametrize("rule", all_rules(), ids=name_of)
def test_every_invalid_case_names_its_lines(rule: Rule) -> None:
    assert [case.title for case in rule.invalid if not any(case.lines.values())] == []
