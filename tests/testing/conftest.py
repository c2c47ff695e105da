"""Small courses in temporary folders, and real runs of pytest on them."""

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from groundrules import postgres
from groundrules.course.states import write_state
from groundrules.course.steps import Course
from tests.processes import PYTEST, run

ROOT = Path(__file__).resolve().parents[2]
DROPPED = ("PYTEST_ADDOPTS", "PYTHONDONTWRITEBYTECODE", "NO_COLOR", "FORCE_COLOR", "PY_COLORS")
ENVIRONMENT = {key: value for key, value in os.environ.items() if key not in DROPPED}

STEP = """\
id = "{id}"
title = "{title}"
minutes = 5
summary = "A step."
rules = {rules}
files = {files}

[[tasks]]
id = "{number:02}.1"
title = "The words"
files = ["{files[0]}"]
"""
SUITE_01 = """\
from groundrules.testing import task


@task("01.1")
def test_the_words_are_polite(code):
    text = (code.folder / "app" / "words.py").read_text()
    assert "please" in text, "app/words.py must say please."


@task("01.1")
def test_the_words_are_few(code):
    text = (code.folder / "app" / "words.py").read_text()
    assert len(text.split()) < 9, f"app/words.py must be short; it has {len(text.split())} words."


@task("01.2")
async def test_the_program_says_them(app):
    assert await app.words.say() == "please", "app.words.say() must return 'please'."
"""
TASK_2 = """
[[tasks]]
id = "01.2"
title = "The program"
files = ["app/program.py"]
"""
SUITE_02 = """\
from groundrules.testing import rules_so_far, task


@task("02.1", "GR201")
@rules_so_far
def test_the_rule_holds(rule, code, step):
    code.must_keep(rule, until=step)
"""
WORDS = '"""Words."""\n\n\ndef say() -> str:\n    return "please"\n'
PROGRAM = '"""The program."""\n\nREADY = True\n'
EXTRA = '"""More."""\n\nMORE = 1\n'


@dataclass(frozen=True)
class Run:
    """One run of pytest: its exit status, and what it printed."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def tests(self) -> list[str]:
        """The tests that `--collect-only -q` listed."""
        return [line for line in self.lines if "::" in line]

    @property
    def wrong(self) -> list[list[str]]:
        """What is wrong, one list of lines for each thing."""
        told: list[list[str]] = []
        if not any("what is wrong" in line for line in self.lines):
            return told
        begin = next(at for at, line in enumerate(self.lines) if "what is wrong" in line)
        for line in self.lines[begin + 1 :]:
            if line.startswith("---") or line.startswith("==="):
                break
            if line.startswith((" ", "GR")):
                told[-1].append(line)
            else:
                told.append([line])
        return told

    def must_be_refused(self, *words: str) -> None:
        """Assert that it ended with one sentence that holds `words`, and nothing else."""
        assert self.status == 4, self
        [sentence] = [line for line in self.err.splitlines() if line]
        assert sentence.startswith("ERROR: ")
        assert "Traceback" not in self.out + self.err
        for word in words:
            assert word in sentence


@dataclass(frozen=True)
class Clone:
    """A course in a folder."""

    root: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    start: Sequence[str] = PYTEST

    def file(self, path: str) -> Path:
        return self.root / path

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def pytest(
        self, *arguments: str, below: str = ".", environment: Mapping[str, str] | None = None
    ) -> Run:
        """Run pytest there, or in the folder `below`."""
        done = run(
            self.command(*arguments),
            cwd=self.root / below,
            env={**ENVIRONMENT, "COLUMNS": "80", **self.environment, **(environment or {})},
            timeout=120,
        )
        return Run(done.returncode, done.stdout, done.stderr)

    def all_of(self, *arguments: str) -> Run:
        """Run pytest there, and have it tell all that it finds."""
        return self.pytest(*arguments, "-v")

    def command(self, *arguments: str) -> list[str]:
        return [*self.start, *arguments]


def write_application(clone: Clone, folder: str, words: str = WORDS) -> None:
    """Write an application that passes the small course's first suite, and has not begun the second."""
    clone.write(f"{folder}/app/__init__.py", "")
    clone.write(f"{folder}/app/main.py", "")
    clone.write(f"{folder}/app/words.py", words)
    clone.write(f"{folder}/app/program.py", PROGRAM)
    clone.write(f"{folder}/app/extra.py", '"""Write extra."""\n')


def small_course(root: Path, environment: Mapping[str, str]) -> Clone:
    """Make a course: steps 01 and 02 with suites, step 05 in preparation, fresh exercises, and `alice`."""
    made = Clone(root, environment)
    made.write("pyproject.toml", (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    made.write("docs/index.md", "# A course\n")
    steps = [
        (1, "words", "Words", [], ["app/words.py", "app/program.py"]),
        (2, "more", "More", ["GR201"], ["app/extra.py"]),
        (5, "later", "Later", [], ["app/later.py"]),
    ]
    for number, name, title, rules, files in steps:
        text = STEP.format(id=name, title=title, number=number, rules=rules, files=files)
        text += TASK_2 if number == 1 else ""
        made.write(f"steps/{number:02}-{name}/step.toml", text)
    for folder, file in (("01-words", "words"), ("01-words", "program"), ("02-more", "extra")):
        made.write(f"steps/{folder}/starter/app/{file}.py", f'"""Write {file}."""\n')
        made.write(f"exercises/app/{file}.py", f'# still empty\n"""Write {file}."""\n')
    made.write("exercises/app/__init__.py", "")
    for folder, suite in (("01-words", SUITE_01), ("02-more", SUITE_02)):
        made.write(f"steps/{folder}/README.md", "# A lesson\n")
        made.write(f"steps/{folder}/test_it.py", suite)
    write_application(made, "alice/exercises")
    return made


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    """What the runs share: one server for their databases."""
    return {"GROUNDRULES_DATABASE_URL": postgres.ensure(ROOT).dsn_for("postgres")}


@pytest.fixture
def clone(tmp_path: Path, environment: dict[str, str]) -> Clone:
    """A small course that a test may change."""
    return small_course(tmp_path / "my course", environment)


@pytest.fixture(scope="session")
def course(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Clone:
    """The real steps, with fresh exercises; tests leave them as they are."""
    made = Clone(tmp_path_factory.mktemp("course") / "groundrules", environment)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "steps", made.root / "steps", ignore=ignored)
    shutil.copy2(ROOT / "pyproject.toml", made.root)
    write_state(Course(ROOT), 0, made.root / "exercises")
    return made


@pytest.fixture
def finished(tmp_path: Path) -> Clone:
    """An application as step 01 leaves it, for a test to break."""
    made = Clone(tmp_path / "bob")
    write_state(Course(ROOT), 1, made.root)
    return made
