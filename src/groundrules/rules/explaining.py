"""`groundrules rules`."""

import textwrap
from difflib import get_close_matches
from pathlib import Path

from groundrules.rules.findings import STALE, UNREADABLE
from groundrules.rules.output import warn
from groundrules.rules.own import rules_for
from groundrules.rules.registry import all_rules
from groundrules.rules.report.settings import read_settings
from groundrules.rules.rule import Rule
from groundrules.rules.source.files import CheckError

_WIDTH = 80
_OWN = {  # codes of findings about something else than the code's quality
    UNREADABLE: "readable: A file cannot be read or parsed. Fix what the message says; all other files are "
    "checked.",
    STALE: "baseline: The baseline lists more than there is, so that it would let new findings pass. Run "
    "`groundrules baseline`, which removes what is fixed, and commit the file.",
}


def _known() -> tuple[Rule, ...]:
    """Return the rules that the project in this folder may choose from; without its own if it is broken."""
    try:
        return rules_for(read_settings(Path()))
    except CheckError as error:
        warn(str(error))
        return all_rules()


def list_rules() -> None:
    """Print every rule in a line."""
    for rule in _known():
        print(f"{rule.code}  {rule.name:<20} {rule.summary}")
    print("\n`groundrules rules CODE` explains one of them, with examples.")


def explain_rule(code: str) -> int:
    """Print all that is known of one rule, and return the exit status."""
    asked = f"GR{code}" if code.isdecimal() else code.upper()
    if asked in _OWN:
        print(textwrap.fill(f"{asked} {_OWN[asked]}", _WIDTH))
        return 0
    known = _known()
    rule = next((each for each in known if each.code == asked), None)
    if rule is None:
        near = get_close_matches(asked, [each.code for each in known], n=1, cutoff=0.7)
        guess = f" Do you mean {near[0]}?" if near else ""
        warn(f"There is no rule {code}: `groundrules rules` lists them all.{guess}")
        return 2
    print(f"{rule.code} {rule.name}: {rule.summary}\n")
    for label, text in (("Why", rule.rationale), ("Fix", rule.fix), ("Docs", rule.docs)):
        print(
            textwrap.fill(
                f"{label:<6}{text}", _WIDTH, subsequent_indent=" " * 6, break_on_hyphens=False
            )
        )
    for heading, shown in (
        ("Breaks it", rule.pair.wrong),
        ("Keeps it", rule.pair.right),
        *((f"Accepted too: {each.title}", each) for each in rule.valid_alternative[:1]),
    ):
        print(f"\n{heading}")
        for path, text in shown.files.items():
            lines = "\n".join(f"    {line}".rstrip() for line in text.splitlines())
            print(f"\n  {path}\n{lines}")
    return 0
