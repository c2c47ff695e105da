"""Rules that a team adds to the catalogue."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "lint" / "ac101_no_print.py"
PRINTS = '"""Start."""\n\nprint("begins")\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    rules = tmp_path / "lint" / "rules"
    rules.mkdir(parents=True)
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "main.py").write_text(PRINTS)
    (tmp_path / "pyproject.toml").write_text('[tool.groundrules]\nown-rules = ["lint/rules"]\n')
    (rules / EXAMPLE.name).write_text(EXAMPLE.read_text("utf-8"), "utf-8")
    return tmp_path


def run(folder: Path, *args: str, path: str = "") -> tuple[int, str]:
    """Run `groundrules` in a folder; return its exit status and all that it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "groundrules", *args],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "XDG_CACHE_HOME": str(folder / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def change(project: Path, old: str, new: str) -> None:
    rule = project / "lint" / "rules" / EXAMPLE.name
    text = rule.read_text("utf-8")
    assert old in text
    rule.write_text(text.replace(old, new), "utf-8")


def test_a_rule_of_ones_own_is_checked_like_any_other(project: Path) -> None:
    status, told = run(project, "check", "--format", "concise")

    assert (status, told) == (
        1,
        "app/main.py:3:1: AC101 `print` is called. Call a logger instead: `logger.info(…)`.\n",
    )
    assert run(project, "check", "--select", "GR")[0] == 0
    assert run(project, "check", "--ignore", "AC1")[0] == 0
    ignored = PRINTS.replace('gins")', 'gins")  # groundrules: ignore[AC101]')
    (project / "app" / "main.py").write_text(ignored)
    assert run(project, "check")[0] == 0


def test_a_change_of_the_rule_is_seen_at_once(project: Path) -> None:
    assert run(project, "check")[0] == 1

    change(project, "builtins.print", "builtins.input")

    assert run(project, "check")[0] == 0


def test_every_format_describes_it(project: Path) -> None:
    [finding] = json.loads(run(project, "check", "--format", "json")[1])["findings"]
    [log] = json.loads(run(project, "check", "--format", "sarif")[1])["runs"]

    assert finding["docs"] == f"lint/rules/{EXAMPLE.name}"
    assert [each["name"] for each in log["tool"]["driver"]["rules"] if each["id"] == "AC101"] == [
        "no-print"
    ]
    assert "AC101" in run(project, "rules")[1]
    assert "label printer" in run(project, "rules", "ac101")[1]
    run(project, "rules", "--as-instructions", "AGENTS.md")
    assert "**AC101 no-print**" in (project / "AGENTS.md").read_text("utf-8")


def test_a_baseline_holds_its_findings_back(project: Path) -> None:
    run(project, "baseline")
    assert run(project, "check")[0] == 0

    (project / "app" / "main.py").write_text(PRINTS + PRINTS)
    assert run(project, "check")[0] == 1
    (project / "app" / "main.py").write_text('"""Start."""\n')

    status, told = run(project, "check", "--format", "concise")
    assert (status, "GR001" in told) == (1, True)
    assert "no such rule" not in told


def test_what_is_new_since_a_commit_is_told_by_the_rules_of_today(project: Path) -> None:
    rules = project / "lint"
    rules.rename(project / "later")
    for args in (
        ["init", "--quiet"],
        ["add", "app"],
        ["-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "--quiet", "-m", "Begin"],
    ):
        subprocess.run(["git", *args], cwd=project, check=True)
    (project / "later").rename(rules)
    (project / "app" / "new.py").write_text(PRINTS)

    _, told = run(project, "check", "--since", "HEAD", "--format", "concise")

    assert [line.partition(":")[0] for line in told.splitlines()] == ["app/new.py"]


def test_its_cases_prove_it_both_ways(project: Path) -> None:
    assert run(project, "rules", "test") == (0, "AC101  no-print: ok (1 invalid, 1 valid)\n")

    by_meaning = 'project.calls.to({"builtins.print"})'
    by_name = '(s for m in project.modules.values() for s in m.calls if s.name == "print")'
    change(project, by_meaning, by_name)
    status, told = run(project, "rules", "test", "AC101")
    assert status == 1
    assert "“a project function that is named print”: line 6 of app/services/labels.py is" in told

    change(project, '"print")', '"input")')
    status, told = run(project, "rules", "test")
    assert status == 1
    assert "“a print in a service”: line 2 of app/services/cart.py must be reported" in told


def test_its_modules_may_share_code(project: Path) -> None:
    (project / "lint" / "rules" / "shared.py").write_text('FORBIDDEN = {"builtins.print"}\n')
    change(project, '{"builtins.print"}', "FORBIDDEN")
    change(project, "from groundrules", "from .shared import FORBIDDEN\nfrom groundrules")

    assert run(project, "check")[0] == 1


def test_an_installed_plugin_adds_rules(project: Path) -> None:
    site = project / "site"
    package = site / "acme_rules"
    (project / "lint" / "rules").rename(project / "gone")
    site.mkdir()
    (project / "gone").rename(package)
    (package / "__init__.py").write_text("")
    info = site / "acme_rules-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-rules\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[groundrules.rules]\nacme = acme_rules\n")
    (project / "pyproject.toml").write_text('[tool.groundrules]\nown-rules = ["acme"]\n')

    assert run(project, "check", path=str(site))[0] == 1
    assert run(project, "rules", "test", path=str(site))[0] == 0
    assert (
        "neither a folder beside pyproject.toml nor an installed plugin" in run(project, "check")[1]
    )


WRONG = {
    "a syntax error": ("def check(", "def check(:", "cannot be imported: SyntaxError"),
    "an import of nothing": ("from groundrules", "import nothing_at_all\nfrom groundrules", "ModuleNot"),
    "an exit at import": ("def check(", "raise SystemExit(0)\n\n\ndef check(", "SystemExit: 0"),
    "an exit in a check": ("    for site", "    raise SystemExit(0)\n    for site", "SystemExit: 0"),
    "no docstring": ('"""AC101: Application code logs, and never prints."""', "", "begin with a docstring"),
    "another code": ("AC101:", "AC102:", "must begin with a docstring that says"),
    "no fix": ("FIX =", "REPAIR =", "has no usable FIX"),
    "an empty rationale": ('RATIONALE = "Printed', 'RATIONALE = " " or "Printed', "no usable RATIONALE"),
    "no check": ("def check", "def look", "has no usable check"),
    "no valid case": ("\nVALID = (", "\nVALID = ()\nREST = (", "no usable VALID"),
    "an invalid case without lines": ("        2,\n", "", "must name the lines"),
    "a check that fails": ("    for site", "    raise KeyError('x')\n    for site", "AC101 of lint/rules/"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "said"), WRONG.values(), ids=WRONG)
def test_a_rule_that_cannot_be_used_is_one_sentence(
    project: Path, old: str, new: str, said: str
) -> None:
    change(project, old, new)

    status, told = run(project, "check")

    assert status == 2
    assert told.count("\n") == 1
    assert said in told
    assert EXAMPLE.name in told
    assert run(project, "rules", "GR402")[0] == 0


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("gr101_own.py", "GR is for the rules of this tool"),
        ("no_print.py", "has no rules: name their files as in"),
    ],
)
def test_a_rule_needs_a_code_of_its_own(project: Path, named: str, said: str) -> None:
    rule = project / "lint" / "rules" / EXAMPLE.name
    rule.rename(rule.with_name(named))

    status, told = run(project, "check")

    assert (status, said in told) == (2, True)


def test_two_rules_cannot_share_a_code(project: Path) -> None:
    rule = project / "lint" / "rules" / EXAMPLE.name
    rule.with_name("ac101_again.py").write_text(rule.read_text("utf-8"), "utf-8")

    assert "have the same code AC101" in run(project, "check")[1]


def test_there_may_be_nothing_to_test(project: Path) -> None:
    assert "You have no rule AC9: use AC101." in run(project, "rules", "test", "AC9")[1]
    (project / "pyproject.toml").unlink()

    status, told = run(project, "rules", "test")

    assert (status, "own-rules" in told) == (2, True)


def test_a_suite_runs_none_of_them(project: Path) -> None:
    from groundrules.rules import check_project

    change(project, "def check", "raise SystemExit\n\n\ndef check")

    assert check_project(project, honour_ignores=False).findings == ()
