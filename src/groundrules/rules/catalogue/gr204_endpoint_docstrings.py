"""GR204: every endpoint has a docstring."""

from collections.abc import Iterator

from groundrules.rules.cases import case
from groundrules.rules.model.project import Project
from groundrules.rules.places import at_name
from groundrules.rules.rule import Violation

CLAUSE = "style.docstrings"
RATIONALE = "The docstring is what readers of the API's own documentation get to see."
FIX = "Begin the handler with a line that tells the API's reader what it does."


def check(project: Project) -> Iterator[Violation]:
    """Yield each handler of an HTTP route that has no docstring."""
    for handler in project.handlers:
        if handler.docstring is None:
            yield at_name(handler, f"The route handler `{handler.name}` has no docstring.")


INVALID = ()
VALID = ()
VALID_ALTERNATIVE = ()
