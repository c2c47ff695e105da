"""Names that the trainee's code has not, and files of the course that are not there any more."""

import re
from pathlib import Path

from groundrules.course.steps import Course
from groundrules.worker.errors import Missing, Raised, WorkerError

_NOT_FOUND = (
    (Missing, r"^(?P<place>app[\w/]*?)(?:\.py|/)? has no `(?P<name>\w+)`"),
    (Raised, r"No module named '(?P<place>app[\w.]*)\.(?P<name>\w+)'"),
    (Raised, r"cannot import name '(?P<name>\w+)' from '(?P<place>app[\w.]*)'"),
)


def missing_name(error: WorkerError) -> str | None:
    """Return what is not found, as in `app/core/config/get_settings`, if that is what `error` says."""
    for kind, pattern in _NOT_FOUND:
        found = re.search(pattern, str(error)) if isinstance(error, kind) else None
        if found is not None:
            return f"{found['place'].replace('.', '/')}/{found['name']}"
    return None


def missing_file(path: str, course: Course, folder: Path) -> str | None:
    """Return the file or the first file below `path` that the course has and `folder` has not."""
    for step in course.steps:
        for file in step.files:
            below = file == f"{path}.py" or file.startswith(f"{path}/")
            if below and not (folder / file).exists():
                return file
    return None
