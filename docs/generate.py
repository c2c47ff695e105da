"""Writes the pages of the rules, docs/rules/, from the rules themselves.

`python docs/generate.py` writes them; with `--check` it only says which are out of date, and exits with 1.
"""

import argparse
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from pathlib import Path
from textwrap import dedent, indent

from groundrules.course.steps import Course
from groundrules.rules.cases import Case
from groundrules.rules.catalogue.samples import LIBRARY
from groundrules.rules.registry import all_rules
from groundrules.rules.rule import Rule
from groundrules.site.clauses import clauses

DOCS = Path(__file__).resolve().parent
PAGES = DOCS / "rules"
NOTES = DOCS / "notes.toml"
SHOWN = 3  # names of files that an example needs

Notes = Mapping[str, Mapping[str, str]]


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
    notes = tomllib.loads(NOTES.read_text(encoding="utf-8"))
    pages = {
        PAGES / f"{rule.code}.md": _page(rule, course, notes[rule.code]) for rule in all_rules()
    }
    return {**pages, PAGES / "index.md": _index(course, notes)}


def _index(course: Course, notes: Notes) -> str:
    rules = {rule.code: rule for rule in all_rules()}
    parts = [
        "# The rules",
        "Each rule checks one clause of [what the team agreed on](../spec.md), which is one sentence such as "
        '"Use `HTTPException` for error handling." The rules are listed in the order of the clauses. '
        "`groundrules rules GR402` prints one in the terminal.",
    ]
    section = ""
    for clause in clauses(course.root):
        if clause.section != section:
            section = clause.section
            head = "| rule | what it requires | setting | taught in |\n|---|---|---|---|"
            parts.append(f"## {section}\n\n{head}")
        parts[-1] += "".join(f"\n{_row(rules[code], course, notes[code])}" for code in clause.codes)
    parts += [
        "Two more codes are not rules. `GR000` marks a file that cannot be read or parsed, and the other "
        "files are still checked. `GR001` marks a [baseline](../guides/adopting.md) entry that counts more "
        "violations than the code contains.",
        "[Checked projects](../checked-projects.md) shows how many findings each rule had in thirty "
        "public projects.",
    ]
    return "\n\n".join(parts) + "\n"


def _row(rule: Rule, course: Course, note: Mapping[str, str]) -> str:
    setting = note["settings"].partition(" ")[0] + "{ .whole }" if "settings" in note else ""
    name = f"[{rule.code} {rule.name}]({rule.code}.md)"
    return f"| {name} | {rule.summary} | {setting} | {_step(rule, course)} |"


def _page(rule: Rule, course: Course, note: Mapping[str, str]) -> str:
    pair = rule.pair
    sections = [
        f"# {rule.code} {rule.name}",
        f"{rule.summary} {rule.rationale}",
        *([note["note"]] if "note" in note else []),
        "## Example",
        _side("✗", pair.wrong, pair.right),
        f"**Fix:** {rule.fix}",
        _side("✓", pair.right, pair.wrong),
        *_around(pair.context),
        "## Why it matters in production",
        pair.matters,
        "## What the checker reports",
        _checked(rule),
        "## What it accepts",
        "These variants are unusual but comply with the rule:",
        *(_folded(case) for case in rule.valid_alternative),
        *_settings(note),
        "## When not to follow it",
        note["exceptions"],
        "To ignore the rule for one finding, put a comment on the reported line: "
        f"`# groundrules: ignore[{rule.code}]`. To ignore it in some files or in the whole project, see "
        "[Settings](../reference/settings.md).",
        "## References",
        "\n".join(f"- [{title}]({url})" for title, url in pair.links.items())
        + f"\n- The clause [`{rule.clause}`](../spec.md): {_clause(rule, course)}\n"
        f"- Taught in {_step(rule, course)}",
    ]
    return "\n\n".join(sections) + "\n"


def _side(mark: str, case: Case, other: Case) -> str:
    """Return one side of a pair, with the lines marked that the other side lacks."""
    parts = []
    for path, text in case.files.items():
        if text == other.files.get(path):
            continue
        lines = text.splitlines()
        before = other.files.get(path, "").splitlines()
        changes = SequenceMatcher(a=before, b=lines, autojunk=False).get_opcodes()
        places = [
            number + 1
            for kind, _, _, first, last in changes
            if kind != "equal" and before
            for number in range(first, last)
            if lines[number].strip()
        ]
        parts.append(_block(f"{mark} {path}", text, places))
    return "\n\n".join(parts)


def _around(context: Case) -> list[str]:
    names = [f"`{path}`" for path in context.files]
    if not names:
        return []
    if len(names) > SHOWN:
        return ["Both versions also need some files of the application, which are not shown."]
    listed = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    return [
        f"Both versions also need {listed}, which {'are' if len(names) > 1 else 'is'} not shown."
    ]


def _settings(note: Mapping[str, str]) -> list[str]:
    if "settings" not in note:
        return []
    link = "[Settings](../reference/settings.md) describes where to write it."
    return ["## Settings", f"{note['settings']} {link}"]


def _checked(rule: Rule) -> str:
    found = "\n".join(f"- {_escaped(case.title)}" for case in rule.invalid)
    return (
        "The checker reads the code and never runs it. If it cannot tell what a name refers to, it stays "
        "silent. Among the violations that it reports are the following, each of which is a test "
        "case:\n\n"
        f"{found}\n\n{_undecided(rule)}"
        f"To check this rule alone:\n\n```\ngroundrules check --select {rule.code}\n```"
    )


def _undecided(rule: Rule) -> str:
    if not rule.undecided:
        return ""
    found = "\n".join(f"- {_escaped(each)}" for each in rule.undecided)
    return (
        "The code alone cannot decide the following cases, so the checker does not report them. Look for "
        f"them in a review:\n\n{found}\n\n"
    )


def _escaped(phrase: str) -> str:
    """Return a phrase whose asterisks are no emphasis; those in code need no help."""
    return re.sub(r"(`[^`]*`)|\*", lambda found: found[1] or r"\*", phrase)


def _clause(rule: Rule, course: Course) -> str:
    return next(each.text for each in clauses(course.root) if each.id == rule.clause)


def _folded(case: Case) -> str:
    return f'??? example "{_sentence(case.title)}"\n\n{indent(_shown(case), "    ")}'


def _shown(case: Case) -> str:
    """Return the files of a case, but for those of the library that many cases share."""
    shared = {path: dedent(text).lstrip("\n") for path, text in LIBRARY.items()}
    own = {path: text for path, text in case.files.items() if shared.get(path) != text}
    shown = "\n\n".join(_block(path, text, case.lines.get(path, ())) for path, text in own.items())
    if "import Db" in shown:
        shown += (
            "\n\n`Db` is `Annotated[AsyncSession, Depends(get_db)]`, defined in `app/api/deps.py`."
        )
    return shown


def _block(title: str, text: str, places: Iterable[int]) -> str:
    language = "toml" if title.endswith(".toml") else "python"
    lines = " ".join(map(str, places))
    marked = f' hl_lines="{lines}"' if lines else ""
    return f'```{language} title="{title}"{marked}\n{text.rstrip()}\n```'


def _step(rule: Rule, course: Course) -> str:
    step = next((each for each in course.steps if rule.code in each.rules), None)
    if step is None:
        return "no step"
    return f"[step {step.number:02}, {step.title}](../../steps/{step.name}/README.md)"


def _sentence(phrase: str) -> str:
    sentence = re.sub(r"^[a-z]", lambda match: match[0].upper(), phrase)
    return sentence.replace('"', "'")


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


if __name__ == "__main__":
    sys.exit(main())
