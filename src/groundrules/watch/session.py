"""One session of `groundrules watch`: saves, keys and checks come in, and the screen says what is next."""

import ast
import queue
import subprocess
import sys
import threading
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path

from groundrules.course.progress import Standing, known_standings
from groundrules.course.steps import Course, CourseError, Step, Task, exercises_of, find_course, say
from groundrules.terminal import harmless
from groundrules.testing.places import Places
from groundrules.watch import terminal
from groundrules.watch.checks import Checked, Checks
from groundrules.watch.files import EVERY, EVERY_POLLED, changed, stamps, tell_of_events
from groundrules.watch.keys import Keys
from groundrules.watch.state import Stand, State

NO_EVENTS = (
    "The system does not tell of saves in this folder, so it is looked at every second. "
    "With --poll: four times a second."
)


@dataclass(frozen=True)
class Key:
    """A key was pressed."""

    name: str


@dataclass(frozen=True)
class Saved:
    """The system tells of a change below the exercises."""


@dataclass(frozen=True)
class Resized:
    """The terminal has another size."""


Event = Key | Saved | Resized | Checked


def watch(named: str | None, *, poll: bool, manual: bool) -> None:
    """Check the task at hand after each save, and show the one thing to do next, until `q` or Ctrl-C.

    :param named: the task or step to begin with; by default, the first that is not done.
    :param poll: look at the files instead of waiting for the system to tell of changes.
    :param manual: check only when asked to.
    """
    from groundrules import postgres

    course = find_course()
    exercises = exercises_of(course)
    known = known_standings(course, exercises)
    step, task = _begin_with(course, known, named)
    postgres.ensure(course.root, say=say)
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    places = Places(course.root, exercises, Path.cwd())
    state = State(step, task or step.tasks[0], shown=places.shown)
    interactive = terminal.is_interactive()
    stop = threading.Event()
    screen = terminal.screen(lambda key: events.put(Key(key)))
    try:
        with (
            terminal.signals(lambda: events.put(Resized())),
            closing(Checks(course.root, events.put)) as checks,
            screen if interactive else nullcontext(),
        ):
            if not (poll or manual):
                tell_of_events(exercises, lambda: events.put(Saved()), stop)
            session = Session(course, exercises, state, checks, interactive=interactive)
            session.begin(known, chosen=task is not None)
            session.run(events, None if manual else EVERY_POLLED if poll else EVERY)
    except KeyboardInterrupt:
        pass
    finally:
        stop.set()
    stand = state.stand(state.task)
    if interactive:
        print(f"{state.task.id} {state.task.title}: {stand}. To go on: groundrules watch")


def _begin_with(
    course: Course, known: list[Standing], named: str | None
) -> tuple[Step, Task | None]:
    if named is not None:
        return step_or_task(course, named)
    unfinished = next((each for each in known if not (each.known and each.done)), None)
    if unfinished is None:
        raise CourseError("You have finished every step that is ready: name a task, as in 01.2.")
    return unfinished.step, None


def step_or_task(course: Course, named: str) -> tuple[Step, Task | None]:
    """Return the step that is named, as in `05`, or the task, as in `05.3`, with its step."""
    if named.isdecimal():
        step, task = course.step(int(named)), None
    elif named.replace(".", "", 1).isdecimal():
        step, task = course.task(named)
    else:
        raise CourseError(f"{harmless(named)!r} is neither a task nor a step: name 05.3, or 05.")
    if not step.ready:
        raise CourseError(f"Step {step.number:02} is in preparation and cannot be started yet.")
    return step, task


