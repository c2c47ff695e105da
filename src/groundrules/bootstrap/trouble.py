"""What can go wrong while the environment is made, each as one sentence that says what to do."""

import errno
import os
import shutil
import tempfile
from pathlib import Path

ROOM = 300_000_000  # bytes that the environment and the downloads for it may take


class Trouble(Exception):
    """A sentence for the person at the terminal: what happened and what to do now."""


def sentence(error: Exception, root: Path) -> str:
    """Put an error in one sentence; the trouble of files and disks becomes advice."""
    if not isinstance(error, OSError):
        return str(error)
    place = error.filename or root
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _full(Path(place))
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return _locked_out(Path(place))
    return (
        f"{place}: {error.strerror or error}. Fix that, or delete {root / '.venv'}, and run "
        "this again."
    )


def installing_failed(what: str, folders: list[Path]) -> Trouble:
    """Say why `what` could not be installed: a folder, a disk, or else the network."""
    for folder in [*folders, Path(tempfile.gettempdir())]:
        if not may_write(folder):
            return Trouble(_locked_out(folder))
        if shutil.disk_usage(_existing(folder)).free < ROOM:
            return Trouble(_full(folder))
    return Trouble(
        f"Could not install {what}; the reason is shown above. Usually it is the network: check "
        "the connection (and the proxy, if there is one), then run the same command again."
    )


def may_write(folder: Path) -> bool:
    """Tell whether files can be written to the folder, or the folder be made."""
    return os.access(_existing(folder), os.W_OK | os.X_OK)


def _existing(folder: Path) -> Path:
    return next(place for place in (folder, *folder.parents) if place.exists())


def _full(place: Path) -> str:
    return f"The disk of {place} is full: free at least {ROOM // 1_000_000} MB there, then run this again."


def _locked_out(place: Path) -> str:
    return (
        f"No permission to write {place}: become its owner, or clone the course into a folder of "
        "your own, then run this again."
    )
