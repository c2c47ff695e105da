"""`groundrules rules --as-instructions FILE`: the rules for coding agents, as a part of a Markdown file."""

import os
from collections.abc import Iterator
from pathlib import Path

from groundrules.rules.cases import Case
from groundrules.rules.engine import choose_rules
from groundrules.rules.output import say, warn
from groundrules.rules.own import rules_for
from groundrules.rules.report.settings import Settings, read_settings
from groundrules.rules.rule import Rule
from groundrules.rules.source.files import CheckError

BEGIN, END = "<!-- groundrules: begin -->", "<!-- groundrules: end -->"
_HEAD = """\
## Rules for the FastAPI code

`groundrules check --format concise` reports code that breaks these rules, a line for each finding. Run it
before you finish, and fix what it reports. Do not add ignores or baseline entries instead.
`groundrules rules --as-instructions {name}` writes this section: do not edit it.
"""


def write_instructions(file: Path, *, check: bool) -> int:
    """Write the rules to a section of a file, or check that it is up to date; return the exit status."""
    try:
        old = _text(file)
        new = _updated(file, old or "", "\n".join(_section(file)))
        if new == old:
            say(f"{file} is up to date.")
            return 0
        if check:
            warn(
                f"{file} is out of date: run `groundrules rules --as-instructions {file}`, and commit it."
            )
            return 1
        file.write_bytes(new.encode())
    except (CheckError, OSError) as error:
        reason = getattr(error, "strerror", None)
        warn(f"{file} cannot be read or written: {reason.lower()}." if reason else str(error))
        return 2
    say(f"{file} contains the rules now.")
    return 0


def _text(file: Path) -> str | None:
    try:
        return file.read_bytes().decode()
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise CheckError(f"{file} is not UTF-8: save it in that encoding.") from None


def _updated(file: Path, old: str, section: str) -> str:
    """Return a text with the section between its markers, or at its end if it has none."""
    section = section.replace("\n", "\r\n" if "\r\n" in old else "\n")
    if BEGIN not in old and END not in old:
        end = section[len(BEGIN) :][: 2 if "\r\n" in old else 1]
        return f"{old.rstrip()}{end * 2}{section}{end}" if old.strip() else f"{section}{end}"
    before, _, rest = old.partition(BEGIN)
    inner, _, after = rest.partition(END)
    if old.count(BEGIN) != 1 or old.count(END) != 1 or END in before or BEGIN in inner:
        raise CheckError(
            f"{file} must have the marker `{BEGIN}` once, and then `{END}` once: remove the others."
        )
    return before + section + after


def _section(file: Path) -> Iterator[str]:
    settings = read_settings(Path(os.path.abspath(file)).parent)  # noqa: PTH100  # links stay as they are
    yield f"{BEGIN}\n{_HEAD.format(name=file.name)}"
    for rule in choose_rules(rules_for(settings), settings.select, settings.ignore):
        yield from _described(rule, settings)
    yield END


def _described(rule: Rule, settings: Settings) -> Iterator[str]:
    fix = settings.options.reworded(rule.fix, rule.code)
    yield f"- **{rule.code} {rule.name}**: {rule.summary} {rule.rationale} {fix}\n"
    yield from _shown("Wrong", rule.pair.wrong)
    yield from _shown("Right", rule.pair.right)


def _shown(label: str, case: Case) -> Iterator[str]:
    for path, text in case.files.items():
        language = {".py": "python", ".toml": "toml"}.get(Path(path).suffix, "text")
        lines = [f"  {line}".rstrip() for line in text.rstrip().splitlines()]
        yield "\n".join([f"  {label}, in `{path}`:\n", f"  ```{language}", *lines, "  ```\n"])
