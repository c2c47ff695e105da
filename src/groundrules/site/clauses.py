"""The team's clauses, and what holds each: rules, a step, a page and tests."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from groundrules.course.steps import Course, CourseError, Step
from groundrules.rules.registry import all_rules
from groundrules.rules.rule import Rule

_ROW = re.compile(r"^\| `([\w.-]+)` \| (.+?) \|([^|]*)\|$")


@dataclass(frozen=True)
class Clause:
    """One clause of `docs/spec.md`; `codes` are the rules named beside it."""

    id: str
    section: str
    text: str
    codes: tuple[str, ...]


@dataclass(frozen=True)
class Held:
    """One rule that holds a clause, the step that teaches it, and the tests that need it."""

    clause: Clause
    rule: Rule
    step: Step
    tests: tuple[str, ...]


def clauses(root: Path) -> tuple[Clause, ...]:
    """Return the clauses of `docs/spec.md` in their order."""
    found, section = [], ""
    for line in (root / "docs" / "spec.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            section = line.removeprefix("## ")
        elif row := _ROW.match(line):
            codes = tuple(dict.fromkeys(re.findall(r"GR\d{3}", row[3])))
            found.append(Clause(row[1], section, row[2], codes))
    return tuple(found)


def held(course: Course) -> tuple[Held, ...]:
    """Return what holds each clause.

    Raises `CourseError` for a clause that lacks a rule, a step, a page or a test.
    """
    rules = {rule.code: rule for rule in all_rules()}
    pairs = []
    for clause in clauses(course.root):
        if not clause.codes:
            raise CourseError(f"docs/spec.md: the clause {clause.id} names no rule.")
        for code in clause.codes:
            rule = rules.get(code)
            if rule is None or rule.clause != clause.id:
                raise CourseError(f"docs/spec.md: {code} is no rule of the clause {clause.id}.")
            pairs.append(_held(course, clause, rule))
    return tuple(pairs)


def _held(course: Course, clause: Clause, rule: Rule) -> Held:
    step = next((each for each in course.steps if rule.code in each.rules), None)
    if step is None:
        raise CourseError(f"The clause {clause.id} has no step: no step.toml names {rule.code}.")
    if not (course.root / rule.docs).is_file():
        raise CourseError(
            f"The clause {clause.id} has no page: write {rule.docs} with docs/generate.py."
        )
    tests = tuple(_tests(course, step, rule))
    if step.ready and not tests:
        raise CourseError(
            f"The clause {clause.id} has no test: none of steps/{step.name} holds {rule.code}."
        )
    return Held(clause, rule, step, tests)


def _tests(course: Course, step: Step, rule: Rule) -> Iterator[str]:
    """Yield the files of a step's suite that check a rule, by its code or with all rules so far."""
    for path in sorted(step.folder.glob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        by_name = f'must_keep("{rule.code}"' in text
        if by_name or ("@rules_so_far" in text and "must_keep(rule" in text):
            yield path.relative_to(course.root).as_posix()


def table_of_clauses(course: Course) -> str:
    """Return a table for each section of the clauses: each with its rule, step, page and tests."""
    parts, section = [], ""
    for each in held(course):
        clause, rule, step = each.clause, each.rule, each.step
        if clause.section != section:
            section = clause.section
            parts += [
                f"\n## {section}\n",
                "| clause | says | rule and its page | step | tests |",
                "|---|---|---|---|---|",
            ]
        suite = ", ".join(f"`{test}`" for test in each.tests) or "in preparation"
        cases = f"{len(rule.invalid)} bad and {len(rule.valid) + len(rule.valid_alternative)} good cases"
        first = clause.codes[0] == rule.code
        parts.append(
            f"| {_anchor(clause.id) if first else ''}`{clause.id}` | {clause.text} "
            f"| [{rule.code} {rule.name}](/docs/rules/{rule.code}.md) "
            f"| [{step.number:02} {step.title}](/steps/{step.name}/README.md) | {suite}; {cases} |"
        )
    return "\n".join(parts)


def _anchor(clause: str) -> str:
    return f'<span id="{clause.replace(".", "-")}"></span>'
