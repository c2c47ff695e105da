"""GR205: Every complex function has a docstring."""

from collections.abc import Iterator

from groundrules.rules.cases import case, pair
from groundrules.rules.facts.project import Project
from groundrules.rules.places import at_name
from groundrules.rules.rule import Violation
from groundrules.rules.source.complexity import complexity, is_complex

CLAUSE = "style.docstrings"
RATIONALE = "The purpose and the outcomes of a function with many paths cannot be seen at a glance."
FIX = (
    "Add a docstring that says what the function does and what it raises, or split the function "
    "into simpler ones."
)


def check(project: Project) -> Iterator[Violation]:
    """Yield each function without a docstring whose cyclomatic complexity is 6 or more."""
    limit = project.options.complexity
    for function in project.functions:
        if function.docstring is None and is_complex(function, limit):
            count = complexity(function.node)
            yield at_name(
                function,
                f"`{function.name}` has a cyclomatic complexity of {count} and no docstring.",
            )


PAIR = pair(
    wrong={
        "app/core/isbn.py": """
            def normalize(isbn: str) -> str:
                digits = isbn.replace("-", "")
                if len(digits) != 13:
                    raise ValueError("an ISBN has 13 digits")
                total = 0
                for place, digit in enumerate(digits):
                    if digit not in "0123456789":
                        raise ValueError("an ISBN has digits only")
                    total += int(digit) * (3 if place % 2 else 1)
                if total % 10:
                    raise ValueError("the last digit is wrong")
                return digits
            """,
    },
    right={
        "app/core/isbn.py": """
            def normalize(isbn: str) -> str:
                \"\"\"Return an ISBN without hyphens; raise ValueError unless it has 13 valid digits.\"\"\"
                digits = isbn.replace("-", "")
                if len(digits) != 13:
                    raise ValueError("an ISBN has 13 digits")
                total = 0
                for place, digit in enumerate(digits):
                    if digit not in "0123456789":
                        raise ValueError("an ISBN has digits only")
                    total += int(digit) * (3 if place % 2 else 1)
                if total % 10:
                    raise ValueError("the last digit is wrong")
                return digits
            """,
    },
    matters=(
        "Callers of this function have to know which errors it raises. Without a docstring they "
        "read every path, or miss one, and the missed one reaches the client as a 500."
    ),
    links={
        "PEP 257: docstring conventions": "https://peps.python.org/pep-0257/",
        "Radon: cyclomatic complexity": "https://radon.readthedocs.io/en/latest/intro.html#cyclomatic-complexity",
    },
)

INVALID = (
    case(
        "five decisions and no docstring",
        """
        def fee(days: int, *, member: bool, child: bool) -> int:
            if days <= 0:
                return 0
            if child:
                return 0
            if member and days < 7:
                return 0
            if days > 100:
                return 50
            return days
        """,
        1,
        path="app/services/fees.py",
    ),
    case(
        "boolean operators, comprehensions and asserts, which count as decisions",
        """
        def usable(names: list[str], limit: int) -> list[str]:
            assert limit > 0
            return [name for name in names if name and name != "-" and len(name) < limit]
        """,
        1,
        path="app/services/names.py",
    ),
    case(
        "a method, an `async def` and a property",
        """
        class Shelf:
            def __init__(self, titles: list[str]) -> None:
                self.titles = titles

            def find(self, word: str, limit: int) -> list[str]:
                found = []
                for title in self.titles:
                    if word in title:
                        found.append(title)
                    elif word.lower() in title.lower():
                        found.append(title)
                    if len(found) == limit:
                        break
                else:
                    return []
                return found

            async def first(self, word: str) -> str | None:
                try:
                    found = self.find(word, 1)
                except ValueError:
                    return None
                except TypeError:
                    return ""
                else:
                    while found and not found[0]:
                        found.pop(0)
                return found[0] if found else None

            @property
            def label(self) -> str:
                return (self.titles and self.titles[0]) or (len(self.titles) > 1 and "") or "a" or "b"
        """,
        5,
        18,
        31,
        path="app/services/shelf.py",
    ),
    case(
        "a comment or a later string instead of a docstring",
        """
        def grade(points: int) -> str:
            # Turn points into a grade.
            match points:
                case 5:
                    return "A"
                case 4:
                    return "B"
                case 3:
                    return "C"
                case 2:
                    return "D"
                case 1:
                    return "E"
                case _:
                    return "F"
            \"\"\"Return the grade.\"\"\"
        """,
        1,
        path="app/services/grades.py",
    ),
    case(
        "a complex function inside another, which is counted separately",
        """
        from collections.abc import Callable


        def chooser(low: int, high: int) -> Callable[[int], str]:
            def choose(number: int) -> str:
                if number < low:
                    return "low"
                elif number > high:
                    return "high"
                elif number == low or number == high:
                    return "edge"
                return "even" if number % 2 == 0 else "odd"

            return choose
        """,
        5,
        path="app/services/choice.py",
    ),
    case(
        "a constructor, with an f-string where the docstring should be",
        """
        NAME = "period"


        class Period:
            def __init__(self, first: int | None, last: int | None, length: int | None) -> None:
                f"Make the {NAME}."
                if first is None and last is None:
                    raise ValueError("give one")
                if first is None and length is None:
                    raise ValueError("give two")
                self.first = first or 0
                self.last = last if last is not None else self.first + (length or 0)
        """,
        5,
        path="app/core/period.py",
    ),
)

