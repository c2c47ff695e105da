"""The report of a class of three hundred, in a real browser and in both color schemes."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from groundrules.grade.feedback import as_html
from groundrules.grade.report import report
from tests.grade.test_outputs import graded, run_of

pytestmark = pytest.mark.slow
PEOPLE = 300
QUICK = 10.0  # seconds, on a busy machine; it takes less than one on an idle one


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("grades")
    states = ("met", "not met", "not begun")
    many = run_of(
        *(
            replace(graded(f"Person {number}", states[number % 3]), digest=str(number))
            for number in range(PEOPLE)
        )
    )
    files = {"report.html": report(many, {}), "one.html": as_html(many.grades[1], many, {})}
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in files]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_it(pages: list[Path], browser: Any, scheme: str) -> None:
    sync = pytest.importorskip("axe_playwright_python.sync_playwright")
    context = browser.new_context(color_scheme=scheme)
    for path in pages:
        page = context.new_page()
        requests: list[str] = []
        errors: list[str] = []
        page.on("request", lambda request, seen=requests: seen.append(request.url))
        page.on("pageerror", lambda error, seen=errors: seen.append(str(error)))
        began = time.monotonic()
        page.goto(path.as_uri())
        loaded = time.monotonic() - began

        # Between rows only words differ: a few of them show what axe would find.
        page.evaluate(
            "() => document.querySelectorAll('tbody tr:nth-child(n + 8)').forEach(e => e.remove())"
        )
        found = sync.Axe().run(page)

        assert requests == [path.as_uri()]
        assert errors == []
        assert [each["id"] for each in found.response["violations"]] == []
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        assert loaded < QUICK
        page.close()
    context.close()


def test_the_filter_shows_whom_one_looks_for(pages: list[Path], browser: Any) -> None:
    page = browser.new_page()
    page.goto(pages[0].as_uri())

    began = time.monotonic()
    page.get_by_label("Show only names with").fill("person 299")
    shown = page.locator("tr[data-name]:visible")

    assert shown.count() == 3
    assert time.monotonic() - began < QUICK
    page.close()
