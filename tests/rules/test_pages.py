"""The pages of the rules say what the rules say."""

import shutil
import subprocess
import sys
from pathlib import Path

from groundrules.rules.registry import all_rules

ROOT = Path(__file__).parents[2]


def generate(script: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(script), *args], capture_output=True, text=True, check=False
    )


def copied(folder: Path) -> Path:
    shutil.copytree(ROOT / "docs", folder / "docs")
    for step in (ROOT / "steps").glob("*/step.toml"):
        (folder / "steps" / step.parent.name).mkdir(parents=True)
        shutil.copy(step, folder / "steps" / step.parent.name)
    return folder / "docs"


def test_the_pages_are_up_to_date() -> None:
    done = generate(ROOT / "docs" / "generate.py", "--check")

    assert (done.returncode, done.stderr) == (0, "")


def test_a_page_that_was_changed_by_hand_is_named_and_written_anew(tmp_path: Path) -> None:
    docs = copied(tmp_path)
    page = docs / "rules" / "GR201.md"
    right = page.read_text(encoding="utf-8")
    page.write_text(right.replace("hint", "hunt"), encoding="utf-8")
    (docs / "rules" / "GR999.md").touch()

    checked = generate(docs / "generate.py", "--check")
    generate(docs / "generate.py")

    assert checked.returncode == 1
    assert "GR201.md is out of date" in checked.stderr
    assert "GR999.md is out of date" in checked.stderr
    assert page.read_text(encoding="utf-8") == right
    assert not (docs / "rules" / "GR999.md").exists()


def test_every_rule_says_what_it_asks_for_why_and_how_to_mend_it() -> None:
    for rule in all_rules():
        for sentence in (rule.summary, rule.rationale, rule.fix):
            assert sentence[:1].isupper() or sentence[:1] == "`", rule.code
            assert sentence.endswith("."), rule.code
