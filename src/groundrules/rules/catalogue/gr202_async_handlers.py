"""GR202: route handlers are written `async def`."""

from collections.abc import Iterator

from groundrules.rules.cases import case
from groundrules.rules.model.project import Project
from groundrules.rules.places import at_name
from groundrules.rules.rule import Violation

CLAUSE = "style.async"
RATIONALE = (
    "A plain handler runs in a thread, where it can await neither the database nor a service."
)
FIX = "Write `async def`, and await what it calls."


def check(project: Project) -> Iterator[Violation]:
    """Yield each handler of an HTTP route that is a plain function."""
    for handler in project.handlers:
        if not handler.is_async:
            yield at_name(handler, f"The route handler `{handler.name}` is not `async def`.")


INVALID = ()
VALID = ()
VALID_ALTERNATIVE = ()