VALID = (
    case(
        "a complex function with a docstring",
        """
        def fee(days: int, *, member: bool, child: bool) -> int:
            \"\"\"Return the fee in cents for a book that is `days` late.\"\"\"
            if days <= 0:
                return 0
            if child:
                return 0
            if member and days < 7:
                return 0
            if days > 100:
                return 50
            return days
        """,
        path="app/services/fees.py",
    ),
    case(
        "a simple function without one",
        """
        def slug(title: str) -> str:
            return "-".join(part for part in title.lower().split() if part.isalnum())
        """,
        path="app/services/slugs.py",
    ),
    case(
        "complexity 5, just below the limit",
        """
        def size(pages: int) -> str:
            if pages < 50:
                return "tiny"
            if pages < 100:
                return "small"
            if pages < 300:
                return "medium"
            if pages < 800:
                return "large"
            return "huge"
        """,
        path="app/services/sizes.py",
    ),
)

VALID_ALTERNATIVE = (
    case(
        "a docstring with other quotes, raw, or in adjacent literals",
        """
        def single(a: int, b: int, c: int) -> bool:
            'Tell whether they are in order.'
            return (a < b and b < c) or (a == b and b == c) or a == c


        def raw(a: int, b: int, c: int) -> bool:
            r\"\"\"Tell whether a\\b\\c are in order.\"\"\"
            return (a < b and b < c) or (a == b and b == c) or a == c


        def parts(a: int, b: int, c: int) -> bool:
            (
                "Tell whether they "
                "are in order."
            )
            return (a < b and b < c) or (a == b and b == c) or a == c
        """,
        path="app/services/order.py",
    ),
    case(
        "simple functions, nested in a function that is simple itself",
        """
        from collections.abc import Callable


        def tools(limit: int) -> tuple[Callable[[int], int], Callable[[int], int]]:
            def clip(number: int) -> int:
                if number > limit:
                    return limit
                return number if number > 0 else 0

            def fold(number: int) -> int:
                while number > limit:
                    number -= limit
                return number if number > 0 else 0

            return clip, fold
        """,
        path="app/services/tools.py",
    ),
    case(
        "a long function without decisions",
        """
        def describe(title: str, author: str, year: int) -> dict[str, str]:
            row: dict[str, str] = {}
            row["title"] = title.strip()
            row["author"] = author.strip()
            row["year"] = str(year)
            row["line"] = f"{row['title']} by {row['author']}, {row['year']}"
            row["slug"] = row["title"].lower().replace(" ", "-")
            row["initial"] = row["author"][:1]
            row["shelf"] = row["initial"].upper()
            return row
        """,
        path="app/services/rows.py",
    ),
    case(
        "`with`, `finally`, `lambda`, the default case of a `match`, and decorators, which do not count",
        """
        from functools import lru_cache
        from pathlib import Path


        @lru_cache(maxsize=8 if __debug__ else 4)
        def first_line(path: Path, how: str = "r" or "b") -> str:
            key = lambda line: line.strip()
            try:
                with path.open() as file, path.open() as other:
                    other.readline()
                    line = file.readline()
            finally:
                path.touch()
            match line:
                case "":
                    return "-"
                case _:
                    return key(line)
        """,
        path="app/services/lines.py",
    ),
)
