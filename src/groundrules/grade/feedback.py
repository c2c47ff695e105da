"""What each person gets to read: how every task stands, and the first finding where it is not met."""

import re
from collections.abc import Iterator, Mapping

from groundrules.course.demands import demands_of
from groundrules.course.steps import Step
from groundrules.grade import grades
from groundrules.grade.grades import Grade, StepGrade, TaskGrade
from groundrules.grade.outputs import Run
from groundrules.grade.pages import counted, page, text
from groundrules.terminal import harmless

Sentences = Mapping[
    str, str
]  # of the lessons, by the step's name and the demand's, as in `05-schemas two-dots`
COMMAND = "groundrules hint"
WITHOUT = {
    grades.NOTHING: "Nothing was handed in.",
    grades.NO_APPLICATION: "No application was found.",
    grades.TIMED_OUT: "The check did not end in time.",
    grades.BROKEN: "The submission could not be graded.",
    grades.TROUBLE: "The machine had trouble, and that says nothing about the code.",
}


def sentences_of(steps: tuple[Step, ...]) -> dict[str, str]:
    """Return the sentence of each demand."""
    return {f"{step.name} {each.name}": each.text for step in steps for each in demands_of(step)}


def as_markdown(grade: Grade, run: Run, sentences: Sentences) -> str:
    """Return the text of `feedback/NAME.md`."""
    lines = [f"# {_plain(grade.name)}", "", _plain(summary_of(grade)), ""]
    if grade.late is not None:
        lines += [f"Handed in late: {grade.late}.", ""]
    for step in grade.steps:
        lines += [f"## {_heading(step, run)}", ""]
        for task in step.tasks:
            lines += [*_task_as_markdown(step, task, sentences), ""]
    return "\n".join(lines)


def _task_as_markdown(step: StepGrade, task: TaskGrade, sentences: Sentences) -> Iterator[str]:
    yield f"### {task.task} {task.title}: {task.state}"
    for sentence in _unmet(step, task, sentences):
        yield ""
        yield f"> {sentence}"
    if task.message:
        shown = "\n".join(harmless(line) for line in task.message.splitlines())
        longest = max((len(each) for each in re.findall(r"`+", shown)), default=0)
        fence = "`" * max(3, longest + 1)
        yield from ("", f"{fence}text", shown, fence)
        if COMMAND not in task.message:
            yield from ("", f"Hint: `{COMMAND} {task.task}`")


def as_html(grade: Grade, run: Run, sentences: Sentences) -> str:
    """Return the text of `feedback/NAME.html`."""
    body = [f"<h1>{text(grade.name)}</h1>", f"<p>{text(summary_of(grade))}</p>"]
    if grade.late is not None:
        body.append(f"<p>Handed in late: {text(grade.late)}.</p>")
    for step in grade.steps:
        body.append(f"<h2>{text(_heading(step, run))}</h2>")
        for task in step.tasks:
            kind = "good" if task.state == "met" else "bad" if task.state == "not met" else "dim"
            title = f"{text(task.task)} {text(task.title)}"
            body.append(f'<h3>{title}: <span class="{kind}">{task.state}</span></h3>')
            body += [f"<p>{text(each)}</p>" for each in _unmet(step, task, sentences)]
            if task.message:
                body.append(f"<pre>{text(task.message)}</pre>")
                if COMMAND not in task.message:
                    body.append(f"<p>Hint: <code>{COMMAND} {text(task.task)}</code></p>")
    return page(f"Feedback for {grade.name}", "\n".join(body))


def summary_of(grade: Grade) -> str:
    """Return in a sentence how a submission stands."""
    if grade.status != grades.OK:
        return f"{WITHOUT[grade.status]} {grade.why}".strip()
    tasks = sum(len(step.tasks) for step in grade.steps)
    demands = sum(step.demands for step in grade.steps)
    met = f"{grade.total} of {counted(demands, 'requirement')} met"
    return f"{met}, {grade.tasks_met} of {counted(tasks, 'task')}."


def _heading(step: StepGrade, run: Run) -> str:
    title = next(each.title for each in run.steps if each.name == step.step)
    alone = ", graded with the course's own files of the other steps" if step.isolated else ""
    return f"{step.step[:2]} {title}: {step.met} of {counted(step.demands, 'requirement')}{alone}"


def _unmet(step: StepGrade, task: TaskGrade, sentences: Sentences) -> Iterator[str]:
    """Yield the sentences that are not met, where that is known to be the code's fault."""
    for name in task.unmet if task.state == "not met" else ():
        if f"{step.step} {name}" in sentences:
            yield sentences[f"{step.step} {name}"]


def _plain(words: str) -> str:
    """Return somebody else's words as Markdown shows them as they are."""
    return re.sub(r"([\\`*_\[\]<>#|~&])", r"\\\1", " ".join(harmless(words).split()))
