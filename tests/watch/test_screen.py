"""What is drawn, on terminals of every size."""

from pathlib import Path

import pytest

from groundrules.course.steps import Course
from groundrules.watch.screen import FINDING, Size, draw
from groundrules.watch.state import Stand, State

COURSE = Course(Path(__file__).resolve().parents[2])
STEP = COURSE.step(6)
SIZES = [Size(80, 24), Size(60, 15), Size(40, 8), Size(200, 60)]
MESSAGE = "06.6 Borrowing\n" + "".join(f"    line {number} {'x' * 90}\n" for number in range(20))


def state(task: str = "06.6") -> State:
    stands = {each.id: Stand(3, 7) for each in STEP.tasks[:4]}
    return State(STEP, STEP.task(task), stands)


def report(message: str) -> dict[str, object]:
    task = {"task": "06.6", "passed": 0, "tests": 7, "untouched": False, "after": None}
    return {"tasks": [task], "first": {"task": "06.6", "place": None, "message": message}}


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("task", [task.id for task in STEP.tasks])
def test_every_size_shows_the_task_the_finding_and_the_keys(size: Size, task: str) -> None:
    shown = state(task)
    shown.learn(report(MESSAGE))
    shown.note = "A note that is longer than any of the terminals is wide. " * 5

    lines = draw(shown, size, colour=False)

    assert len(lines) == size.lines
    assert max(map(len, lines)) <= size.columns
    assert lines[0].startswith(f"{task} {STEP.task(task).title}")
    assert any(line.startswith("line 0") or line.startswith("In 06.6") for line in lines)
    assert any(line.startswith(">") and f"  {task} " in line for line in lines)
    assert lines[-1].startswith("[h]int [l]esson")


def test_a_finding_has_twelve_lines_at_most() -> None:
    shown = state()
    shown.learn(report(MESSAGE))

    lines = draw(shown, Size(120, 60), colour=False)

    assert lines.index("") - 1 <= FINDING
    assert "…" in lines


def test_nothing_that_a_message_holds_moves_the_cursor() -> None:
    shown = state()
    shown.learn(report("06.6 Borrowing: \x1b[2J\r\x07 is printed."))
    shown.show("\x1b]0;title\x07", "\x1b[31mtext")

    drawn = "".join(draw(shown, Size(80, 24), colour=False))

    assert drawn.isprintable()


def test_what_stands_on_the_screen_anyway_is_left_out_of_a_finding() -> None:
    shown = state()

    shown.learn(
        report(
            "06.6 Borrowing\n    It must be 1.\n    Read  06.6 one, at steps/06-services/README.md:9\n"
            "    Hint  groundrules hint 06.6"
        )
    )

    assert shown.finding == [
        "It must be 1.",
        "Read  06.6 one, at steps/06-services/README.md:9",
    ]


def test_a_task_that_is_not_begun_says_what_to_write_and_where_to_read() -> None:
    shown = state("06.1")
    task = {"task": "06.1", "passed": 0, "tests": 3, "untouched": True, "after": None}
    told = {"task": "06.1", "place": None, "message": "06.1 The errors: nothing to check yet."}

    shown.learn({"tasks": [task], "first": told})
    lines = draw(shown, Size(80, 24), colour=False)

    assert lines[2] == "Write app/core/exceptions.py"
    assert lines[3].startswith("Read  steps/06-services/README.md:")
