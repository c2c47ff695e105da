"""Every rule is taught by one pair: the same code, wrong and right."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from groundrules.rules import check_project
from groundrules.rules.cases import Case
from groundrules.rules.registry import all_rules
from groundrules.rules.rule import Rule

OFFICIAL = {
    "alembic.sqlalchemy.org",
    "cheatsheetseries.owasp.org",
    "docs.pydantic.dev",
    "docs.python.org",
    "docs.sqlalchemy.org",
    "fastapi.tiangolo.com",
    "packaging.python.org",
    "peps.python.org",
    "radon.readthedocs.io",
    "www.postgresql.org",
    "www.rfc-editor.org",
    "www.starlette.io",
}
RULES = [pytest.param(rule, id=rule.code) for rule in all_rules()]


def broken(folder: Path, *cases: Case) -> set[str]:
    """Return the codes of the rules that the files of these cases break together."""
    for case in cases:
        for path, text in case.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
    return {each.rule for each in check_project(folder, honour_ignores=False).findings}


@pytest.mark.parametrize("rule", RULES)
def test_the_wrong_one_breaks_this_rule_and_no_other(rule: Rule, tmp_path: Path) -> None:
    assert broken(tmp_path, rule.pair.context, rule.pair.wrong) == {rule.code}


@pytest.mark.parametrize("rule", RULES)
def test_the_right_one_breaks_none(rule: Rule, tmp_path: Path) -> None:
    assert broken(tmp_path, rule.pair.context, rule.pair.right) == set()


@pytest.mark.parametrize("rule", RULES)
def test_the_two_differ_and_are_the_same_code(rule: Rule) -> None:
    wrong = "\n".join(rule.pair.wrong.files.values()).splitlines()
    right = "\n".join(rule.pair.right.files.values()).splitlines()

    assert rule.pair.wrong.files != rule.pair.right.files
    assert len(set(wrong) & set(right)) >= len(set(wrong)) / 3 or len(wrong) < 4


@pytest.mark.parametrize("rule", RULES)
def test_every_import_of_the_application_is_shown_or_given(rule: Rule) -> None:
    files = {**rule.pair.context.files, **rule.pair.right.files}
    wanted = [
        line.split()[1].replace(".", "/")
        for text in rule.pair.right.files.values()
        for line in text.splitlines()
        if line.startswith("from app.")
    ]

    assert [
        module
        for module in wanted
        if f"{module}.py" not in files and not any(path.startswith(f"{module}/") for path in files)
    ] == []


@pytest.mark.parametrize("rule", RULES)
def test_it_says_why_it_matters_and_where_to_read_on(rule: Rule) -> None:
    hosts = {urlsplit(url).hostname for url in rule.pair.links.values()}

    assert rule.pair.matters.endswith(".")
    assert hosts
    assert hosts <= OFFICIAL
