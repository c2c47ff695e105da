"""What a grade rests on, in a few letters: the files that were judged, and all that judged them."""

import hashlib
import platform
from collections.abc import Sequence
from pathlib import Path

from groundrules.course.states import files_below
from groundrules.course.steps import Step


def digest_of(folder: Path) -> str:
    """Return a digest of the names and contents of all files in a folder."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        name = path.relative_to(folder).as_posix()
        digest.update(f"{len(name)} {name} {len(content)}\n".encode(errors="surrogateescape"))
        digest.update(content)
    return digest.hexdigest()[:16]


def digest_of_course(steps: Sequence[Step]) -> str:
    """Return a digest of the suites of these steps, the tool and the Python."""
    digest = hashlib.sha256(platform.python_version().encode())
    tool = Path(__file__).resolve().parents[1]
    for folder in (tool, *(step.folder for step in steps)):
        for path in files_below(folder):
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
