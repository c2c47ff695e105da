"""The requirements of the lessons on the site: a link to each sentence, and the tests that cover it.

In the code and in the lessons' marks, a requirement is a `demand`.
"""

from html import escape

from groundrules.course.demands import MARK, demands_of
from groundrules.course.matrix import rows_of
from groundrules.course.steps import Course, Step
from groundrules.course.versions import versions_of


def with_anchors(text: str, step: Step) -> str:
    """Return a lesson in which the sentence of each demand can be linked to by the demand's name."""
    known = {demand.name: str(demand) for demand in demands_of(step)}
    return MARK.sub(
        lambda mark: (
            f' <a class="headerlink demand" id="{mark[1]}" href="#{mark[1]}" '
            f'title="{escape(known[mark[1]])}">¶</a>'
        ),
        text,
    )


def numbers(course: Course) -> str:
    """Return a table of the steps: how many requirements, tests and versions each has."""
    lines = [
        "| step | requirements | tests | wrong versions | right versions |",
        "|---|---|---|---|---|",
    ]
    for step in course.ready_steps:
        rows = rows_of(course, step)
        tests = {test.place for row in rows for test in row.tests}
        wrong, right = (len(versions_of(course, kind, step)) for kind in ("wrong", "right"))
        lines.append(
            f"| {step.number:02} {step.title} | {len(rows)} | {len(tests)} | {wrong} | {right} |"
        )
    return "\n".join(lines)


def listed(course: Course) -> str:
    """Return a box for each step with its requirements, each linked to its sentence."""
    return "\n\n".join(_box(course, step) for step in course.ready_steps)


def _box(course: Course, step: Step) -> str:
    page = f"/steps/{step.name}/README.md"
    lines = [
        f'??? note "The requirements of step {step.number:02} {step.title}"',
        "",
        "    | requirement | tests | wrong versions |",
        "    |---|---|---|",
        *(
            f"    | [{row.demand}]({page}#{row.demand.name}) | {len(row.tests)} | {len(row.versions)} |"
            for row in rows_of(course, step)
        ),
    ]
    return "\n".join(lines)
