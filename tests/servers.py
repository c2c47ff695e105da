"""PostgreSQL servers that tests start for clones of their own."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from groundrules import postgres
from groundrules.postgres.place import place_of


def remove_server(root: Path) -> None:
    """Stop the server of a clone and remove its folders outside of the clone."""
    place = place_of(root)
    for name in ("GROUNDRULES_DATABASE_URL", "GROUNDRULES_POSTGRES"):
        os.environ.pop(name, None)
    postgres.stop(root)
    shutil.rmtree(place.folder, ignore_errors=True)
    if place.sockets:
        shutil.rmtree(place.sockets, ignore_errors=True)
    with suppress(OSError):
        Path("/var/lib/groundrules").rmdir()
