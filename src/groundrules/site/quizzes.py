"""The questions at the end of a step, from its `quiz.toml`.

Each question is a list of answers with a collapsed explanation, so it can be read without a script.
`docs/assets/quiz.js` makes it something to choose from.
"""

import html
import re
import tomllib
from dataclasses import dataclass

from groundrules.course.steps import CourseError, Step


@dataclass(frozen=True)
class Question:
    """One question; `right` is the place of the right answer, counted from 0."""

    ask: str
    answers: tuple[str, ...]
    right: int
    why: str


def questions_of(step: Step) -> tuple[Question, ...]:
    """Return the questions of a step, none if it has no `quiz.toml`.

    Raises `CourseError` where the file does not hold questions with at least two answers, one of
    which is right.
    """
    path = step.folder / "quiz.toml"
    if not path.is_file():
        return ()
    place = f"steps/{step.name}/quiz.toml"
    try:
        asked = tomllib.loads(path.read_text(encoding="utf-8"))["questions"]
        questions = tuple(
            Question(each["ask"], tuple(each["answers"]), each["right"] - 1, each["why"])
            for each in asked
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise CourseError(
            f"{place}: each of `[[questions]]` needs ask, answers, right and why ({error})."
        ) from None
    for question in questions:
        if len(question.answers) < 2 or question.right not in range(len(question.answers)):
            raise CourseError(
                f"{place}: {question.ask!r} needs two answers or more, and the number of the right one."
            )
    return questions


def quiz_of(step: Step) -> str:
    """Return the questions of a step as HTML; empty if it has none."""
    questions = questions_of(step)
    if not questions:
        return ""
    items = "\n".join(_item(question) for question in questions)
    return f'<ol class="quiz" data-quiz="{html.escape(step.id)}">\n{items}\n</ol>'


def _item(question: Question) -> str:
    answers = "\n".join(f"<li>{_inline(answer)}</li>" for answer in question.answers)
    letter = "ABCDEFGH"[question.right]
    return (
        f'<li class="quiz-question" data-right="{question.right}">\n'
        f"<p>{_inline(question.ask)}</p>\n"
        f'<ol class="quiz-answers" type="A">\n{answers}\n</ol>\n'
        f"<details><summary>The answer</summary>\n"
        f"<p><strong>{letter}.</strong> {_inline(question.why)}</p>\n</details>\n</li>"
    )


def _inline(text: str) -> str:
    """Return text with `code` marked as such."""
    escaped = html.escape(" ".join(text.split()), quote=False)
    return re.sub("`([^`]+)`", r"<code>\1</code>", escaped)
