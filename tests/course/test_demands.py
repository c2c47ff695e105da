"""The demands of a lesson: its list items, under their names."""

from groundrules.course.demands import demands_of, items_of
from groundrules.course.suite import suite_of
from tests.course.conftest import Copy

LESSON = """# A lesson

- What it is about.

## Your turn

- Unknown fields are rejected. <!-- demand: unknown-fields -->

## 01.1 The project file

- One sentence
  over two lines. <!-- demand: two-lines -->
- Another.

```
- code
```

## Recap

- Nothing new.
"""


def test_a_demand_has_its_task_its_sentence_and_its_place(copy: Copy) -> None:
    copy.file("steps/01-setup/README.md").write_text(LESSON)

    first, second = demands_of(copy.course.steps[0])

    assert str(first) == "01 unknown-fields"
    assert (str(second), second.text) == ("01.1 two-lines", "One sentence over two lines.")
    assert second.place == "steps/01-setup/README.md:11"


def test_items_without_a_name_and_outside_of_tasks_are_told_apart(copy: Copy) -> None:
    copy.file("steps/01-setup/README.md").write_text(LESSON)

    found = [(item.scope, item.text, item.names) for item in items_of(copy.course.steps[0])]

    assert found == [
        (None, "What it is about.", ()),
        ("01", "Unknown fields are rejected.", ("unknown-fields",)),
        ("01.1", "One sentence over two lines.", ("two-lines",)),
        ("01.1", "Another.", ()),
        (None, "Nothing new.", ()),
    ]


def test_a_step_without_a_lesson_demands_nothing(copy: Copy) -> None:
    copy.file("steps/01-setup/README.md").unlink()

    assert demands_of(copy.course.steps[0]) == ()


def test_a_test_is_read_with_its_demands_and_its_parts(copy: Copy) -> None:
    copy.file("steps/01-setup/test_new.py").write_text(
        '@task("01.1", "a", "b")\n@rules_so_far\ndef test_new():\n    with demand("a"), x():\n        pass\n'
    )

    [test] = [each for each in suite_of(copy.course.steps[0]) if each.name == "test_new"]

    assert (test.task, test.demands, test.narrowed) == ("01.1", ("a", "b"), ("a",))
    assert test.of_rules
    assert test.place == "steps/01-setup/test_new.py:3"
