"""Answers questions about functions that may lead back to themselves, whichever is asked first."""

from collections import defaultdict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

Key = TypeVar("Key", bound=Hashable)
Answer = TypeVar("Answer")
_Asked = tuple[Callable[..., Any], Hashable]

_DEPTH = 25  # questions within questions, before the rest is put off


class Circles:
    """Remembers answers, and where they run in circles asks again until none of them changes.

    A question that is open already is answered by what is known so far, at first by the value that it starts
    from. Whoever was told so is asked again when that changes. So no answer depends on the order of asking,
    as long as answers only ever change in one direction. This is the usual way to a fixed point: see
    P. and R. Cousot, "Abstract Interpretation" (1977).
    """

    def __init__(self) -> None:
        self._final: dict[_Asked, Any] = {}
        self._sofar: dict[_Asked, Any] = {}
        self._told: dict[_Asked, set[_Asked]] = defaultdict(set)
        self._open: list[_Asked] = []
        self._again: list[_Asked] = []

    def ask(self, question: Callable[[Key], Answer], about: Key, start: Answer) -> Answer:
        """Return the answer to a question, a method of one argument, which starts from `start`."""
        asked = (question, about)
        if asked in self._final:
            return self._final[asked]  # type: ignore[no-any-return]  # as `question` gave it
        if asked not in self._sofar:
            self._sofar[asked] = start
            if len(self._open) < _DEPTH:
                self._answer(asked)
            else:
                self._again.append(asked)
        if self._open:
            self._told[asked].add(self._open[-1])
        else:
            self._settle()
        return self._sofar[asked] if self._open else self._final[asked]  # type: ignore[no-any-return]

    def forget(self) -> None:
        """Let go of all questions and answers."""
        self._final.clear()

    def _answer(self, asked: _Asked) -> None:
        question, about = asked
        self._open.append(asked)
        try:
            answer = question(about)
        finally:
            self._open.pop()
        if answer != self._sofar[asked]:
            self._sofar[asked] = answer
            self._again += self._told[asked]

    def _settle(self) -> None:
        while self._again:
            asked = self._again.pop()
            if asked not in self._final:
                self._answer(asked)
        self._final |= self._sofar
        self._sofar.clear()
        self._told.clear()
