"""What the application gave a test last, and how to say that the test cannot use it."""

from dataclasses import dataclass
from typing import Any

from groundrules.testing.values import Class, Opaque, Row, Schema

SHOWN = 40  # characters of a value


@dataclass(frozen=True)
class Given:
    """What a call or a request gave.

    :param asked: the call or the request, as in `get_settings()`.
    :param target: the dotted name of what was called; None for a request.
    :param value: what the call returned.
    :param status: the status code with which the request was answered.
    """

    asked: str
    target: str | None = None
    value: Any = None
    status: int | None = None

    def unfit(self, wanted: str | None, error: Exception) -> str:
        """Return a sentence for a test that could not go on with it.

        :param wanted: the class that what was called says it returns, if that is known.
        :param error: what the test ran into.
        """
        reason = f"{type(error).__name__}: {error}"
        if self.target is None:
            return (
                f"The response to {self.asked} does not have what the test reads from it "
                f"({reason})."
            )
        returned = described(self.value)
        if isinstance(self.value, Class) or (
            wanted is not None and returned != with_article(wanted)
        ):
            return self.instead_of(wanted or "")
        return f"{self.asked} returned {returned}, and the test cannot continue with it ({reason})."

    def instead_of(self, wanted: str) -> str:
        """Return a sentence for a value that is not of the class `wanted`."""
        returned = described(self.value)
        if isinstance(self.value, Class):
            name = self.value.name
            return f"{self.asked} returned {returned}, not {with_article(name)}: write `{name}()`."
        return f"{self.asked} must return {with_article(wanted)}; it returned {returned}."


def described(value: Any) -> str:
    """Return a value in words: what is small as Python writes it, the rest by its kind."""
    match value:
        case None | bool() | int() | float():
            return repr(value)
        case str():
            text = repr(value)
            return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
        case Class():
            return f"the class {value.name}"
        case Schema() | Row() | Opaque():
            return with_article(value.class_name.rpartition(".")[2])
    return with_article(type(value).__name__)


def with_article(name: str) -> str:
    """Return `a Settings`, `an Engine`."""
    return f"{'an' if name[:1] in 'AEIOaeio' else 'a'} {name}"
