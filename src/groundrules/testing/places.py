"""Paths as an editor's click finds them from where somebody stands."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

_PATH = re.compile(r"(?<![\w./\\-])(?:[\w-]+/)*[\w-]+\.(?:py|toml|ini|mako|md)(?::\d+)?(?![\w/])")


@dataclass(frozen=True)
class Places:
    """Where the paths of a run's messages lead.

    :param root: the root of the course, to which the paths of lessons are relative.
    :param application: the folder to which those of the code are.
    :param here: where the run was started.
    """

    root: Path
    application: Path
    here: Path

    def shown(self, text: str) -> str:
        """Return a text with its paths as they are found from here.

        A file of the code that is named without a line is not a place but a name, and stays as it is.
        """
        return _PATH.sub(lambda match: self._from_here(match[0]), text)

    def of(self, file: str) -> str:
        """Return the path of a file of the code."""
        return self._relative(self.application / file)

    def _from_here(self, path: str) -> str:
        name, colon, line = path.partition(":")
        if name.startswith("steps/") and (self.root / name).is_file():
            return f"{self._relative(self.root / name)}{colon}{line}"
        if colon and (self.application / name).is_file():
            return f"{self.of(name)}{colon}{line}"
        return path

    def _relative(self, path: Path) -> str:
        both_inside = path.is_relative_to(self.root) and self.here.is_relative_to(self.root)
        if both_inside or path.is_relative_to(self.here):
            return Path(os.path.relpath(path, self.here)).as_posix()
        return str(path)
