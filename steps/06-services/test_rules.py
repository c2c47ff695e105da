"""Task 06.9: the rules hold."""

from groundrules.course.steps import Step
from groundrules.testing import rules_so_far, task, when_begun
from groundrules.testing.code import Code


@task("06.9", "rules")
@rules_so_far
def test_the_rule_holds(rule: str, code: Code, step: Step) -> None:
    code.must_keep(rule, until=step)


@task("06.9", "dependencies")
@when_begun
def test_the_project_file_names_what_is_imported(code: Code) -> None:
    code.must_declare_what_it_imports()
