"""The lessons' own code and links are true."""

import re
from pathlib import Path

import pytest

from groundrules.course.steps import Step
from groundrules.rules import check_project
from tests.course.conftest import COURSE

STEPS = [pytest.param(step, id=step.name) for step in COURSE.ready_steps]
LISTING = re.compile(r'^```python title="([\w./]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)
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
