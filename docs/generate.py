"""Writes the pages of the rules, docs/rules/, from the rules themselves.

`python docs/generate.py` writes them; with `--check` it only says which are out of date, and exits with 1.
"""

import argparse
import re
import sys
from pathlib import Path
from textwrap import dedent

from groundrules.course.steps import Course
from groundrules.rules.cases import Case
from groundrules.rules.catalogue.samples import LIBRARY
from groundrules.rules.registry import all_rules
from groundrules.rules.rule import Rule
from groundrules.site.clauses import clauses

DOCS = Path(__file__).resolve().parent
PAGES = DOCS / "rules"


def main() -> int:
    """Write or check the pages; return the exit status."""
    parser = argparse.ArgumentParser(description="Write the pages of the rules.")
    parser.add_argument("--check", action="store_true", help="only say what is out of date")
    check_only = parser.parse_args().check
    pages = expected_pages()
    present = set(PAGES.glob("*.md"))
    stale = sorted(path for path, text in pages.items() if _read(path) != text)
    orphans = sorted(present - pages.keys())
    if check_only:
        for path in (*stale, *orphans):
            sys.stderr.write(f"{path.relative_to(DOCS.parent)} is out of date.\n")
        if stale or orphans:
            sys.stderr.write("Run `python docs/generate.py` and commit what it writes.\n")
        return 1 if stale or orphans else 0
    PAGES.mkdir(exist_ok=True)
    for path in stale:
        path.write_text(pages[path], encoding="utf-8", newline="\n")
    for path in orphans:
        path.unlink()
    return 0


def expected_pages() -> dict[Path, str]:
    """Return the text of every page by its path."""
    course = Course(DOCS.parent)
    pages = {PAGES / f"{rule.code}.md": _page(rule, course) for rule in all_rules()}
    return {**pages, PAGES / "index.md": _index(course)}


def _index(course: Course) -> str:
    rules = {rule.code: rule for rule in all_rules()}
    parts = [
        "# The rules",
        "Each rule checks one of [the team's clauses](../spec.md), and nothing beyond it. They stand here in "
        "the order of the clauses.",
    ]
    section = ""
    for clause in clauses(course.root):
        if clause.section != section:
            section = clause.section
            parts.append(f"## {section}\n\n| rule | asks for | taught in |\n|---|---|---|")
        parts[-1] += "".join(f"\n{_row(rules[code], course)}" for code in clause.codes)
    parts.append(
        "`GR000` is no rule: it marks a file that cannot be read or does not parse. "
        "The other files are still checked."
    )
    return "\n\n".join(parts) + "\n"


def _row(rule: Rule, course: Course) -> str:
    return f"| [{rule.code} {rule.name}]({rule.code}.md) | {rule.summary} | {_step(rule, course)} |"


def _page(rule: Rule, course: Course) -> str:
    sections = [
        f"# {rule.code} {rule.name}",
        "## What it does",
        rule.summary,
        "## Why",
        rule.rationale,
        "## Example",
        _shown(rule.invalid[0]),
        "## Use instead",
        rule.fix,
        _shown(rule.valid[0]),
        "## Unusual but right",
        *(f"{_sentence(case.title)}\n\n{_shown(case)}" for case in rule.valid_alternative),
        "## How it is checked",
        _checked(rule),
        "## References",
        f"- The clause [`{rule.clause}`](../spec.md): {_clause(rule, course)}\n"
        f"- Taught in {_step(rule, course)}",
    ]
    return "\n\n".join(sections) + "\n"


def _checked(rule: Rule) -> str:
    found = "\n".join(f"- {_escaped(case.title)}" for case in rule.invalid)
    return (
        "The checker reads the code and never runs it. Where it cannot see what a name stands for, it says "
        f"nothing. Among what it finds, each a tested case:\n\n{found}\n\n"
        f"To check by this rule alone:\n\n```\ngroundrules check --select {rule.code}\n```\n\n"
        f"If a line must differ, say so on it: `# groundrules: ignore[{rule.code}]`."
    )


def _escaped(phrase: str) -> str:
    """Return a phrase whose asterisks are no emphasis; those in code need no help."""
    return re.sub(r"(`[^`]*`)|\*", lambda found: found[1] or r"\*", phrase)


def _clause(rule: Rule, course: Course) -> str:
    return next(each.text for each in clauses(course.root) if each.id == rule.clause)


def _shown(case: Case) -> str:
    """Return the files of a case, but for those of the library that many cases share."""
    shared = {path: dedent(text).lstrip("\n") for path, text in LIBRARY.items()}
    own = {path: text for path, text in case.files.items() if shared.get(path) != text}
    return "\n\n".join(_block(path, text, case) for path, text in own.items())


def _block(path: str, text: str, case: Case) -> str:
    language = "toml" if path.endswith(".toml") else "python"
    lines = " ".join(map(str, case.lines.get(path, ())))
    marked = f' hl_lines="{lines}"' if lines else ""
    return f'```{language} title="{path}"{marked}\n{text.rstrip()}\n```'


def _step(rule: Rule, course: Course) -> str:
    step = next((each for each in course.steps if rule.code in each.rules), None)
    if step is None:
        return "no step"
    return f"[step {step.number:02}, {step.title}](../../steps/{step.name}/README.md)"


def _sentence(phrase: str) -> str:
    return re.sub(r"^[a-z]", lambda match: match[0].upper(), phrase) + ":"


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


if __name__ == "__main__":
    sys.exit(main())
