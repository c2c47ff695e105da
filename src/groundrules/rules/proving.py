"""`groundrules rules test`: a team's own rules, proven by their cases."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from groundrules.rules.cases import Case
from groundrules.rules.engine import check_project
from groundrules.rules.output import say, warn
from groundrules.rules.own import own_rules
from groundrules.rules.report.settings import read_settings
from groundrules.rules.rule import Rule
from groundrules.rules.source.files import CheckError


def test_rules(code: str | None) -> int:
    """Run the cases of a project's own rules, or of one; print how they end, and return the exit status."""
    try:
        rules = own_rules(read_settings(Path()))
        if not rules:
            raise CheckError(
                "There are no rules to test: name their folder in pyproject.toml, as in "
                '`own-rules = ["lint/rules"]` of [tool.groundrules].'
            )
        chosen = [each for each in rules if code is None or each.code == code.upper()]
        if not chosen:
            raise CheckError(f"You have no rule {code}: use {_listed(rules)}.")
        problems = 0
        for rule in chosen:
            found = list(_problems(rule))
            problems += len(found)
            cases = f"{len(rule.invalid)} invalid, {len(rule.valid)} valid"
            say(f"{rule.code}  {rule.name}: {'wrong' if found else 'ok'} ({cases})")
            for each in found:
                say(f"       {each}")
    except CheckError as error:
        warn(str(error))
        return 2
    return 1 if problems else 0


def _problems(rule: Rule) -> Iterator[str]:
    for case in (*rule.invalid, *rule.valid):
        expected = {(path, line) for path, lines in case.lines.items() for line in lines}
        found = _found(rule, case)
        for path, line in sorted(expected - found):
            yield f"“{case.title}”: line {line} of {path} must be reported, and is not."
        for path, line in sorted(found - expected):
            yield f"“{case.title}”: line {line} of {path} is reported, and must not be."


def _found(rule: Rule, case: Case) -> set[tuple[str, int]]:
    """Return the places that a rule reports in a case."""
    with TemporaryDirectory() as name:
        for path, text in case.files.items():
            file = Path(name, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        report = check_project(Path(name), select=[rule.code, "GR000"], own=[rule])
    for each in report.findings:
        if each.rule != rule.code:
            raise CheckError(f"“{case.title}” of {rule.code} cannot be read: {each.message}")
    return {(each.path, each.line) for each in report.findings}


def _listed(rules: tuple[Rule, ...]) -> str:
    return ", ".join(each.code for each in rules)
