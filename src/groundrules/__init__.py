"""Groundrules: a course that teaches a team's FastAPI backend rules, and the checker behind it."""

__version__ = "0.1.0"
