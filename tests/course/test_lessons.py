"""The lessons' own code and links are true."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from groundrules.course.steps import Step
from groundrules.rules import check_project
from tests.course.conftest import COURSE

STEPS = [pytest.param(step, id=step.name) for step in COURSE.ready_steps]
LISTING = re.compile(r'^```python title="([\w./]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)
PROGRAM = re.compile(
    r'^```python title="[^"./]+"\n(import asyncio\n.*?^asyncio\.run\(main\(\)\)\n)```\n\n```text\n(.*?)^```$',
    re.MULTILINE | re.DOTALL,
)
PAGES = [
    path.relative_to(COURSE.root)
    for pattern in ("steps/*/*.md", "docs/**/*.md", "*.md")
    for path in sorted(COURSE.root.glob(pattern))
]
FENCED = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
NUMBERED = re.compile(r" *(\d+)[.)] ")
MISTAKE = re.compile(r"^\*\*(`.*?`)\*\*", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


@pytest.mark.parametrize("step", STEPS)
def test_the_worked_example_keeps_every_rule(step: Step, tmp_path: Path) -> None:
    listings = LISTING.findall(step.lesson.read_text(encoding="utf-8"))
    for path, text in listings:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    assert listings
    assert check_project(tmp_path, package="app").findings == ()


@pytest.mark.parametrize("step", STEPS)
def test_a_listing_of_a_file_that_is_given_is_that_file(step: Step) -> None:
    listings = dict(LISTING.findall(step.lesson.read_text(encoding="utf-8")))
    given = {
        path: (step.starter / path).read_text(encoding="utf-8")
        for path in listings
        if path not in step.files and (step.starter / path).is_file()
    }

    assert given == {path: listings[path] for path in given}


@pytest.mark.parametrize("step", STEPS)
def test_links_lead_somewhere(step: Step) -> None:
    links = [
        link for link in LINK.findall(step.lesson.read_text(encoding="utf-8")) if "://" not in link
    ]

    assert [link for link in links if not (step.folder / link).exists()] == []


def test_a_program_prints_what_its_lesson_says() -> None:
    """A program is a listing without a path that ends with `asyncio.run(main())`; what it prints follows."""
    lessons = [step.lesson.read_text(encoding="utf-8") for step in COURSE.ready_steps]
    programs = [found for lesson in lessons for found in PROGRAM.findall(lesson)]

    assert programs
    for program, printed in programs:
        ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        assert (ran.stdout, ran.stderr) == (printed, "")


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_no_line_of_a_sentence_looks_like_an_item_of_a_list(page: Path) -> None:
    """A line that begins with `255.` is a list's item for Markdown, and its number is lost."""
    before = 0
    text = FENCED.sub("", (COURSE.root / page).read_text(encoding="utf-8"))
    for line in text.splitlines():
        if found := NUMBERED.match(line):
            assert int(found[1]) in (1, before + 1), f"{page}: {line}"
            before = int(found[1])


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_code_that_has_backticks_is_between_more_of_them(page: Path) -> None:
    for mistake in MISTAKE.findall((COURSE.root / page).read_text(encoding="utf-8")):
        fence = re.match("`+", mistake)
        assert fence is not None
        inner = mistake.removeprefix(fence[0]).removesuffix(fence[0])
        assert len(fence[0]) not in map(len, re.findall("`+", inner)), f"{page}: {mistake}"
