"""The reference of the command line, of pytest's options and of a finding, asked of the code itself."""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from groundrules.bootstrap.command import HELP
from groundrules.rules import check_project, render_finding
from groundrules.rules.registry import all_rules
from groundrules.rules.report.formats import as_json

_SHOWN = "GR402"  # the rule whose first bad case shows what a finding looks like


def commands() -> str:
    """Return every command of `groundrules`: how it is typed, what it does, what it takes."""
    import typer

    from groundrules.commands import app

    return "\n\n".join(_described("groundrules", typer.main.get_command(app)))


def _described(name: str, command: Any) -> Iterator[str]:
    import typer

    below = getattr(command, "commands", None)
    if below is not None:
        for each in sorted(below):
            yield from _described(f"{name} {each}", below[each])
        return
    context = typer.Context(command)
    pieces = [piece for each in command.params for piece in each.get_usage_pieces(context)]
    records = [each.get_help_record(context) for each in command.params]
    options = any(each.param_type_name == "option" for each in command.params)
    yield f"## {name}"
    yield f"```text\n{' '.join([name, *pieces, *(['[options]'] if options else [])])}\n```"
    yield "\n\n".join(" ".join(part.split()) for part in (command.help or "").split("\n\n"))
    if records:
        rows = [f"| `{_in_table(typed)}` | {_in_table(told)} |" for typed, told in records]
        yield "\n".join(["| argument or option | what it does |", "|---|---|", *rows])


def _in_table(text: str) -> str:
    words = " ".join(text.split())
    for written, meant in (("list[str]", "text"), ("list[Path]", "path"), ("<str>", "<text>")):
        words = words.replace(written, meant)
    return words.replace("|", "\\|")


def bootstrap() -> str:
    """Return what `course.py` says of itself."""
    return f"```text\n{HELP.rstrip()}\n```"


def pytest_options(root: Path) -> str:
    """Return the options that the course adds to pytest, as `pytest steps/01 --help` lists them."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "steps/01", "--help"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.search(r"^the course:\n((?: .*\n)+)", done.stdout, re.MULTILINE)
    if found is None:
        raise ValueError("`pytest steps/01 --help` does not list the options of the course.")
    options = re.split(r"^  (?=-)", found[1], flags=re.MULTILINE)[1:]
    rows = []
    for option in options:
        typed, *told = re.split(r"\s{2,}", " ".join(option.split("\n")).strip(), maxsplit=1)
        rows.append(f"| `{typed}` | {' '.join(' '.join(told).split())} |")
    return "\n".join(["| option | what it does |", "|---|---|", *rows])


def finding() -> str:
    """Return a finding as the terminal shows it."""
    with tempfile.TemporaryDirectory() as folder:
        report = check_project(_written(Path(folder)))
        shown = render_finding(report.findings[0], Path(folder))
    return f"```text\n{shown}\n```"


def finding_as_json() -> str:
    """Return the same finding as `--format json` prints it."""
    with tempfile.TemporaryDirectory() as folder:
        told = as_json(check_project(_written(Path(folder))))
    return f"```json\n{told.replace(folder, 'library')}\n```"


def _written(folder: Path) -> Path:
    rule = next(each for each in all_rules() if each.code == _SHOWN)
    for name, text in rule.invalid[0].files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder
