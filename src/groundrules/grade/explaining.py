"""How a grade came about, and whether it comes out again."""

from collections.abc import Iterator

from groundrules.grade.feedback import summary_of
from groundrules.grade.grades import OK, Grade
from groundrules.terminal import harmless


def explanation(grade: Grade, seed: int) -> Iterator[str]:
    """Yield the lines that tell how a grade came about."""
    yield f"{grade.name}: {grade.status}. {summary_of(grade)}"
    confined = "in a sandbox" if grade.sandbox else "without a sandbox"
    yield f"Files {grade.digest or 'none'}, course {grade.course}, seed {seed}, graded {confined}."
    if grade.sandbox:
        yield "At home it differs in two things: there is a network, and the code can change its own files."
    if grade.commit is not None:
        yield f"Commit {grade.commit}."
    if grade.late is not None:
        yield f"Handed in late: {grade.late}."
    for step in grade.steps:
        alone = ", by itself" if step.isolated else ""
        yield f"\n{step.step}: {step.met} of {step.demands} requirements{alone}"
        for task in step.tasks:
            yield f"  {task.state:>9}  {task.task} {task.title}"
            if task.state == "not met":
                lines = [harmless(line) for line in task.message.splitlines()]
                yield from (f"             {line}" for line in lines)


def comparison(before: Grade, now: Grade) -> Iterator[str]:
    """Yield the lines that tell whether a repeated run comes to the same, and if not, why it may differ."""
    if before.digest != now.digest:
        yield "The submission has changed since it was graded."
    if before.course != now.course:
        yield "The course, or this Python, has changed since it was graded."
    if before.sandbox != now.sandbox:
        yield "It was graded with another kind of sandbox."
    if now.status != OK or before.status != OK:
        same = "the same" if now.status == before.status else f"{now.status}: {now.why}"
        yield f"Repeated: {same}."
        return
    states = {task.task: task.state for step in before.steps for task in step.tasks}
    others = [
        f"{task.task} was {states[task.task]} and is {task.state}"
        for step in now.steps
        for task in step.tasks
        if states.get(task.task, task.state) != task.state
    ]
    if others:
        yield f"Repeated: it differs. {'; '.join(others)}."
    elif before.total != now.total:
        yield f"Repeated: the tasks are the same, and {now.total} requirements instead of {before.total}."
    else:
        yield f"Repeated: the same, in {now.seconds:.0f} s."