class Session:
    """What is done about each event.

    :param interactive: whether there is a screen; otherwise each change is told in a line.
    """

    def __init__(
        self, course: Course, exercises: Path, state: State, checks: Checks, *, interactive: bool
    ) -> None:
        self.course = course
        self.exercises = exercises
        self.state = state
        self._checks = checks
        self._interactive = interactive
        self._ordered = 0
        self._whole = False
        self._chosen = False
        self._saved_once = False
        self._stamps = stamps(exercises)
        self._unheard = 0  # of how many saves the system has not told
        self._hears = False
        self._keys = Keys(self)

    def begin(self, known: list[Standing], *, chosen: bool) -> None:
        """Show what is known of the step, and check it."""
        for each in known:
            if each.step is self.state.step:
                for task in each.step.tasks:
                    tests = [result for result in each.results if result.task == task.id]
                    passed = sum(result.passed for result in tests)
                    self.state.stands[task.id] = Stand(passed, len(tests))
        self._chosen = chosen
        self.check_step()

    def run(self, events: "queue.SimpleQueue[Event]", every: float | None) -> None:
        """Handle events until somebody quits.

        :param every: how many seconds pass between two looks at the files; None for never.
        """
        running = True
        while running:
            self._draw()
            try:
                event = events.get(timeout=every)
            except queue.Empty:
                self._look(heard=False)
                continue
            match event:
                case Key(name):
                    running = self._keys.press(name)
                case Saved():
                    self._look(heard=True)
                case Checked():
                    self._take(event)

    def check_step(self) -> None:
        """Check the whole step."""
        self._order(f"{self.state.step.number:02}", f"checking step {self.state.step.number:02} …")
        self._whole = True

    def check_task(self) -> None:
        """Check the task at hand."""
        self._order(self.state.task.id, f"checking {self.state.task.id} …")
        self._whole = False

    def go_to(self, step: Step, task: Task | None) -> None:
        """Turn to another step or task."""
        if step is not self.state.step:
            self.state.stands = {}
        self.state.step, self.state.task = step, task or step.tasks[0]
        self.state.finding, self._chosen = [], task is not None
        self.state.show_finding()
        self.check_step()

    def next_step(self) -> Step | None:
        """Return the step after the one at hand, if there is one."""
        steps = self.course.ready_steps
        return next((step for step in steps if step.number > self.state.step.number), None)

    def command(self, *arguments: str) -> str:
        """Run another command of `groundrules`, and return what it says."""
        run = subprocess.run(
            [sys.executable, "-m", "groundrules", *arguments],
            cwd=self.course.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            check=False,
        )
        return run.stdout

    def _order(self, named: str, doing: str) -> None:
        self.state.doing = doing
        self._ordered = self._checks.order(named)

    def _look(self, *, heard: bool) -> None:
        """Check anew if a file was saved."""
        now = stamps(self.exercises)
        paths = changed(self._stamps, now)
        self._stamps = now
        self._hears |= heard
        if not paths:
            return
        self.state.note = ""
        self._unheard += not heard
        if self._unheard == 2 and not self._hears:
            self.state.note = NO_EVENTS
            self._tell(NO_EVENTS)
        self._saved_once = True
        self.state.show_finding()
        unfinished = next(filter(None, map(self._unfinished, paths)), None)
        if unfinished is None:
            task_alone = not self.state.step_is_done and any(map(self._is_at_hand, paths))
            check = self.check_task if task_alone else self.check_step
            check()
            return
        self._checks.give_up()
        self._ordered = 0
        self.state.doing = ""
        self.state.finding = [unfinished, "It is checked with your next save."]
        self._tell(unfinished)

    def _is_at_hand(self, path: Path) -> bool:
        return path.relative_to(self.exercises).as_posix() in self.state.task.files

    def _unfinished(self, path: Path) -> str | None:
        """Return in one line why a file cannot be read as Python yet, if that is so."""
        if path.suffix != ".py":
            return None
        try:
            ast.parse(path.read_bytes())
        except SyntaxError as error:
            name = path.relative_to(self.exercises).as_posix()
            place = f"{name}:{error.lineno}" if error.lineno else name
            return f"{self.state.shown(place)} cannot be read yet: {error.msg}."
        except (OSError, ValueError, RecursionError, MemoryError):
            return None  # the check says what is wrong
        return None

    def _take(self, checked: Checked) -> None:
        if checked.number != self._ordered:
            return
        state = self.state
        state.doing = ""
        if checked.report is None:
            state.note = checked.trouble or ""
            self._tell(state.note)
            return
        state.learn(checked.report)
        self._tell(f"{state.task.id} {state.stand(state.task)}  {' '.join(state.finding)}".rstrip())
        if not self._whole:
            if state.stand(state.task).done:
                state.note = f"{state.task.id} is done. {state.task.learned}".rstrip()
                self._chosen = False
                self.check_step()
        elif state.step_is_done:
            self._finish()
        elif self._chosen and not state.stand(state.task).done:
            self.check_task()  # the first finding of the step may be about another one
        else:
            state.task = state.next_task(checked.report)
            state.learn(checked.report)
            self._chosen = False
            self._tell(f"Next: {state.task.id} {state.task.title}")

    def _finish(self) -> None:
        """Mark the end of a step; one that was done before the first save is passed over."""
        step, following = self.state.step, self.next_step()
        self.state.note = f"Step {step.number:02} is done: {step.summary}"
        self._tell(self.state.note)
        if following is None:
            self.state.finding = ["This was the last step. Type q, and then: groundrules start"]
        elif self._saved_once or self._chosen:
            lesson = following.lesson.relative_to(self.course.root).as_posix()
            self.state.finding = [
                f"Press n for step {following.number:02}, {following.title}. Its lesson: {lesson}"
            ]
        else:
            self.go_to(following, None)

    def _draw(self) -> None:
        if self._interactive:
            terminal.show(self.state)

    def _tell(self, line: str) -> None:
        if not self._interactive:
            print(harmless(line), flush=True)
