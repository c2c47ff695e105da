"""Task 07.9: the rules hold."""

from groundrules.course.steps import Step
from groundrules.testing import rules_so_far, task
from groundrules.testing.code import Code


@task("07.9", "rules")
@rules_so_far
def test_the_rule_holds(rule: str, code: Code, step: Step) -> None:
    code.must_keep(rule, until=step)
