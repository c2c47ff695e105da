"""The verdict of a run as a file, which says of itself whether the run was whole."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

NOT_BEGUN = "the run did not start, or was killed"


@dataclass(frozen=True)
class Report:
    """Where the verdict is written: whole or not at all, so that no earlier one is taken for it.

    :param path: the file; what is no ordinary one, such as a pipe, is written to as it is.
    """

    path: Path

    def begin(self) -> None:
        """Put a verdict there that says that there is none yet; raise `pytest.UsageError` if that fails."""
        try:
            self.write(
                json.dumps(
                    {"version": 1, "complete": False, "why": NOT_BEGUN, "tasks": [], "tests": []}
                )
            )
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise pytest.UsageError(
                f"--groundrules-report cannot be written to {self.path} ({reason}): "
                "name a file in a folder that exists."
            ) from None

    def write(self, text: str) -> None:
        """Replace what is there; raise OSError if that fails."""
        if self.path.exists() and not self.path.is_file():
            if self.path.is_dir():
                raise IsADirectoryError(None, "it is a folder", str(self.path))
            self.path.write_text(text, encoding="utf-8")
            return
        fresh = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            fresh.write_text(text, encoding="utf-8")
            fresh.replace(self.path)
        finally:
            fresh.unlink(missing_ok=True)
