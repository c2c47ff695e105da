"""The rules: what each asks for, and the engine that checks a project by them."""

from groundrules.rules.engine import check_project, codes
from groundrules.rules.findings import Finding, Report, UnusedIgnore
from groundrules.rules.report.render import render_finding
from groundrules.rules.source.files import CheckError

__all__ = [
    "CheckError",
    "Finding",
    "Report",
    "UnusedIgnore",
    "check_project",
    "codes",
    "render_finding",
]
