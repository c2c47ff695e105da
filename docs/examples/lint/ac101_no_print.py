"""AC101: Application code logs, and never prints."""

from collections.abc import Iterator

from groundrules.rules.writing import Project, Violation, at_node, case

RATIONALE = "Printed lines have no level and no time, and no log collector sees them."
FIX = "Call a logger instead: `logger.info(…)`."


def check(project: Project) -> Iterator[Violation]:
    """Yield each call of `print`."""
    for site in project.calls.to({"builtins.print"}):
        yield at_node(site.scope.module, site.node, "`print` is called.")


INVALID = (
    case(
        "a print in a service",
        """
        def total(prices: list[int]) -> int:
            print(prices)
            return sum(prices)
        """,
        2,
        path="app/services/cart.py",
    ),
)
VALID = (
    case(
        "a project function that is named print",
        """
        def print(text: str) -> None:
            \"\"\"Send a text to the label printer.\"\"\"


        def label(name: str) -> None:
            print(name)
        """,
        path="app/services/labels.py",
    ),
)
