"""A report in the formats that machines read."""

import json
from typing import Any

from groundrules import __version__
from groundrules.rules.findings import Finding, Report
from groundrules.rules.registry import all_rules

_SARIF = "https://json.schemastore.org/sarif-2.1.0.json"


def as_json(report: Report) -> str:
    """Return the report as one JSON object."""
    findings = [
        {
            "rule": each.rule,
            "name": each.name,
            "path": each.path,
            "line": each.line,
            "column": each.column,
            "message": each.message,
            "why": each.why,
            "fix": each.fix,
            "docs": each.docs,
        }
        for each in report.findings
    ]
    whole = {
        "version": 1,
        "root": report.root,
        "package": report.package,
        "files": report.files,
        "findings": findings,
    }
    return json.dumps(whole, indent=2)


def as_github(report: Report) -> str:
    """Return the report as GitHub's workflow commands, a line for each finding."""
    return "\n".join(
        f"::error file={_property(_from_here(report, each))},line={each.line},col={each.column},"
        f"title={_property(f'{each.rule} {each.name}')}::{_data(f'{each.message} {each.fix}')}"
        for each in report.findings
    )


def as_sarif(report: Report) -> str:
    """Return the report as a SARIF 2.1.0 log."""
    rules = [
        {
            "id": rule.code,
            "name": rule.name,
            "shortDescription": {"text": rule.name.replace("-", " ")},
            "fullDescription": {"text": rule.rationale},
            "help": {"text": rule.fix},
        }
        for rule in all_rules()
    ]
    driver = {"name": "groundrules", "version": __version__, "rules": rules}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_sarif_result(report, each) for each in report.findings],
    }
    return json.dumps({"$schema": _SARIF, "version": "2.1.0", "runs": [run]}, indent=2)


def _sarif_result(report: Report, finding: Finding) -> dict[str, Any]:
    from urllib.parse import quote

    region = {
        "startLine": finding.line,
        "startColumn": finding.column,
        "endColumn": max(finding.end_column, finding.column + 1),
    }
    place = {"artifactLocation": {"uri": quote(_from_here(report, finding))}, "region": region}
    return {
        "ruleId": finding.rule,
        "level": "error",
        "message": {"text": f"{finding.message} {finding.fix}"},
        "locations": [{"physicalLocation": place}],
    }


def _from_here(report: Report, finding: Finding) -> str:
    """Return the path from the working folder, which is what such readers take for the root."""
    from pathlib import Path, PurePosixPath

    root = Path(report.root).as_posix()
    return str(PurePosixPath(root) / finding.path)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
