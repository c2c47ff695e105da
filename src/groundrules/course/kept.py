"""What was found and need not be found again, in a file of `.groundrules/`."""

import json
import os
import threading
from pathlib import Path
from typing import Any


class Kept:
    """Findings by a name, each with a digest of what it rests on; what cannot be read is found again.

    :param file: where they are, as one JSON object.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()

    def get(self, name: str, digest: str) -> Any:
        """Return what was found, or None if that is not known or rests on something else."""
        kept = self._read().get(name)
        if isinstance(kept, dict) and kept.get("digest") == digest:
            return kept.get("found")
        return None

    def put(self, name: str, digest: str, found: Any) -> None:
        """Keep what was found, at once; several threads may."""
        with self._lock:
            kept = {**self._read(), name: {"digest": digest, "found": found}}
            try:
                self._file.parent.mkdir(exist_ok=True)
                fresh = self._file.with_suffix(f".{os.getpid()}")
                fresh.write_text(json.dumps(kept), encoding="utf-8")
                fresh.replace(self._file)
            except OSError:
                pass  # it only costs the next call a run

    def _read(self) -> dict[str, Any]:
        try:
            found = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}
