"""GR303: route handlers are defined in the package `api`."""

from collections.abc import Iterator

from groundrules.rules.cases import case
from groundrules.rules.model.project import Project
from groundrules.rules.places import at_name
from groundrules.rules.rule import Violation

CLAUSE = "structure.api"
RATIONALE = "Whoever looks for what the API answers must find all of it in one place."
FIX = "Move the handler into a module of the `api` package, and include that module's router."


def check(project: Project) -> Iterator[Violation]:
    """Yield each handler of an HTTP route whose file does not lie below `api/`."""
    for handler in project.handlers:
        parts = handler.module.parts
        if parts is None or len(parts) < 2 or parts[0] != "api":
            yield at_name(
                handler,
                f"The route handler `{handler.name}` is defined outside {project.package.name}/api/.",
            )


INVALID = ()
VALID = ()
VALID_ALTERNATIVE = ()
