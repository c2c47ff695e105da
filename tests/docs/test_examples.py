"""The examples that the pages show work as the pages say."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from groundrules.commands import app
from groundrules.course.states import write_state
from groundrules.course.steps import Course
from groundrules.rules import check_project
from groundrules.rules.report.settings import Settings, read_settings

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "docs" / "examples"
PAGES = [
    *(path for path in (ROOT / "docs").rglob("*.md") if path.parent.name != "rules"),
    *ROOT.glob("steps/*/README.md"),
    *ROOT.glob("steps/*/hints.md"),
    ROOT / "README.md",
]
TYPED = re.compile(
    r"(?:^|`|\(|: )groundrules ((?:[a-z]+ ?)+)((?: ?--?[\w-]+[^`\n]*)*)", re.MULTILINE
)
BASE = """
from datetime import datetime

from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    pass
"""


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def version() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return f"v{project['version']}"


def test_the_hook_that_is_shown_is_the_one_that_there_is() -> None:
    (repository,) = read(EXAMPLES / "pre-commit-config.yaml")["repos"]
    (hook,) = repository["hooks"]
    (offered,) = read(ROOT / ".pre-commit-hooks.yaml")

    assert (hook["id"], repository["rev"]) == (offered["id"], version())


def test_the_action_that_is_shown_takes_what_it_is_given() -> None:
    (job,) = read(EXAMPLES / "workflow.yaml")["jobs"].values()
    step = job["steps"][-1]

    assert step["uses"].endswith(f"/groundrules@{version()}")
    assert set(step["with"]) <= set(read(ROOT / "action.yml")["inputs"])


def test_the_settings_that_are_shown_are_read() -> None:
    assert read_settings(EXAMPLES) == Settings(EXAMPLES, "shop", ignore=("GR401",))


@pytest.mark.parametrize("honoured", [True, False])
def test_the_comment_that_is_shown_silences_the_rule(honoured: bool, tmp_path: Path) -> None:
    models = tmp_path / "app" / "models"
    models.mkdir(parents=True)
    (models / "base.py").write_text(BASE, encoding="utf-8")
    shutil.copy(EXAMPLES / "audit.py", models)

    report = check_project(tmp_path, honour_ignores=honoured)

    assert [each.rule for each in report.findings] == ([] if honoured else ["GR402"])
    assert report.unused_ignores == ()


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    wrong = [
        found[0].strip(" `(:")
        for found in TYPED.finditer(page.read_text(encoding="utf-8"))
        if not exists(found[1].split(), re.findall(r"(?<!\S)--[a-z][\w-]*", found[2]))
    ]

    assert wrong == []


def exists(words: list[str], options: list[str]) -> bool:
    """Whether the first words name a command, and it takes these options."""
    command: Any = typer.main.get_command(app)
    for word in words:
        below = getattr(command, "commands", None)
        if below is None:
            break
        if word not in below:
            return False
        command = below[word]
    known = {option for each in command.params for option in each.opts} | {"--help"}
    return set(options) <= known


def test_the_verdict_that_is_shown_is_what_the_suite_says(tmp_path: Path) -> None:
    folder = write_state(Course(ROOT), 1, tmp_path / "exercises")
    router = folder / "app/api/router.py"
    text = router.read_text(encoding="utf-8")
    included = "api_router.include_router(health.router)\n"
    assert included in text
    router.write_text(text.replace(included, ""), encoding="utf-8")

    run = subprocess.run(
        [sys.executable, "-m", "pytest", "steps/01", f"--app={folder}"],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    shown = (EXAMPLES / "verdict.txt").read_text(encoding="utf-8")
    assert without_lines(shown) in without_lines(run.stdout)


def without_lines(text: str) -> str:
    """Return a verdict without the lines of lessons, which move with every sentence before them."""
    return re.sub(r"README\.md:\d+", "README.md", text)
