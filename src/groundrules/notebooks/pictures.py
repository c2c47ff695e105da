"""Plots that can be read in light and in dark colours, and by who cannot see them."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Each has a contrast of more than 3.5 both to white and to the dark background of the site.
BLUE, RED, GREEN, GREY = "#2f7ed8", "#e0533d", "#2e8b57", "#7f7f7f"

_INK = "#010203"  # stands for the colour of the text around the picture
_STYLE: Any = {
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": "medium",
    "font.size": 10,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "groundrules",
    "text.color": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
}


@contextmanager
def picture(says: str, *, rows: int = 1, height: float = 3.2) -> Iterator[Any]:
    """Give axes of matplotlib to draw on, then show them; `says` tells in words what they show.

    With more than one row it gives an array of axes, which share what they show from left to right.
    `height` is that of the whole, in inches; it is 6 inches wide. Text and lines take the colour of the
    text around the picture, so they follow the reader's colour scheme.
    """
    from IPython.display import HTML, display
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(_STYLE):
        figure = Figure(figsize=(6.0, height), layout="constrained")
        yield figure.subplots(rows, sharex=True)
        display(HTML(_html(figure, says)))


def _html(figure: "Figure", says: str) -> str:
    file = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(file, format="svg", transparent=True, metadata=nothing)
    drawing = file.getvalue().replace(_INK, "currentColor")
    drawing = re.sub(r"^.*?(?=<svg)|<!--.*?-->", "", drawing, flags=re.DOTALL)
    drawing = re.sub(r'<g id="[^"]*"', "<g", drawing)  # they are the same in each figure
    drawing = re.sub(r"\s*\n\s*", " ", drawing).strip()
    words = says.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    attributes = f'role="img" aria-label="{words}" style="height: auto; max-width: 100%"'
    drawing = drawing.replace("<svg ", f"<svg {attributes} ", 1)
    return f"<figure>{drawing}<figcaption>{words}</figcaption></figure>"
