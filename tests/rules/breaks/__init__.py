"""Ways to break each rule in the finished application."""

from . import api, models, stack, structure, style
from .source import BREAKS, SOLUTION, Source

__all__ = ["BREAKS", "SOLUTION", "Source", "api", "models", "stack", "structure", "style"]
