"""The demands of the lessons on the site: a link to each sentence, and the table of what holds them."""

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


def table(course: Course) -> str:
    """Return, for each step, its demands, tests and versions, and below it a box with each demand."""
    lines = [
        "| step | demands | tests | wrong versions | right versions |",
        "|---|---|---|---|---|",
    ]
    boxes = []
    for step in course.ready_steps:
        rows = rows_of(course, step)
        tests = {test.place for row in rows for test in row.tests}
        wrong, right = (len(versions_of(course, kind, step)) for kind in ("wrong", "right"))
        title = f"{step.number:02} {step.title}"
        lines.append(f"| {title} | {len(rows)} | {len(tests)} | {wrong} | {right} |")
        page = f"/steps/{step.name}/README.md"
        listed = [
            f"    | [{row.demand}]({page}#{row.demand.name}) | {len(row.tests)} | {len(row.versions)} |"
            for row in rows
        ]
        head = ["    | demand | tests | wrong versions |", "    |---|---|---|"]
        boxes.append("\n".join([f'??? note "The demands of step {title}"', "", *head, *listed]))
    return "\n\n".join(["\n".join(lines), *boxes])
