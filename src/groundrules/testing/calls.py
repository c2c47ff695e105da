"""Names in the trainee's code, and calls of what they mean."""

import warnings
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from groundrules.testing.values import arguments_of, to_argument
from groundrules.worker.protocol import JSON

Maker = Callable[["Call"], Awaitable[Any]]


@dataclass(frozen=True)
class Name:
    """A dotted name in the trainee's code."""

    _make: Maker
    _dotted: str

    def __getattr__(self, name: str) -> "Name":
        if name.startswith("__"):
            raise AttributeError(name)
        return Name(self._make, f"{self._dotted}.{name}")

    def __getitem__(self, argument: "Name") -> "Name":
        """Return a generic class for a class, as in `Page[app.schemas.book.BookResponse]`."""
        return Name(self._make, f"{self._dotted}[{argument._dotted}]")

    def __str__(self) -> str:
        return self._dotted.rpartition(".")[2]

    def __call__(self, /, *arguments: Any, **keywords: Any) -> "Call":
        """Return a call of the function or class of this name, to be awaited or handed to another call."""
        return Call(self._make, self._dotted, arguments, keywords)


class Call:
    """A call of the trainee's code.

    Awaited, it is made, and gives what the function returns: a value of JSON's own, a date and the like, a
    `Schema`, a `Row`, a list or dictionary of these, or an `Opaque`. Given to another call, it is made there
    first, as in `create(obj_in=app.schemas.user.UserCreate(email=…))`.

    A function that takes a session first has one from `get_db`, the same in all of one call. A schema
    validates its keywords as it would a request's body.
    """

    def __init__(
        self, make: Maker, target: str, arguments: Sequence[Any], keywords: Mapping[str, Any]
    ) -> None:
        self._make = make
        self.target = target
        self._arguments = arguments
        self._keywords = keywords
        self._used = False

    def __await__(self) -> Generator[Any, None, Any]:
        return self._make(self).__await__()

    def __str__(self) -> str:
        return f"{self.target}()"

    def part(self, *places: int) -> "Part":
        """Return what stands at a place of what this call gives, to be handed to another call.

        `list_page().part(0, 2)` is the third row of a page, when a page comes as its rows and their total.
        """
        return Part(self, places)

    def __del__(self) -> None:
        if not self._used:
            warnings.warn(f"{self} was never awaited.", RuntimeWarning, stacklevel=2)

    def as_argument(self) -> dict[str, JSON]:
        """Return the call as the worker takes it."""
        self._used = True
        return {
            "call": self.target,
            "arguments": [to_argument(value) for value in self._arguments],
            "keywords": arguments_of(self._keywords),
        }


@dataclass(frozen=True)
class Part:
    """A part of what a call gives; it is found where the call is made."""

    _call: Call
    _places: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self._call}"

    def as_argument(self) -> dict[str, JSON]:
        """Return it as the worker takes it."""
        return {"part": list(self._places), "of": self._call.as_argument()}
