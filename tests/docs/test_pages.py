"""What of the site is made from the code: quickly, without building it."""

import json
import re
import shutil
import tomllib
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from groundrules.course.demands import demands_of
from groundrules.course.steps import Course, CourseError, Step
from groundrules.rules import check_project, render_finding
from groundrules.rules.registry import all_rules
from groundrules.site import api, demands, lengths, listings, recording, reference, workshop
from groundrules.site.clauses import clauses, held, table_of_clauses
from groundrules.site.lessons import page_of_step
from groundrules.site.links import between_pages
from groundrules.site.quizzes import questions_of, quiz_of

ROOT = Path(__file__).resolve().parents[2]
COURSE = Course(ROOT)
QUIZ = '[[questions]]\nask = "A or `B`?"\nanswers = ["A", "B"]\nright = 2\nwhy = "B <3 A."\n'


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of what the pages are made from."""
    for name in ("docs", "steps", "solution"):
        ignored = shutil.ignore_patterns("__pycache__", ".*_cache")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    return tmp_path


def test_every_clause_and_every_rule_is_on_the_map() -> None:
    shown = table_of_clauses(COURSE)

    assert [each.id for each in clauses(ROOT) if f"`{each.id}`" not in shown] == []
    assert [rule.code for rule in all_rules() if f"/docs/rules/{rule.code}.md" not in shown] == []


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (
            "docs/spec.md",
            "| [GR402](rules/GR402.md) |",
            "| |",
            "the clause models.timestamps names no rule",
        ),
        (
            "docs/spec.md",
            "| [GR402](rules/GR402.md) |",
            "| [GR401](rules/GR401.md) |",
            "GR401 is no rule of the clause models.timestamps",
        ),
        ("steps/03-models/step.toml", ', "GR402"', "", "models.timestamps has no step"),
        ("docs/rules/GR402.md", None, None, "models.timestamps has no page"),
        (
            "steps/03-models/test_rules.py",
            "@rules_so_far",
            "",
            "has no test: none of steps/03-models",
        ),
    ],
)
def test_a_clause_that_lacks_something_stops_the_build(
    file: str, old: str | None, new: str | None, said: str, copy: Path
) -> None:
    path = copy / file
    if old is None or new is None:
        path.unlink()
    else:
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    with pytest.raises(CourseError, match=said):
        held(Course(copy))


@pytest.mark.parametrize("step", COURSE.steps, ids=lambda step: step.name)
def test_a_step_asks_three_to_five_questions(step: Step) -> None:
    assert 3 <= len(questions_of(step)) <= 5


def test_a_question_can_be_read_without_a_script(copy: Path) -> None:
    step = Course(copy).steps[0]
    (step.folder / "quiz.toml").write_text(QUIZ, encoding="utf-8")

    shown = quiz_of(step)

    assert "<p>A or <code>B</code>?</p>" in shown
    assert "<details><summary>The answer</summary>\n<p><strong>B.</strong> B &lt;3 A.</p>" in shown


@pytest.mark.parametrize(
    "wrong",
    ["right = 3", "right = 0", 'right = "B"', "", "right = 2\nright = 2"],
)
def test_a_broken_question_is_one_sentence(wrong: str, copy: Path) -> None:
    step = Course(copy).steps[0]
    (step.folder / "quiz.toml").write_text(QUIZ.replace("right = 2", wrong), encoding="utf-8")

    with pytest.raises(CourseError, match=r"steps/01-setup/quiz\.toml: "):
        questions_of(step)


def test_a_step_shows_its_hints_closed_and_what_it_changes() -> None:
    shown = page_of_step(COURSE, COURSE.step(2))

    for task in COURSE.step(2).tasks:
        assert f"## {task.id} {task.title}\n" in shown
    assert shown.count('??? question "A nudge"') == len(COURSE.step(2).tasks)
    assert '??? success "app/main.py: ' in shown
    assert "+from app.core.database import" in shown
    assert "???+" not in shown


@pytest.mark.parametrize("step", COURSE.ready_steps, ids=lambda step: step.name)
def test_every_demand_of_a_step_can_be_linked_to(step: Step) -> None:
    shown = page_of_step(COURSE, step)

    assert [each for each in demands_of(step) if f' id="{each.name}" ' not in shown] == []
    assert "<!-- demand" not in shown


def test_the_trust_page_links_every_requirement_to_its_sentence() -> None:
    shown = demands.listed(COURSE)

    assert "[01.4 only-get](/steps/01-setup/README.md#only-get) | 1 | 1 |" in shown
    assert len(re.findall(r"\(/steps/[\w-]+/README\.md#[\w-]+\)", shown)) == sum(
        len(demands_of(step)) for step in COURSE.ready_steps
    )


def test_a_step_is_taken_up_when_its_lesson_is_written(copy: Path) -> None:
    course = Course(copy)
    lesson = course.step(2).folder / "README.md"
    lesson.rename(lesson.with_suffix(".later"))

    before = page_of_step(course, course.step(2))
    lesson.with_suffix(".later").rename(lesson)
    after = page_of_step(course, course.step(2))

    assert "in preparation" in before
    assert "`app/core/database.py`" in before
    assert "in preparation" not in after


@pytest.mark.parametrize(
    ("page", "link", "found"),
    [
        ("steps/05-schemas.md", "[a](../../docs/rules/GR105.md)", "[a](../rules/GR105.md)"),
        ("steps/05-schemas.md", "[a](../04-migrations/README.md#x)", "[a](04-migrations.md#x)"),
        ("steps/05-schemas.md", "[a](../../solution/app/main.py)", "a"),
        ("rules/GR105.md", "[a](../../steps/05-schemas/README.md)", "[a](../steps/05-schemas.md)"),
        ("guides/workshop.md", "[a](/steps/05-schemas/README.md)", "[a](../steps/05-schemas.md)"),
        ("index.md", "[a](https://example.org/b.md)", "[a](https://example.org/b.md)"),
        ("index.md", "[a](../notebooks/01-x.ipynb)", "[a](explorations/01-x.md)"),
        ("index.md", "[a](#here)", "[a](#here)"),
        ("index.md", "```\n[a](../solution/x)\n```", "```\n[a](../solution/x)\n```"),
    ],
)
def test_links_between_files_become_links_between_pages(page: str, link: str, found: str) -> None:
    assert between_pages(link, page) == found


def test_a_listing_is_the_code_itself() -> None:
    page = "<!-- listing: solution/app/services/loan_service.py LOAN_LIMIT borrow -->"

    shown = listings.put_in(page, ROOT)

    assert shown.startswith('```python title="app/services/loan_service.py"\nLOAN_LIMIT = 5\n')
    assert "raise LoanLimitReached" in shown


@pytest.mark.parametrize("asked", ["solution/app/none.py borrow", "solution/app/main.py borrow"])
def test_a_listing_of_nothing_stops_the_build(asked: str) -> None:
    with pytest.raises(CourseError, match=r"A page shows "):
        listings.put_in(f"<!-- listing: {asked} -->", ROOT)


def test_every_command_is_listed_with_its_options() -> None:
    shown = reference.commands()

    assert "## groundrules check\n\n```text\ngroundrules check [paths]... [options]\n```" in shown
    assert "| `--format <text\\|concise\\|json\\|github\\|gitlab\\|junit\\|sarif>` |" in shown
    assert "## groundrules db start" in shown


def test_the_api_is_listed_with_who_may_use_it_and_what_it_takes() -> None:
    shown, schemas = api.endpoints(ROOT), api.schemas(ROOT)

    assert (
        "| `DELETE /api/v1/books/{book_id}` | Delete a book that has no open loans. | `book_id` | librarian |"
        in shown
    )
    assert "| `GET /api/v1/users/me` | Show the current user. | nothing | user |" in shown
    assert "| `GET /api/v1/health` |" in shown
    assert "| `book_id` | integer | yes | at least 1, at most 9223372036854775807 |" in schemas
    assert "at least 1 character," in schemas
    assert "Page_" not in schemas.replace("#page_", "").replace("{ #page", "")


def test_the_workshop_has_every_step_and_keeps_its_hours() -> None:
    slots = list(workshop.slots(COURSE))

    shown = [sum(step.name in slot.what for slot in slots) for step in COURSE.steps]
    assert shown == [len(lengths.sittings(COURSE, step)) for step in COURSE.steps]
    for before, after in pairwise(slots):
        assert after.day > before.day or after.begin == before.begin + before.minutes
        assert {before.what, after.what} != {"Break", "Lunch"}
    assert all(slot.begin + slot.minutes <= workshop.END for slot in slots)
    for day in {slot.day for slot in slots}:
        assert sum(slot.what == "Lunch" for slot in slots if slot.day == day) == 1


@pytest.mark.parametrize("step", COURSE.steps, ids=lambda step: step.name)
def test_the_length_of_a_lesson_is_measured(step: Step) -> None:
    """Where this fails, write the measured sentence into the lesson, and its minutes into step.toml."""
    measured = lengths.length_of(COURSE, step)

    assert f"**Length:** {measured}\n" in step.lesson.read_text(encoding="utf-8")
    assert step.minutes == measured.minutes


def test_the_picture_of_a_terminal_has_each_line_that_was_recorded() -> None:
    examples = ROOT / "docs" / "examples"

    svg = ElementTree.fromstring(recording.picture(examples))

    frames = [frame for frame in svg if frame.get("class") == "frame"]
    drawn = [["".join(text.itertext()) for text in frame] for frame in frames]
    recorded = [(examples / name).read_text("utf-8").splitlines() for name in recording.FRAMES]
    assert drawn == [[line for line in screen if line] for screen in recorded]


def test_the_pages_of_the_rules_name_every_setting_that_a_rule_has() -> None:
    notes = tomllib.loads((ROOT / "docs/notes.toml").read_text(encoding="utf-8"))
    schema = json.loads(
        (ROOT / "docs/reference/groundrules.schema.json").read_text(encoding="utf-8")
    )
    told = {
        code: note["settings"].split("`")[1] for code, note in notes.items() if "settings" in note
    }
    of_rules = {"folders", "status-codes", "complexity", "timestamps"}

    assert list(notes) == [rule.code for rule in all_rules()]
    assert set(told.values()) == of_rules <= set(schema["properties"])


def test_the_numbers_of_the_checked_projects_add_up() -> None:
    text = (ROOT / "docs/checked-projects.md").read_text(encoding="utf-8")
    rows = [[cell.strip(" *") for cell in line.strip("|").split("|")] for line in text.splitlines()]
    tables: dict[int, list[list[str]]] = {}
    for row in rows:
        if "/" in row[0] or row[0] == "together":
            tables.setdefault(len(row), []).append(row)
    by_rule = [row for row in rows if row[0].startswith("GR") and len(row) == 9]
    totals = [
        [sum(int(cell) for row in part for cell in row[column::3]) for column in (1, 2)]
        for part in (by_rule[:7], by_rule[7:])
    ]
    first, thirteen = tables[8], tables[9]

    for *projects, together in (first, thirteen):
        for column, total in enumerate(together):
            if total.isdigit():
                assert int(total) == sum(
                    int(row[column]) for row in projects if row[column].isdigit()
                )
    assert [int(first[-1][5]), int(first[-1][6])] == totals[0]
    assert [int(thirteen[-1][6]), int(thirteen[-1][7])] == [totals[1][0] + 1, totals[1][1]]  # GR000
    read = f"{totals[0][1] + totals[1][1]:,}"
    for page in ("docs/checked-projects.md", "docs/explanation/trust.md"):
        assert f"{read} findings" in (ROOT / page).read_text(encoding="utf-8")


def test_the_sample_of_grading_counts_the_requirements_of_its_steps() -> None:
    number = sum(len(demands_of(COURSE.step(step))) for step in range(1, 6))
    shown = (ROOT / "docs/start/instructor.md").read_text(encoding="utf-8")

    assert f"152 of {number} requirements" in shown
    assert f"Steps 01 to 05 have {number} of them" in shown


def test_the_change_log_and_the_pins_have_the_version_of_the_project() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "version"
    ]
    log = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    pinned = {
        found
        for path in [*(ROOT / "docs").rglob("*.md"), *(ROOT / "docs/examples").rglob("*.y*ml")]
        for found in re.findall(
            r"groundrules[\w.-]*[@:]v(\d+\.\d+\.\d+)", path.read_text(encoding="utf-8")
        )
    }

    assert re.findall(r"^\*\*(\d+\.\d+\.\d+)", log, re.MULTILINE)[0] == version
    assert pinned == {version}


def test_the_finding_in_the_readme_is_what_the_checker_prints(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    [code] = re.findall(r"```python title=\"✗ app/api/health.py\"\n(.*?)```", readme, re.DOTALL)
    (tmp_path / "app/api").mkdir(parents=True)
    (tmp_path / "app/api/health.py").write_text(code, encoding="utf-8")

    report = check_project(tmp_path)

    [finding] = [each for each in report.findings if each.rule == "GR202"]
    assert render_finding(finding, tmp_path).strip() in readme
    assert len(report.findings) == 3
