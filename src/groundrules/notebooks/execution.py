"""Running a notebook as its reader does: all cells from the first to the last, in a kernel of its own."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import nbformat

# Run before the first cell, and not set in the environment: starting a kernel has warnings of its own.
_FIRST = r"""
import warnings

warnings.filterwarnings("error")
warnings.filterwarnings("ignore", module=r"ipykernel\.|tornado\.")
# passlib 1.7.4 is the last release, and the course has chosen it.
warnings.filterwarnings("ignore", "'crypt' is deprecated", DeprecationWarning)
warnings.filterwarnings("ignore", "Accessing argon2.__version__", DeprecationWarning)
"""
CELL_SECONDS = 60  # a cell that takes longer hangs
START_SECONDS = 120  # several kernels may start at once, on a machine that is busy


def notebooks_of(root: Path) -> list[Path]:
    """Return the notebooks of a clone, in the order of the steps."""
    return sorted((root / "notebooks").glob("[0-9][0-9]-*.ipynb"))


def execute(path: Path, folder: Path) -> "nbformat.NotebookNode":
    """Return a notebook with what its cells print when they run in `folder`; a warning is an error.

    Raises `nbclient.exceptions.CellExecutionError` at the first cell that fails.
    """
    import nbformat
    from nbclient import NotebookClient

    notebook: nbformat.NotebookNode = nbformat.read(path, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(_FIRST))
    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        startup_timeout=START_SECONDS,
        resources={"metadata": {"path": str(folder)}},
        extra_arguments=["--log-level=ERROR"],
    )
    client.execute()
    del notebook.cells[0]
    return notebook
