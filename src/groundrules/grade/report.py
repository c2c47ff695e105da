"""The report for the instructor: one page, with nothing from outside."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from groundrules.grade.feedback import Sentences, summary_of
from groundrules.grade.grades import OK, Grade
from groundrules.grade.outputs import Run, file_names
from groundrules.grade.pages import counted, page, text

HARDEST = 25
MESSAGES = 3
SIGNS = {"met": ("✓", "good"), "not met": ("✗", "bad"), "not begun": ("–", "dim")}
SCRIPT = """
const filter = document.getElementById("filter");
const rows = [...document.querySelectorAll("tr[data-name]")];
filter.addEventListener("input", () => {
  const wanted = filter.value.trim().toLowerCase();
  for (const row of rows) row.hidden = !row.dataset.name.includes(wanted);
});
"""


def report(run: Run, sentences: Sentences) -> str:
    """Return the text of `report.html`."""
    parts = [
        "<h1>Grading report</h1>",
        *_summary(run),
        *_alike(run),
        '<p><label for="filter">Show only names with </label><input id="filter" type="search"></p>',
        *_people(run),
        *_grid(run),
        *_rules(run),
        *_hardest(run, sentences),
    ]
    return page("Grading report", "\n".join(parts), SCRIPT)


def _summary(run: Run) -> Iterator[str]:
    statuses = Counter(grade.status for grade in run.grades)
    counts = ", ".join(f"{number} {text(status)}" for status, number in statuses.most_common())
    seconds = sum(grade.seconds for grade in run.grades)
    sandbox = (
        "Each ran in a sandbox (bubblewrap)."
        if run.sandbox == "bubblewrap"
        else "<strong>There was no sandbox: the code ran with all rights of the instructor.</strong>"
    )
    yield f"<p>{counted(len(run.grades), 'person')}: {counts}.</p>".replace("persons", "people")
    yield f"<p>{sandbox} Grading took {seconds / 60:.1f} minutes of time in all.</p>"
    if not run.complete:
        yield "<p><strong>This run is not complete.</strong></p>"
    elif run.seed is not None:
        yield f"<p>The seed of the run was {run.seed}; the course is {text(run.course)}.</p>"


def _alike(run: Run) -> Iterator[str]:
    if not run.alike:
        return
    yield "<h2>Alike: a question</h2>"
    yield (
        "<p>These submissions share nearly everything that is not the course's own, even if names and "
        "comments differ. It may be pair work, a common source or chance: ask before you conclude.</p><ul>"
    )
    for pair in run.alike:
        yield f"<li>{text(pair.one)} and {text(pair.other)}: {pair.share:.0%}</li>"
    yield "</ul>"


def _people(run: Run) -> Iterator[str]:
    yield "<h2>People</h2>"
    heads = ["Name", *(step.name for step in run.steps), "Total", "Change", "Status", "Seconds"]
    yield _table_begin("Requirements met, by person and step", heads)
    files = file_names(grade.name for grade in run.grades)
    for grade in run.grades:
        met = {step.step: f"{step.met} / {step.demands}" for step in grade.steps}
        cells = [_cell(met.get(step.name, ""), "n") for step in run.steps]
        total = "" if grade.total is None else str(grade.total)
        cells += [_cell(total, "n"), _cell(_change(grade, run.before), "n")]
        why = "" if grade.status == OK else f": {summary_of(grade)}"
        late = f"; late: {grade.late}" if grade.late else ""
        status = _cell(f"{grade.status}{why}{late}", "good" if grade.status == OK else "bad")
        link = f'<a href="feedback/{files[grade.name]}.html">{text(grade.name)}</a>'
        yield _row(grade, link, [*cells, status, _cell(f"{grade.seconds:.0f}", "n")])
    yield "</tbody></table></div>"


def _change(grade: Grade, before: Mapping[str, int | None]) -> str:
    earlier = before.get(grade.name)
    if earlier is None or grade.total is None or earlier == grade.total:
        return ""
    return f"{grade.total - earlier:+d}"


def _grid(run: Run) -> Iterator[str]:
    tasks = [task for step in run.steps for task in step.tasks]
    yield "<h2>Tasks</h2>"
    heads = ["Name", *(task.id for task in tasks)]
    caption = "Tasks by person: ✓ met, ✗ not met, – not begun"
    yield _table_begin(caption, heads, {task.id: task.title for task in tasks})
    for grade in _judged(run):
        states = {task.task: task.state for step in grade.steps for task in step.tasks}
        cells = [_sign(*SIGNS[states[each.id]], states[each.id]) for each in tasks]
        yield _row(grade, text(grade.name), cells)
    yield "</tbody></table></div>"


def _rules(run: Run) -> Iterator[str]:
    codes = [code for step in run.steps for code in step.rules]
    if not codes:
        return
    yield "<h2>Rules</h2>"
    yield _table_begin("Rules by person: ✗ broken", ["Name", *codes])
    for grade in _judged(run):
        broken = {code for step in grade.steps for task in step.tasks for code in task.rules}
        cells = [_sign("✗", "bad", "broken") if code in broken else "<td></td>" for code in codes]
        yield _row(grade, text(grade.name), cells)
    yield "</tbody></table></div>"


def _hardest(run: Run, sentences: Sentences) -> Iterator[str]:
    missed: Counter[tuple[str, str]] = Counter()
    told: dict[tuple[str, str], Counter[str]] = {}
    for grade in run.grades:
        for step in grade.steps:
            for task in step.tasks:
                for place, name in enumerate(task.unmet if task.state == "not met" else ()):
                    missed[step.step, name] += 1
                    if place == 0:
                        told.setdefault((step.step, name), Counter())[task.message] += 1
    yield "<h2>Hardest requirements</h2>"
    if not missed:
        yield "<p>Everybody who began a task has met it.</p>"
        return
    yield "<ol>"
    for key, number in missed.most_common(HARDEST):
        sentence = sentences.get(" ".join(key), key[1])
        yield f"<li><p>{text(sentence)} ({text(key[0])}, missed by {number})</p>"
        messages = told.get(key, Counter()).most_common(MESSAGES)
        if messages:
            yield "<details><summary>What they saw</summary>"
            yield from (f"<pre>{text(message)}</pre>" for message, _ in messages)
            yield "</details>"
        yield "</li>"
    yield "</ol>"


def _judged(run: Run) -> Iterator[Grade]:
    return (grade for grade in run.grades if grade.status == OK)


def _table_begin(
    caption: str, heads: Iterable[str], titles: Mapping[str, str] | None = None
) -> str:
    known = titles or {}
    cells = "".join(f'<th scope="col"{_title(known.get(head))}>{text(head)}</th>' for head in heads)
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{text(caption)}"><table>'
        f"<caption>{text(caption)}</caption><thead><tr>{cells}</tr></thead><tbody>"
    )


def _title(title: str | None) -> str:
    return f' title="{text(title)}"' if title else ""


def _row(grade: Grade, head: str, cells: Iterable[str]) -> str:
    name = text(grade.name.lower())
    return f'<tr data-name="{name}"><th scope="row">{head}</th>{"".join(cells)}</tr>'


def _cell(words: str, kind: str) -> str:
    return f'<td class="{kind}">{text(words)}</td>'


def _sign(sign: str, kind: str, words: str) -> str:
    seen, said = f'<span aria-hidden="true">{sign}</span>', f'<span class="hidden">{words}</span>'
    return f'<td class="c {kind}">{seen}{said}</td>'
