"""The rules: what each asks for, and the engine that checks a project by them."""

from groundrules.rules.engine import check_project, codes
from groundrules.rules.findings import CheckError, Finding, Report, UnusedIgnore
from groundrules.rules.render import render_finding

__all__ = [
    "CheckError",
    "Finding",
    "Report",
    "UnusedIgnore",
    "check_project",
    "codes",
    "render_finding",
]
