"""What a reader does with the pages: search, answer questions, open hints, print."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow


@pytest.fixture
def page(browser: Any) -> "Iterator[Page]":
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


# What people ask, and what one of the first three results must say: at least ten questions each.
TRAINEE = {
    "MissingGreenlet": "Your code read an attribute that was not loaded",
    "may my handler run a query": "It calls a service, and the service runs the query.",
    "why did I get GR502": "GR502 status-codes",
    "status code exists already": "the code 409 is not among the agreed ones",
    "pagination": "Search and pagination",
    "eager loading": "Relationships and eager loading",
    "authentication": "How does authentication work?",
    "offline": "Does it work offline",
    "timestamps": "GR402 timestamps",
    "undo my exercises": "groundrules undo",
    "where do I get the course": "Where do I get the course?",
    "Windows": "Does it run on macOS or Windows?",
    "passlib": "Why passlib and python-jose",
}
INSTRUCTOR = {
    "check a trainee": "pytest steps/05 --app=alice",
    "learning objectives": "what are the learning objectives?",
    "timetable": "Running a workshop",
    "sandbox": "For instructors",
    "how long": "How long",
    "report for a program": "a report that a program can read",
    "seed": "seed",
    "docker": "Deploying",
    "questions to ask the group": "What do I ask the group",
    "package index": "with our own package index",
    "class taken the course": "Has a class taken the course?",
    "Ubuntu": "How do I grade on a Mac, on Ubuntu",
    "good grade": "Is 152 of 174 a good grade?",
}
LEAD = {
    "GR502": "GR502 status-codes",
    "gr304": "GR304 thin-handlers",
    "pre-commit": "There is a hook.",
    "GitLab": "GitLab",
    "noqa": "How do I ignore a rule?",
    "false positive": "What do I do about a false positive?",
    "change a rule": "How do I change a rule?",
    "CORS": "CORS",
    "performance": "Performance",
    "license": "What is the license?",
    "who maintains": "Whose rules are these?",
    "change log": "Releases",
    "why no 409": "Why exactly these seven status codes",
    "blocking calls": "What does Groundrules not check?",
    "single sign-on": "We have single sign-on.",
    "install": "(download, clone, install)",
}


@pytest.mark.parametrize(
    ("asked", "answer"), [*TRAINEE.items(), *INSTRUCTOR.items(), *LEAD.items()]
)
def test_one_search_answers(asked: str, answer: str, page: "Page", address: str) -> None:
    page.goto(address)
    page.get_by_role("textbox", name="Search").click()
    page.get_by_text("Type to start searching").wait_for()
    page.get_by_role("textbox", name="Search").fill(asked)
    page.keyboard.press("End")  # the search listens to keys
    page.get_by_text(re.compile("matching document")).first.wait_for()
    results = page.locator(".md-search-result__item > a")

    assert answer in "\n".join(" ".join(each.split()) for each in results.all_inner_texts()[:3])


def test_the_page_of_a_rule_is_the_first_result_for_its_code(page: "Page", address: str) -> None:
    page.goto(address)
    page.get_by_role("textbox", name="Search").click()
    page.get_by_text("Type to start searching").wait_for()
    page.get_by_role("textbox", name="Search").fill("GR502")
    page.keyboard.press("End")

    assert page.locator(".md-search-result__item > a h1").first.inner_text() == "GR502 status-codes"


def test_a_question_is_answered_by_the_keyboard_and_remembered(page: "Page", address: str) -> None:
    page.goto(f"{address}steps/02-database/")
    question = page.locator(".quiz-question").first
    question.locator("input").first.focus()
    page.keyboard.press("Space")
    wrong = question.get_by_role("status").inner_text()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    right = question.get_by_role("status").inner_text()

    assert "No." in wrong
    assert "Right." in right
    assert question.locator("details p").is_visible()
    page.reload()
    assert question.locator("input").nth(2).is_checked()
    assert "1 of 5 right." in page.locator(".quiz-told").inner_text()

    page.get_by_role("button", name="Begin again").click()

    assert page.locator(".quiz input:checked").count() == 0
    page.reload()
    assert page.locator(".quiz input:checked").count() == 0


def test_without_scripts_questions_and_diagrams_can_be_read(browser: Any, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}steps/02-database/")
    question = page.locator(".quiz-question").first

    assert question.locator(".quiz-answers li").count() == 3
    assert not question.locator("details p").is_visible()
    question.locator("summary").click()
    assert question.locator("details p").is_visible()
    assert "one engine" in page.locator("pre.diagram").inner_text()
    context.close()


def test_nothing_is_spoiled_before_it_is_opened(page: "Page", address: str) -> None:
    page.goto(f"{address}steps/02-database/")

    assert page.locator("details[open]").count() == 0
    assert page.locator("details.success pre").first.is_hidden()
    page.locator("details.success summary").first.click()
    assert page.locator("details.success pre").first.is_visible()


def test_the_change_of_the_scheme_changes_the_diagrams(page: "Page", address: str) -> None:
    page.emulate_media(color_scheme="light")
    page.goto(f"{address}steps/02-database/")
    page.locator(".drawn-light").wait_for(state="visible")
    page.get_by_title("Switch to the dark colors").click()

    page.locator(".drawn-dark").wait_for(state="visible")
    assert page.locator(".drawn-light").is_hidden()
    page.emulate_media(media="print")
    assert page.locator(".drawn-light").is_visible()
    assert page.locator(".md-header").is_hidden()


def test_paper_shows_the_lesson_and_no_answer(page: "Page", address: str) -> None:
    page.goto(f"{address}steps/02-database/")
    page.emulate_media(media="print")

    assert page.get_by_text("In `app/core/database.py`, create".replace("`", "")).is_visible()
    assert [each for each in page.locator("details").all() if each.is_visible()] == []
