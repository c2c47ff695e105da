"""What each key of `groundrules watch` does."""

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from groundrules.course.compare import Comparison
from groundrules.course.lesson import filled, hints_of, place_of, section_of
from groundrules.course.steps import CourseError
from groundrules.watch import terminal
from groundrules.watch.screen import pages

if TYPE_CHECKING:
    from groundrules.watch.session import Session

TWICE = ("d", "r")  # what gives something away, or changes files, is asked for twice


class Keys:
    """Handles the keys of one session."""

    def __init__(self, session: "Session") -> None:
        self._session = session
        self._hints: dict[str, int] = {}  # how many of a task were shown
        self._last = ""

    def press(self, key: str) -> bool:
        """Do what a key stands for; return whether the session goes on."""
        again, self._last = key == self._last and key in TWICE, key
        state = self._session.state
        if state.typed is not None:
            self._type(key)
            return True
        if key == "q":
            return False
        if state.title and key == " ":
            self._scroll()
            return True
        state.show_finding()
        actions = {
            "h": self._hint,
            "l": self._lesson,
            "a": self._session.check_step,
            "n": self._next,
            "t": self._list,
            "\n": self._session.check_task,
            "\r": self._session.check_task,
        }
        if key in TWICE:
            self._compare(again=again) if key == "d" else self._reset(again=again)
        elif key in actions:
            actions[key]()
        return True

    def _scroll(self) -> None:
        state, size = self._session.state, terminal.size()
        state.top += size.lines - 4
        if state.top >= pages(state, size):
            state.show_finding()

    def _hint(self) -> None:
        state = self._session.state
        try:
            hints = hints_of(state.step, state.task)
        except CourseError as error:
            state.note = str(error)
            return
        shown = self._hints[state.task.id] = min(self._hints.get(state.task.id, 0) + 1, len(hints))
        more = "; h shows the next" if shown < len(hints) else ""
        state.show(
            f"Hint {shown} of {len(hints)} for {state.task.id}{more}", filled(hints[shown - 1], 80)
        )

    def _lesson(self) -> None:
        """Show the section of the task, and open it where an editor offers that."""
        state = self._session.state
        place = place_of(state.step, state.task)
        state.show(place, filled(section_of(state.step, state.task) or "", 80))
        editor = shutil.which("code")
        if editor is not None and os.environ.get("TERM_PROGRAM") == "vscode":
            subprocess.run(
                [editor, "--goto", self._session.course.root / place],
                stdin=subprocess.DEVNULL,
                check=False,
            )

    def _next(self) -> None:
        session, state = self._session, self._session.state
        following = session.next_step()
        if not state.step_is_done:
            state.note = f"{state.task.id} is not done yet. To go elsewhere: t"
        elif following is None:
            state.note = "This is the last step."
        else:
            state.note = ""
            session.go_to(following, None)

    def _compare(self, *, again: bool) -> None:
        state = self._session.state
        if not state.stand(state.task).done and not again:
            state.note = f"{state.task.id} is not done. To see the course's version now: d again."
            return
        number = self._session.course.steps.index(state.step) + 1
        comparison = Comparison(self._session.course, self._session.exercises, number)
        lines = [line for file in state.task.files for line in comparison.diff(file)]
        text = "\n".join(lines) or "Your files are the same as the course's."
        state.show(f"From your files of {state.task.id} to the course's version", text)

    def _reset(self, *, again: bool) -> None:
        state = self._session.state
        if again:
            state.show(
                f"groundrules reset {state.task.id}", self._session.command("reset", state.task.id)
            )
            return
        state.note = f"Reset the files of {state.task.id}? They are saved first. To do it: r again."

    def _list(self) -> None:
        state, lines = self._session.state, list[str]()
        for step in self._session.course.ready_steps:
            lines.append(f"{step.number:02}    {step.title}")
            if step is state.step:
                lines += [f"  {task.id}  {task.title}  {state.stand(task)}" for task in step.tasks]
        state.show("Type the number of a task or step, and Enter:", "\n".join(lines))
        state.typed = ""

    def _type(self, key: str) -> None:
        from groundrules.watch.session import step_or_task

        session, state = self._session, self._session.state
        assert state.typed is not None
        if key in ("\x7f", "\b"):
            state.typed = state.typed[:-1]
        elif key.isdecimal() or key == ".":
            state.typed += key
        elif key in ("\r", "\n") and state.typed:
            typed = state.typed
            state.show_finding()
            try:
                session.go_to(*step_or_task(session.course, typed))
            except CourseError as error:
                state.note = str(error)
        else:
            state.show_finding()
