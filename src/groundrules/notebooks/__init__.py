"""What the notebooks of the course begin with: a library of their own, and pictures."""

from groundrules.notebooks.library import Library, open_library
from groundrules.notebooks.pictures import BLUE, GREEN, GREY, RED, picture

__all__ = ["BLUE", "GREEN", "GREY", "RED", "Library", "open_library", "picture"]
