"""Values that differ from run to run, so that no code can know them beforehand."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_NAMES = (
    "Ada",
    "Grace",
    "Edsger",
    "Barbara",
    "Donald",
    "Radia",
    "Tony",
    "Frances",
    "Niklaus",
    "Jean",
)
_FAMILIES = ("Quill", "Archer", "Mason", "Tanner", "Weaver", "Fisher", "Carter", "Potter", "Sawyer")
_TITLES = ("Gardens", "Rivers", "Bridges", "Winter", "Letters", "Machines", "Harbours", "Lanterns")
_OF = ("of the North", "in Summer", "for Beginners", "at Night", "by the Sea", "and Other Stories")


@dataclass(frozen=True)
class Samples:
    """Makes values of the library's kinds; the same `numbers` make the same values."""

    numbers: random.Random

    def word(self, length: int = 8) -> str:
        """Return lower-case letters."""
        return "".join(self.numbers.choices("abcdefghijklmnopqrstuvwxyz", k=length))

    def email(self) -> str:
        """Return an address in lower case."""
        return f"{self.word()}.{self.word(5)}@example.org"

    def name(self) -> str:
        """Return a full name."""
        return f"{self.numbers.choice(_NAMES)} {self.numbers.choice(_FAMILIES)}"

    def password(self) -> str:
        """Return a password of 16 characters."""
        return f"{self.word()}-{self.numbers.randint(1000000, 9999999)}"

    def title(self) -> str:
        """Return a book's title."""
        return f"{self.numbers.choice(_TITLES)} {self.numbers.choice(_OF)} {self.word(4)}"

    def year(self) -> int:
        """Return the year a book was published."""
        return self.numbers.randint(1900, 2020)

    def isbn(self, prefix: str = "978") -> str:
        """Return an ISBN of 13 digits, without hyphens, whose check digit is right."""
        digits = f"{prefix}{self.numbers.randint(0, 999_999_999):09}"
        return digits + check_digit(digits)

    def isbns_of_each_check_digit(self) -> list[str]:
        """Return ten ISBNs, of which each ends in another digit."""
        found: dict[str, str] = {}
        while len(found) < 10:
            isbn = self.isbn()
            found[isbn[-1]] = isbn
        return sorted(found.values(), key=lambda isbn: isbn[-1])

    def moment(self) -> datetime:
        """Return a moment of the last year, aware of its time zone."""
        return datetime.now(UTC) - timedelta(minutes=self.numbers.randint(60, 500_000))


def check_digit(digits: str) -> str:
    """Return the last digit of the ISBN-13 that begins with these twelve (ISO 2108)."""
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return str(-total % 10)
