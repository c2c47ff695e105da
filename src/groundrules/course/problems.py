"""What `groundrules course verify` finds."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """Something that does not hold; `text` ends with what to do about it."""

    place: str
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"
